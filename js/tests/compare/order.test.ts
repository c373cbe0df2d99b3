import { expect, it } from "vitest";
import type { Place } from "../../src/compare/document";
import { letter, matrix, sorted, step, value } from "../../src/compare/order";

let count = 0;
const place = (some: Partial<Place> = {}): Place => {
  count += 1;
  return {
    key: String(count),
    id: null,
    sha: "a",
    label: "",
    values: {},
    repeat: 0,
    outcome: "picture",
    reason: "",
    hint: "",
    width: 10,
    height: 10,
    format: "PNG",
    bytes: 100,
    asked: "",
    seconds: null,
    cost: null,
    provider: "",
    model: null,
    prompt: "",
    revised: "",
    notes: [],
    broken: [],
    numbers: {},
    ...some,
  };
};

it("makes rows and columns of the axes, whichever go across", () => {
  const axes: [string, string[]][] = [
    ["model", ["a", "b"]],
    ["quality", ["low", "high"]],
  ];
  const places =
    axes[0]?.[1].flatMap((model) => axes[1]?.[1].map((quality) => place({ values: { model, quality } })) ?? []) ?? [];
  const made = matrix({ axes, places }, ["quality"]);
  expect(made?.heads.map(({ label }) => label)).toEqual([["low"], ["high"]]);
  expect(made?.rows.map(({ label }) => label)).toEqual([["a"], ["b"]]);
  expect(made?.rows.map(({ cells }) => cells.map((one) => one?.key))).toEqual([
    places.slice(0, 2).map(({ key }) => key),
    places.slice(2).map(({ key }) => key),
  ]);
  expect(matrix({ axes, places }, [])?.wide).toBe(1);
  expect(matrix({ axes, places }, ["model", "quality"])?.rows).toHaveLength(1);
  expect(matrix({ axes: [], places }, [])).toBeNull();
});

it("puts several pictures of one combination side by side, and leaves room where there are fewer", () => {
  const axes: [string, string[]][] = [["model", ["a", "b"]]];
  const places = [
    place({ values: { model: "a" }, repeat: 0 }),
    place({ values: { model: "a" }, repeat: 1 }),
    place({ values: { model: "b" } }),
    place(),
  ];
  const down = matrix({ axes, places }, []);
  expect(down?.rows[1]?.cells).toEqual([places[2], null]);
  expect(down?.loose).toEqual([places[3]]);
  expect(matrix({ axes, places }, ["model"])?.heads.map(({ wide }) => wide)).toEqual([2, 1]);
});

it("sorts by any fact, what is not known last whichever way it goes", () => {
  const [slow, fast, unknown] = [place({ seconds: 9 }), place({ seconds: 2 }), place()];
  const order = (down: boolean) => sorted([unknown, slow, fast], { by: "seconds", down });
  expect(order(false)).toEqual([fast, slow, unknown]);
  expect(order(true)).toEqual([slow, fast, unknown]);
  const free = place({ cost: { amount: 0, currency: "USD", basis: "free" } });
  const dear = place({ cost: { amount: 3, currency: "CNY", basis: "billed" } });
  const cheap = place({ cost: { amount: 1, currency: "USD", basis: "billed" } });
  expect(sorted([cheap, dear, free, unknown], { by: "cost", down: false })).toEqual([dear, free, cheap, unknown]);
  const names = ["m10", "m2"].map((model) => place({ model }));
  expect(sorted(names, { by: "model", down: false }).map(({ model }) => model)).toEqual(["m2", "m10"]);
  expect(value(place({ numbers: { clip: 0.5 } }), "#clip")).toBe(0.5);
  expect(value(place({ sha: null }), "size")).toBeNull();
});

it("names pictures by letters that do not run out", () => {
  expect([0, 1, 25, 26, 27, 701, 702].map(letter)).toEqual(["A", "B", "Z", "AA", "AB", "ZZ", "AAA"]);
});

it("goes from place to place, over empty ones", () => {
  const table = [
    ["1", "2", "3"],
    ["4", null, "6"],
    ["7", "8"],
  ];
  expect(step(table, "1", "ArrowRight")).toBe("2");
  expect(step(table, "3", "ArrowRight")).toBe("4");
  expect(step(table, "2", "ArrowDown")).toBe("8");
  expect(step(table, "6", "ArrowDown")).toBe("8");
  expect(step(table, "1", "ArrowUp")).toBeNull();
  expect(step(table, "8", "ArrowRight")).toBeNull();
  expect(step(table, "gone", "ArrowRight")).toBeNull();
});
