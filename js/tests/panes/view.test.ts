import { expect, it } from "vitest";
import { covers, FITTED, grown, held, isFitted, MOST, panned, placed, seen, whole, zoomed } from "../../src/panes/view";

const pane = { width: 400, height: 300 };
const wide = { width: 2000, height: 1000 };
const small = { width: 100, height: 100 };

it("fits a picture into its pane, whatever its size, in the middle", () => {
  expect(placed(FITTED, pane, wide)).toEqual({ scale: 0.2, left: 0, top: 50 });
  expect(placed(FITTED, pane, small)).toEqual({ scale: 3, left: 50, top: 0 });
});

it("keeps the point under the mouse where it is, as far as the edges allow", () => {
  const view = zoomed(FITTED, 4, 300, 120, pane, wide);
  const before = placed(FITTED, pane, wide);
  const after = placed(view, pane, wide);
  const under = (at: { scale: number; left: number; top: number }) => [
    (300 - at.left) / at.scale,
    (120 - at.top) / at.scale,
  ];
  const [was, is] = [under(before), under(after)];
  expect(is[0]).toBeCloseTo(was[0] ?? 0, 6);
  expect(is[1]).toBeCloseTo(was[1] ?? 0, 6);
  expect(view.zoom).toBe(4);
});

it("shows the same part of pictures of different sizes", () => {
  const large = { width: 4000, height: 2000 };
  const view = zoomed(FITTED, 5, 100, 150, pane, wide);
  const [one, other] = [wide, large].map((picture) => seen(placed(view, pane, picture), pane, picture));
  for (const side of ["left", "top", "right", "bottom"] as const)
    expect(one?.[side]).toBeCloseTo(other?.[side] ?? -1, 9);
});

it("stays within the edges, and comes back from them at once", () => {
  const near = zoomed(FITTED, 4, 200, 150, pane, wide);
  const far = panned(near, 1e6, -1e6, pane, wide);
  const at = placed(far, pane, wide);
  expect(at.left).toBeCloseTo(0);
  expect(at.top + wide.height * at.scale).toBeCloseTo(pane.height);
  expect(placed(panned(far, -10, 0, pane, wide), pane, wide).left).toBeCloseTo(-10);
});

it("never gets smaller than what fits nor larger than 16 pixels for one", () => {
  expect(isFitted(zoomed(FITTED, 0.01, 0, 0, pane, wide))).toBe(true);
  expect(placed(zoomed(FITTED, 1e9, 5, 5, pane, wide), pane, wide).scale).toBeCloseTo(MOST);
  const tiny = { width: 10, height: 10 };
  expect(held({ zoom: 3, x: 0, y: 0 }, pane, tiny)).toEqual(FITTED);
});

it("shows one of the picture's pixels as one of the screen's", () => {
  expect(placed(whole(FITTED, 1, 200, 150, pane, wide), pane, wide).scale).toBeCloseTo(1);
  expect(placed(whole(FITTED, 2, 200, 150, pane, wide), pane, wide).scale).toBeCloseTo(0.5);
});

it("knows what is seen, and more around it, within the picture", () => {
  const part = seen(placed(zoomed(FITTED, 5, 0, 150, pane, wide), pane, wide), pane, wide);
  expect(part.left).toBeCloseTo(0);
  expect(part.right).toBeCloseTo(0.2);
  const more = grown(part, 0.5);
  expect(more.left).toBe(0);
  expect(more.right).toBeCloseTo(0.3);
  expect(covers(more, part)).toBe(true);
  expect(covers(part, more)).toBe(false);
});
