import { expect, it } from "vitest";
import { color, differences, sameShape } from "../../src/compare/difference";

const pixels = (...colors: number[][]) => new Uint8ClampedArray(colors.flat());

it("takes the channel that differs most, and counts what one can see", () => {
  const one = pixels([10, 20, 30, 255], [0, 0, 0, 255], [200, 0, 0, 255], [5, 5, 5, 255]);
  const other = pixels([10, 20, 30, 255], [10, 0, 0, 255], [100, 0, 250, 255], [5, 5, 5, 255]);
  const { map, found } = differences(one, other);
  expect([...map]).toEqual([0, 10, 250, 0]);
  expect(found.share).toBe(0.25);
  expect(found.mean).toBeCloseTo(260 / 4 / 255);
});

it("sees no difference in the color of what is transparent, and one in transparency itself", () => {
  expect([...differences(pixels([255, 0, 0, 0]), pixels([0, 255, 0, 0])).map]).toEqual([0]);
  expect([...differences(pixels([9, 9, 9, 255]), pixels([9, 9, 9, 0])).map]).toEqual([255]);
});

it("gets lighter and lighter", () => {
  const light = ([red, green, blue]: number[]) => 0.2126 * (red ?? 0) + 0.7152 * (green ?? 0) + 0.0722 * (blue ?? 0);
  const steps = Array.from({ length: 21 }, (_, at) => light(color(at / 20)));
  expect(steps).toEqual([...steps].sort((a, b) => a - b));
  expect(color(-1)).toEqual(color(0));
  expect(color(9)).toEqual(color(1));
});

it("lays only one shape over the other", () => {
  expect(sameShape({ width: 1024, height: 1024 }, { width: 512, height: 512 })).toBe(true);
  expect(sameShape({ width: 1536, height: 1024 }, { width: 1184, height: 784 })).toBe(true);
  expect(sameShape({ width: 1536, height: 1024 }, { width: 1024, height: 1536 })).toBe(false);
});
