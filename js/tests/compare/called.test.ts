import { expect, it } from "vitest";
import { called } from "../../src/compare/called";
import type { Document, Place } from "../../src/compare/document";

const PROMPT = "一只橘猫蹲在窗台上看着外面淅淅沥沥的小雨，画面温暖而安静，胶片质感，浅景深";
const axes: Document["axes"] = [
  ["prompt", [PROMPT, "b"]],
  ["model", ["aurora", "calm"]],
  ["size", ["1024x1024"]],
];
const place = { values: { prompt: PROMPT, model: "calm", size: "1024x1024" } } as unknown as Place;

it("says what differs, also beside a long prompt", () => {
  const [prompt, model, ...rest] = called({ axes }, place, 27);
  expect([...(prompt ?? "")].length).toBe(28);
  expect(prompt?.endsWith("…")).toBe(true);
  expect(model).toBe("calm");
  expect(rest).toEqual([]);
  expect([...(called({ axes }, place, 11)[0] ?? "")].length).toBe(12);
});

it("says of two no more than what one is and the other is not", () => {
  const other = { values: { prompt: PROMPT, model: "aurora", size: "1024x1024" } } as unknown as Place;
  expect(called({ axes }, place, 11, other)).toEqual(["calm"]);
  expect(called({ axes }, place, 11, place)).toEqual([]);
});

it("says nothing of what all have in common", () => {
  expect(called({ axes: [["size", ["1024x1024"]]] }, place, 27)).toEqual([]);
  expect(called({ axes: [] }, place, 27)).toEqual([]);
});
