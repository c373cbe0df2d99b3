/** A module as hosts load it: one state for each model, one tree for each view of it. */
import { type ComponentChild, render as draw } from "preact";
import type { Given, Model } from "./host";
import { followScheme } from "./look/scheme";

interface Kind<State> {
  /** Traits that are objects, by which a model is told from others. */
  traits: string[];
  make: (model: Model) => State;
  end: (state: State) => void;
  view: (state: State, root: HTMLElement) => ComponentChild;
}

interface Module {
  initialize: (given: Omit<Given, "el">) => () => void;
  render: (given: Given) => () => void;
}

export function widget<State>({ traits, make, end, view }: Kind<State>): Module {
  const all = new Set<{ model: Model; state: State }>();

  /**
   * Hosts hand out another wrapper of the same model to `initialize` and to each `render`. What they wrap is the same where the
   * values inside are the very same objects.
   */
  const find = (model: Model) => {
    const same = (one: Model) =>
      traits.every((name) => one.get(name) === model.get(name) && typeof model.get(name) === "object");
    return [...all].find((one) => one.model === model || same(one.model));
  };

  const hold = (model: Model) => {
    const held = { model, state: make(model) };
    all.add(held);
    return held;
  };

  return {
    initialize({ model }) {
      const held = hold(model);
      return () => {
        all.delete(held);
        end(held.state);
      };
    },
    render({ model, el }) {
      // What is listened to here would be let go of with this view; a host that does not initialize has nothing better.
      const { state } = find(model) ?? hold(model);
      return into(el, (root) => view(state, root));
    },
  };
}

/** Draws into an element of its own within `el`; returns what takes it away again. */
export function into(el: HTMLElement, shown: (root: HTMLElement) => ComponentChild): () => void {
  const root = document.createElement("div");
  root.className = "imgcell";
  el.append(root);
  const stop = followScheme(root);
  draw(shown(root), root);
  return () => {
    stop();
    draw(null, root);
    root.remove();
  };
}
