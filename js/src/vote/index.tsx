/** The front-end module of a blind vote. */
import { widget } from "../widget";
import { App } from "./app";
import { Voting } from "./state";
import "../look/theme.css";
import "../panes/look.css";
import "./look.css";

export default widget({
  traits: ["facts"],
  make: (model) => new Voting(model),
  end: (state) => state.dispose(),
  view: (state, root) => {
    state.start();
    return <App state={state} root={root} />;
  },
});
