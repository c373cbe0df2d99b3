// @vitest-environment happy-dom
import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { card, PROVIDERS } from "../../harness/facts";
import { Card } from "../../src/grid/card";
import type { Card as CardFacts } from "../../src/protocol";
import { Page } from "../../src/state/page";
import { Fake } from "../fake";

let model: Fake;
let page: Page;
const root = document.createElement("div");

beforeEach(() => {
  document.body.append(root);
});
afterEach(() => {
  render(null, root);
  page.dispose();
});

const show = async (facts: CardFacts, on: { select?: (how: string) => void; open?: () => void } = {}) => {
  model = new Fake({ cards: [facts], providers: PROVIDERS, busy: {}, facts: {}, draft: {}, view: {} });
  page = new Page(model);
  page.setLanguage("en");
  const given = { page, card: facts, selected: false, current: true, box: 256 as const };
  await act(() => render(<Card {...given} onOpen={on.open ?? (() => {})} onSelect={on.select ?? (() => {})} />, root));
};
const button = (name: string) =>
  [...root.querySelectorAll("button")].find((one) => (one.ariaLabel ?? one.textContent)?.includes(name));

describe("a card", () => {
  it("that is done says what was asked and got, how long it took and what it cost, and what was adapted", async () => {
    await show(card(3, { notes: ["Size adapted."], label: "medium" }));
    for (const text of [card(3).prompt, "gpt-image-2 · 1024×1024", "22.5 s · $0.042 · medium", "Size adapted."]) {
      expect(root.textContent).toContain(text);
    }
    expect(root.querySelector("[role=img]")?.getAttribute("aria-label")).toContain(card(3).prompt);
  });

  it("whose picture came otherwise than asked for is marked, with what differs", async () => {
    const honored = [
      { name: "size", asked: "1024x1024", got: "1254x1254", met: false },
      { name: "ratio", asked: "1:1", got: "1:1", met: true },
      { name: "background", asked: "transparent", got: "opaque", met: false },
    ];
    await show(card(3, { honored }));
    const mark = root.querySelector<HTMLElement>(".ic-broken");
    expect(mark?.title).toBe("Size 1024×1024 → 1254×1254\nBackground transparent → opaque");
    expect(mark?.textContent).toBe("≠ Size, Background");
    await show(card(3, { honored: honored.slice(1, 2) }));
    expect(root.querySelector(".ic-broken")).toBeNull();
  });

  it("that changed what lies outside of its mask says how much, and by how far it was shifted", async () => {
    await show(card(3, { outside: { changed: 0.384, shift: [5, -3] } }));
    expect(root.querySelector(".ic-leaked")?.textContent).toBe(
      "≠ outside the mask: 38 % changed · shifted by 5, -3 px",
    );
    page.setLanguage("zh");
    await act(() => {});
    expect(root.querySelector(".ic-leaked")?.textContent).toBe("≠ 蒙版外改变了 38 % · 平移 5, -3 像素");
    await show(card(3, { outside: { changed: 0.5, shift: [0, 0] } }));
    expect(root.querySelector(".ic-leaked")?.textContent).toBe("≠ outside the mask: 50 % changed");
  });

  it("opens on a click, and is selected with Ctrl, Cmd, Shift and its box", async () => {
    const done: string[] = [];
    await show(card(3), { open: () => done.push("open"), select: (how) => done.push(how) });
    const box = root.querySelector<HTMLInputElement>("input");
    const main = root.querySelector("[data-main]");
    for (const keys of [{}, { ctrlKey: true }, { metaKey: true }, { shiftKey: true }]) {
      main?.dispatchEvent(new MouseEvent("click", { bubbles: true, ...keys }));
    }
    box?.click();
    // What the browser has ticked stays ticked: a screen reader reads it right away.
    expect(box?.checked).toBe(true);
    expect(done).toEqual(["open", "toggle", "toggle", "range", "toggle"]);
  });

  it("that failed says why and what to do, and asks again", async () => {
    const error = { message: "No such size.", hint: "Choose another.", kind: "RefusedError" };
    await show(card(3, { state: "failed", error }));
    expect(root.textContent).toContain("No such size.Choose another.");
    button("Retry")?.click();
    expect(model.last("retry")).toMatchObject({ card: "card-3" });
  });

  it("whose outcome is unknown says that another try may cost again", async () => {
    await show(card(3, { state: "unknown" }));
    expect(root.textContent).toContain("Outcome unknown");
    expect(button("Send again (may cost again)")).toBeDefined();
  });

  it("that is under way says how far it is, and what it is about", async () => {
    await show(card(3, { state: "working", began: Date.now() - 8200 }));
    expect(root.textContent).toContain("Working");
    expect(root.textContent).toContain("8 s");
    expect(root.querySelector("[data-main]")?.getAttribute("aria-label")).toContain(card(3).prompt);
  });

  it("keeps its partial picture in its place until the final one covers it", async () => {
    await show(card(3, { state: "partial" }));
    await act(() =>
      model.say({ kind: "preview", card: "card-3", media_type: "image/png", data: null }, new Uint8Array([1])),
    );
    const partial = root.querySelector("img");
    expect(partial?.alt).toContain(card(3).prompt);
    const given = { page, card: card(3), selected: false, current: true, box: 256 as const };
    await act(() => render(<Card {...given} onOpen={() => {}} onSelect={() => {}} />, root));
    expect(root.querySelector("img")).toBe(partial);
  });
});
