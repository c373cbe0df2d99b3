// @vitest-environment happy-dom
import { expect, it } from "vitest";
import { PROVIDERS } from "../harness/facts";
import type { Model } from "../src/host";
import studio from "../src/index";
import { Fake } from "./fake";

const fake = () => new Fake({ cards: [], providers: PROVIDERS, busy: {}, facts: {}, draft: {}, view: {} });

/** As hosts do: another object with the same methods. */
const wrapped = (model: Fake): Model => ({
  get: (name) => model.get(name),
  set: (name, value) => model.set(name, value),
  save_changes: () => model.save_changes(),
  on: (event, listener) => model.on(event, listener),
  off: (event, listener) => model.off(event, listener),
  send: (content, _callbacks, buffers) => model.send(content, _callbacks, buffers),
});

it("has one state for all views of a model, and another for another model", () => {
  const [one, other] = [fake(), fake()];
  const ends = [studio.initialize({ model: wrapped(one) }), studio.initialize({ model: wrapped(other) })];
  expect(one.sent).toHaveLength(0);
  const boxes = [document.createElement("div"), document.createElement("div")];
  const leaves = boxes.map((el) => studio.render({ model: wrapped(one), el }));
  expect(one.asked("ready")).toHaveLength(1);
  expect(other.asked("ready")).toHaveLength(0);
  one.say({ kind: "suggest", draft: { prompt: "for both" }, references: [], mask: null });
  leaves[0]?.();
  expect(boxes[0]?.childElementCount).toBe(0);
  expect(boxes[1]?.querySelector("textarea")).not.toBeNull();
  for (const end of [...leaves.slice(1), ...ends]) end();
});

it("works in a host that never initializes", () => {
  const model = fake();
  const el = document.createElement("div");
  studio.render({ model: wrapped(model), el });
  expect(model.asked("ready")).toHaveLength(1);
  expect(el.querySelector("textarea")).not.toBeNull();
});
