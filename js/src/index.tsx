/** The front-end module that anywidget loads: a Studio. */
import { App } from "./app";
import { Page } from "./state/page";
import { widget } from "./widget";
import "./look/theme.css";
import "./look/layout.css";
import "./look/grid.css";
import "./look/viewer.css";
import "./references/look.css";

export default widget({
  traits: ["facts", "cards"],
  make: (model) => new Page(model),
  end: (page) => page.dispose(),
  view: (page, root) => {
    page.start();
    return <App page={page} root={root} />;
  },
});
