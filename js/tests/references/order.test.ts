import { expect, it } from "vitest";
import { joined, moved, placeOf } from "../../src/references/order";

it("moves a key to a place, within what there is", () => {
  expect(moved(["a", "b", "c"], "a", 2)).toEqual(["b", "c", "a"]);
  expect(moved(["a", "b", "c"], "c", 0)).toEqual(["c", "a", "b"]);
  expect(moved(["a", "b", "c"], "b", 99)).toEqual(["a", "c", "b"]);
  expect(moved(["a", "b"], "unknown", 0)).toEqual(["a", "b"]);
});

it("finds the place where a dragged picture is let go, before or behind another", () => {
  const drop = (key: string, over: number, behind: boolean) =>
    moved(["a", "b", "c"], key, placeOf(["a", "b", "c"], key, over, behind)).join("");
  expect(drop("a", 1, true)).toBe("bac");
  expect(drop("a", 1, false)).toBe("abc");
  expect(drop("c", 0, false)).toBe("cab");
  expect(drop("c", 0, true)).toBe("acb");
  expect(drop("b", 1, true)).toBe("abc");
});

it("joins each picture once, as long as there is room, and takes away none that is there", () => {
  expect(joined(["a"], ["b", "a"], 16)).toEqual({ keys: ["a", "b"], left: false });
  expect(joined(["a", "b"], ["c"], 2)).toEqual({ keys: ["a", "b"], left: true });
  expect(joined(["a", "b", "c"], [], 2)).toEqual({ keys: ["a", "b", "c"], left: false });
});
