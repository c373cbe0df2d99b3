/** The front-end module that anywidget loads: one state for each model, one tree for each view of it. */
import { render as draw } from "preact";
import { App } from "./app";
import type { Given, Model } from "./host";
import { followScheme } from "./look/scheme";
import { Page } from "./state/page";
import "./look/theme.css";
import "./look/layout.css";
import "./look/grid.css";
import "./look/viewer.css";
import "./references/look.css";

interface Held {
  model: Model;
  page: Page;
}

const pages = new Set<Held>();

/**
 * Hosts hand out another wrapper of the same model to `initialize` and to each `render`. What they wrap is the same where the
 * values inside are the very same objects.
 */
function find(model: Model): Held | undefined {
  const same = (one: Model) =>
    ["facts", "cards"].every((name) => one.get(name) === model.get(name) && typeof model.get(name) === "object");
  return [...pages].find((one) => one.model === model || same(one.model));
}

function hold(model: Model): Held {
  const held = { model, page: new Page(model) };
  pages.add(held);
  return held;
}

function initialize({ model }: Omit<Given, "el">): () => void {
  const held = hold(model);
  return () => {
    pages.delete(held);
    held.page.dispose();
  };
}

function render({ model, el }: Given): () => void {
  // What is listened to here would be let go of with this view; a host that does not initialize has nothing better.
  const { page } = find(model) ?? hold(model);
  page.start();
  const root = document.createElement("div");
  root.className = "imgcell";
  el.append(root);
  const stop = followScheme(root);
  draw(<App page={page} root={root} />, root);
  return () => {
    stop();
    draw(null, root);
    root.remove();
  };
}

export default { initialize, render };
