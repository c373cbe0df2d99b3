import { expect, it } from "vitest";
import { words } from "../../src/compare/words";

it("says the same in both languages, with the same places for what is filled in", () => {
  const holes = (sentence: string) => [...sentence.matchAll(/\{\w+\}/g)].map(([hole]) => hole).sort();
  expect(Object.keys(words.zh)).toEqual(Object.keys(words.en));
  for (const [name, sentence] of Object.entries(words.en)) {
    expect(holes(words.zh[name as keyof typeof words.en]), name).toEqual(holes(sentence));
  }
});
