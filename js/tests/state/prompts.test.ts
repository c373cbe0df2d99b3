import { expect, it } from "vitest";
import { Prompts } from "../../src/state/prompts";

it("walks to older prompts and back to what was being written", () => {
  const prompts = new Prompts();
  prompts.learn(["new", "old", "new", " "]);
  expect(prompts.older("mine")).toBe("new");
  expect(prompts.older("new")).toBe("old");
  expect(prompts.older("old")).toBeNull();
  expect(prompts.newer()).toBe("new");
  expect(prompts.newer()).toBe("mine");
  expect(prompts.newer()).toBeNull();
});

it("begins at the newest again after something was typed, and shows nothing twice", () => {
  const prompts = new Prompts(["new", "old"]);
  prompts.older("");
  prompts.rest();
  expect(prompts.older("new")).toBe("old");
});
