/** The front-end module of a blind vote: one state for each model, one tree for each view of it. */
import { render as draw } from "preact";
import type { Given, Model } from "../host";
import { followScheme } from "../look/scheme";
import { App } from "./app";
import { Voting } from "./state";
import "../look/theme.css";
import "../panes/look.css";
import "./look.css";

interface Held {
  model: Model;
  state: Voting;
}

const all = new Set<Held>();

/** As of the Studio: hosts hand out other wrappers of the same model, with the very same values in them. */
function find(model: Model): Held | undefined {
  return [...all].find((one) => one.model === model || one.model.get("facts") === model.get("facts"));
}

function hold(model: Model): Held {
  const held = { model, state: new Voting(model) };
  all.add(held);
  return held;
}

function initialize({ model }: Omit<Given, "el">): () => void {
  const held = hold(model);
  return () => {
    all.delete(held);
    held.state.dispose();
  };
}

function render({ model, el }: Given): () => void {
  const { state } = find(model) ?? hold(model);
  state.start();
  const root = document.createElement("div");
  root.className = "imgcell";
  el.append(root);
  const stop = followScheme(root);
  draw(<App state={state} root={root} />, root);
  return () => {
    stop();
    draw(null, root);
    root.remove();
  };
}

export default { initialize, render };
