import { describe, expect, it } from "vitest";
import { GAP, HEADING, layout, moved, place, visible } from "../../src/grid/layout";

const sizes = { width: 720, here: 6, earlier: 5 };
const at = layout(sizes);

it("fills the width with columns that are never too narrow", () => {
  expect(at.columns).toBe(4);
  expect(at.side * at.columns + GAP * (at.columns - 1)).toBeLessThanOrEqual(720);
  expect(layout({ width: 100, here: 1, earlier: 0 }).columns).toBe(1);
  expect(layout({ width: 0, here: 1, earlier: 0 }).side).toBeGreaterThan(0);
});

it("puts the library's part under its heading, and no heading where it is empty", () => {
  expect(at.heading).toBe(2 * (at.high + GAP));
  expect(place(at, 6, sizes.here)).toEqual({ left: 0, top: at.below });
  expect(at.below).toBe((at.heading ?? 0) + HEADING);
  expect(layout({ ...sizes, earlier: 0 }).heading).toBeNull();
});

describe("visible", () => {
  it("covers every card on the screen, at any scroll, and few others", () => {
    const many = { width: 720, here: 13, earlier: 987 };
    const long = layout(many);
    for (let top = 0; top < long.total; top += 97) {
      const [from, to] = visible(long, many, top, 600);
      for (let index = 0; index < 1000; index += 1) {
        const y = place(long, index, many.here).top;
        if (y + long.high > top && y < top + 600) {
          expect(index).toBeGreaterThanOrEqual(from);
          expect(index).toBeLessThan(to);
        }
      }
      expect(to - from).toBeLessThan(50);
    }
  });

  it("is nothing where there is nothing", () => {
    const none = { width: 720, here: 0, earlier: 0 };
    expect(visible(layout(none), none, 0, 600)).toEqual([0, 0]);
  });
});

describe("moved", () => {
  it("goes through rows of both parts, short ones too", () => {
    // Columns of four: 0-3, 4 5 | 6-9, 10.
    expect(moved(at, sizes, 3, "ArrowDown")).toBe(5);
    expect(moved(at, sizes, 5, "ArrowDown")).toBe(7);
    expect(moved(at, sizes, 9, "ArrowUp")).toBe(5);
    expect(moved(at, sizes, 9, "ArrowDown")).toBe(10);
    expect(moved(at, sizes, 10, "ArrowDown")).toBe(10);
    expect(moved(at, sizes, 1, "ArrowUp")).toBe(1);
    expect(moved(at, sizes, 5, "ArrowRight")).toBe(6);
    expect(moved(at, sizes, 0, "ArrowLeft")).toBe(0);
    expect(moved(at, sizes, 4, "End")).toBe(10);
    expect(moved(at, sizes, 4, "Home")).toBe(0);
  });
});
