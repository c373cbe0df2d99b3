import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const classes = (...names: string[]) =>
  new Set(
    names.flatMap((name) => {
      const text = readFileSync(join(import.meta.dirname, "..", "..", "src", name), "utf8");
      return [...text.matchAll(/\.(ic-[\w-]+)/g)].map(([, found]) => found);
    }),
  );

it("has names of its own: its window lies over a Studio, whose style sheet is there, too", () => {
  const theirs = classes("look/layout.css", "look/grid.css", "look/viewer.css", "references/look.css", "mask/look.css");
  const same = [
    ...classes("compare/frame.css", "compare/matrix.css", "compare/pair.css", "compare/help.css", "panes/look.css"),
  ].filter((one) => theirs.has(one));
  // What means the same in both.
  const shared = ["bad", "button", "icon", "left", "number", "right", "soft", "space", "tick"].map(
    (one) => `ic-${one}`,
  );
  expect(same.filter((one) => !shared.includes(one ?? ""))).toEqual([]);
});
