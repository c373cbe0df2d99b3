import { describe, expect, it } from "vitest";
import { card } from "../../harness/facts";
import { between, LOOK, merged, nameOf, shown, viewOf } from "../../src/state/list";

const keys = (cards: readonly { key: string }[]) => cards.map((one) => Number(one.key.slice(5)));

describe("shown", () => {
  const cards = [1, 2, 3, 4, 5].map((number) => card(number, { call: number < 4 ? "a" : "b" }));

  it("has the last run first, and each run in its own order", () => {
    expect(keys(shown(cards, [], LOOK).here)).toEqual([4, 5, 1, 2, 3]);
  });

  it("turns round, and sorts by what pictures cost, with the unknown last", () => {
    expect(keys(shown(cards, [], { ...LOOK, sort: "old" }).here)).toEqual([3, 2, 1, 5, 4]);
    const priced = [
      card(1, { cost: null }),
      card(2, { cost: { amount: 1, currency: "USD", basis: "billed" } }),
      card(3),
    ];
    expect(keys(shown(priced, [], { ...LOOK, sort: "cost" }).here)).toEqual([2, 3, 1]);
  });

  it("leaves out what is deleted, and what the library has of this Studio's own", () => {
    const library = [card(5, { call: "" }), card(9, { call: "" }), card(8, { call: "", deleted: true })];
    const found = shown([...cards.slice(0, 4), card(5, { deleted: true })], library, LOOK);
    expect(keys(found.here)).toEqual([4, 1, 2, 3]);
    expect(keys(found.earlier)).toEqual([9]);
  });

  it("finds every word anywhere in what is known of a picture", () => {
    const some = [card(1, { prompt: "A red Fox", model: "m-1" }), card(2, { prompt: "A red hen", model: "m-2" })];
    expect(keys(shown(some, [], { ...LOOK, text: "FOX red" }).here)).toEqual([1]);
    expect(keys(shown(some, [], { ...LOOK, text: "m-2" }).here)).toEqual([2]);
  });

  it("filters by state, stars and kind", () => {
    const some = [
      card(1, { state: "failed", stars: 0 }),
      card(2, { state: "unknown", stars: 0 }),
      card(3, { state: "partial", stars: 0 }),
      card(5, { stars: 5, kind: "edit" }),
    ];
    const filtered = (filter: string) => keys(shown(some, [], { ...LOOK, sort: "old", filter }).here).sort();
    expect(filtered("failed")).toEqual([1, 2]);
    expect(filtered("working")).toEqual([3]);
    expect(filtered("starred")).toEqual([5]);
    expect(filtered("edits")).toEqual([5]);
  });
});

it("puts new facts in the old place, and new cards at the end", () => {
  const now = merged([card(1), card(2)], [card(3), card(1, { stars: 4 })]);
  expect(keys(now)).toEqual([1, 2, 3]);
  expect(now[0]?.stars).toBe(4);
});

it("names the library's pictures by their id, all others by their key", () => {
  expect(nameOf(card(7, { call: "" }))).toBe("p-000007");
  expect(nameOf(card(7))).toBe("card-7");
});

it("selects from one to the other in either direction, and one where the other is gone", () => {
  expect(between(["a", "b", "c", "d"], "c", "a")).toEqual(["a", "b", "c"]);
  expect(between(["a", "b"], "x", "b")).toEqual(["b"]);
});

it("fills in what the trait of the view lacks", () => {
  expect(viewOf({ text: "fox", sort: "" })).toEqual({ ...LOOK, text: "fox" });
});

it("falls back to all, the newest first, where another version's view names what is not known here", () => {
  expect(viewOf({ sort: "newest", filter: "mine", text: "fox" })).toMatchObject({
    sort: "new",
    filter: "all",
    text: "fox",
  });
  expect(viewOf({ sort: "stars", filter: "edits" })).toMatchObject({ sort: "stars", filter: "edits" });
});
