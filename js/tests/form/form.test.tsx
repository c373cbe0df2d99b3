// @vitest-environment happy-dom
import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PROVIDERS } from "../../harness/facts";
import { Fields } from "../../src/form/fields";
import { composing, ours } from "../../src/form/keys";
import { Prompt } from "../../src/form/prompt";
import { lightness } from "../../src/look/scheme";
import { Page } from "../../src/state/page";
import { Fake } from "../fake";

let model: Fake;
let page: Page;
const root = document.createElement("div");

beforeEach(() => {
  model = new Fake({ cards: [], providers: PROVIDERS, busy: {}, facts: {}, draft: {}, view: {} });
  page = new Page(model);
  page.setLanguage("en");
  document.body.append(root);
});
afterEach(() => {
  render(null, root);
  page.dispose();
});

const press = (target: Element, key: string, some: KeyboardEventInit = {}) =>
  act(() => void target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...some })));

describe("the prompt", () => {
  const write = async (prompt: string) => {
    page.change({ prompt });
    await act(() => render(<Prompt page={page} id="x" />, root));
    const area = root.querySelector("textarea");
    if (!area) throw new Error("no prompt");
    area.focus();
    area.setSelectionRange(0, 0);
    return area;
  };

  it("runs on Ctrl+Enter and on Cmd+Enter, not on Enter", async () => {
    const run = vi.spyOn(page.runs, "run").mockResolvedValue();
    const area = await write("a cat");
    await press(area, "Enter");
    expect(run).not.toHaveBeenCalled();
    await press(area, "Enter", { ctrlKey: true });
    await press(area, "Enter", { metaKey: true });
    expect(run).toHaveBeenCalledTimes(2);
  });

  it("never runs while an input method composes, nor without a prompt", async () => {
    const run = vi.spyOn(page.runs, "run").mockResolvedValue();
    const area = await write("猫");
    await press(area, "Enter", { ctrlKey: true, isComposing: true });
    await press(area, "Enter", { ctrlKey: true, keyCode: 229 } as KeyboardEventInit);
    await press(await write("  "), "Enter", { ctrlKey: true });
    expect(run).not.toHaveBeenCalled();
  });

  it("walks through earlier prompts from its first and last place only", async () => {
    page.prompts.learn(["older"]);
    const area = await write("now");
    area.setSelectionRange(2, 2);
    await press(area, "ArrowUp");
    expect(page.draft.value.prompt).toBe("now");
    area.setSelectionRange(0, 0);
    await press(area, "ArrowUp");
    expect(page.draft.value.prompt).toBe("older");
    area.setSelectionRange(5, 5);
    await press(area, "ArrowDown");
    expect(page.draft.value.prompt).toBe("now");
  });

  it("says how much of the model's limit is used, and marks what is over it", async () => {
    page.change({ targets: { ...page.draft.value.targets, models: ["dall-e-2"] } });
    const area = await write("x".repeat(1001));
    expect(root.textContent).toContain("1001 / 1000");
    expect(area.getAttribute("aria-invalid")).toBe("true");
  });
});

describe("the fields", () => {
  const names = async () => {
    await act(() => render(<Fields page={page} />, root));
    return Array.from(root.querySelectorAll(".ic-name"), (one) => one.textContent);
  };

  it("are those that the chosen model takes, and no others", async () => {
    expect(await names()).toEqual([
      "Provider",
      "Model",
      "Size",
      "Quality",
      "Pictures",
      "Background",
      "Format",
      "Moderation",
      "Previews",
    ]);
    page.change({ targets: { ...page.draft.value.targets, models: ["dall-e-2"] } });
    expect(await names()).toEqual(["Provider", "Model", "Size", "Pictures", "Style"]);
  });

  it("ask for compression only where the format is compressed", async () => {
    page.change({ output_format: "webp" });
    expect(await names()).toContain("Compression");
  });
});

describe("keys", () => {
  const key = (name: string, some: KeyboardEventInit = {}) => new KeyboardEvent("keydown", { key: name, ...some });

  it("of an input method are none of ours", () => {
    expect(composing(key("Enter", { isComposing: true }))).toBe(true);
    expect(composing(key("Enter"))).toBe(false);
  });

  it("are kept from the host where we use them, and left to it where it does", () => {
    expect(ours(key("d"))).toBe(true);
    expect(ours(key("Enter", { ctrlKey: true }))).toBe(true);
    expect(ours(key("s", { ctrlKey: true }))).toBe(false);
    expect(ours(key("s", { metaKey: true }))).toBe(false);
  });
});

it("tells dark colors from light ones, and says nothing of what is transparent", () => {
  expect(lightness("rgb(255, 255, 255)")).toBeCloseTo(1);
  expect(lightness("rgba(0, 0, 0, 0)")).toBeNull();
  expect(lightness("rgba(17, 17, 17, 0.9)")).toBeLessThan(0.1);
  expect(lightness("red")).toBeNull();
});
