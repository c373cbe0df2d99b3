// @vitest-environment happy-dom
import { render } from "preact";
import { expect, it } from "vitest";
import type { Results, Standing } from "../../src/vote/protocol";
import { Outcome, rangeOf } from "../../src/vote/results";
import { words } from "../../src/vote/words";
import { translator } from "../../src/words/language";

const one = (entry: string, more: Partial<Standing> = {}): Standing => ({
  entry,
  strength: 0.5,
  low: -0.25,
  high: 1.25,
  rank: 1,
  best: 1,
  worst: 2,
  wins: 3,
  losses: 1,
  ties: 2,
  bad: 0,
  ...more,
});
const RESULTS: Results = {
  standings: [
    one("<b>模型甲</b>"),
    one("model b", { strength: -0.5, low: -1.25, high: 0.25, rank: 2 }),
    one("new", { strength: null, low: null, high: null, rank: null, best: null, worst: null }),
  ],
  wins: [
    [0, 3, 0],
    [1, 0, 0],
    [0, 0, 0],
  ],
  ties: [
    [0, 2, 0],
    [2, 0, 0],
    [0, 0, 0],
  ],
  percent: 95,
  votes: 6,
  raters: 1,
  outlook: "About 20 more votes until the intervals separate.",
  agreement: "",
};

it("puts every interval and zero on one scale", () => {
  const { low, high } = rangeOf(RESULTS.standings);
  expect(low).toBeLessThan(-1.25);
  expect(high).toBeGreaterThan(1.25);
  expect(rangeOf([one("a", { strength: null, low: null, high: null })])).toEqual({ low: -0.04, high: 0.04 });
});

it("shows places, strengths and counts; names as they are, and what is not known as such", () => {
  const into = document.createElement("div");
  render(<Outcome results={RESULTS} t={translator("en")} />, into);
  const rows = [...into.querySelectorAll("tbody tr")].map((row) => [...row.children].map((cell) => cell.textContent));
  expect(rows[0]?.slice(0, 3)).toEqual(["1 (1–2)", "<b>模型甲</b>", "+0.50"]);
  expect(rows[1]?.slice(0, 3)).toEqual(["2 (1–2)", "model b", "−0.50"]);
  expect(rows[2]?.slice(0, 4)).toEqual(["–", "new", "–", "–"]);
  expect(rows[3]).toEqual(["<b>模型甲</b>", "–", "3 (2)", "0"]);
  expect(into.querySelector("[role=img]")?.getAttribute("aria-label")).toBe("−0.25 … +1.25");
  expect(into.querySelector("b")).toBeNull();
  expect(into.textContent).toContain(RESULTS.outlook);
});

it("says everything in both languages", () => {
  expect(Object.keys(words.zh)).toEqual(Object.keys(words.en));
  for (const name of Object.keys(words.en) as (keyof typeof words.en)[]) {
    const fields = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([field]) => field).sort();
    expect(fields(words.zh[name]), name).toEqual(fields(words.en[name]));
  }
});
