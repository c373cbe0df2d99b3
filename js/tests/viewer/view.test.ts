import { expect, it } from "vitest";
import { fitted, held, MOST, zoomed } from "../../src/viewer/view";

const stage = { width: 832, height: 632 };
const picture = { width: 4000, height: 2000 };

it("fits a large picture with some room around it, and never enlarges a small one", () => {
  expect(fitted(stage, picture).scale).toBe(0.2);
  expect(fitted(stage, { width: 64, height: 64 }).scale).toBe(1);
  expect(fitted({ width: 0, height: 0 }, picture).scale).toBe(1);
});

it("keeps the point under the pointer where it is", () => {
  const before = { scale: 1, x: 0, y: 0 };
  const after = zoomed(before, 2, 100, -50, stage, picture);
  const under = (frame: typeof before) => [(100 - frame.x) / frame.scale, (-50 - frame.y) / frame.scale];
  expect(under(after)).toEqual(under(before));
});

it("goes no further than fitting and sixteen times", () => {
  const fit = fitted(stage, picture);
  expect(zoomed(fit, 0.01, 0, 0, stage, picture)).toEqual(fit);
  expect(zoomed(fit, 1e6, 0, 0, stage, picture).scale).toBe(MOST);
});

it("never lets the picture leave the stage", () => {
  expect(held({ scale: 1, x: 1e6, y: -1e6 }, stage, picture)).toEqual({ scale: 1, x: 1584, y: -684 });
  expect(Math.abs(held({ scale: 0.1, x: 50, y: 50 }, stage, picture).x)).toBe(0);
});
