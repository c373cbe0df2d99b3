// @vitest-environment happy-dom
import { render } from "preact";
import { act } from "preact/test-utils";
import { expect, it } from "vitest";
import { card, PROVIDERS } from "../../harness/facts";
import { Page } from "../../src/state/page";
import { About } from "../../src/viewer/about";
import { Fake } from "../fake";

it("names what was asked in the page's language, and leaves a field alone that it does not know", async () => {
  const model = new Fake({ cards: [card(3)], providers: PROVIDERS, busy: {}, facts: {}, draft: {}, view: {} });
  const page = new Page(model);
  page.setLanguage("zh");
  const root = document.createElement("div");
  const asked = { size: "1536x1024", quality: "medium", toString: "x" };
  await act(() =>
    render(<About page={page} card={card(3, { asked, effective: { created: 1795260990 } })} step={null} />, root),
  );
  expect(root.textContent).toContain("尺寸 1536×1024 · 质量 medium · toString x");
  expect(root.textContent).toContain("1024×1024 · PNG · 1.9 MB");
  expect(root.textContent).not.toContain("1795260990");
  page.setLanguage("en");
  await act(() => render(null, root));
  page.dispose();
});

it("sets what came beside what was asked for, marks what differs, and shows how the prompt was rewritten", async () => {
  const model = new Fake({ cards: [card(3)], providers: PROVIDERS, busy: {}, facts: {}, draft: {}, view: {} });
  const page = new Page(model);
  page.setLanguage("en");
  const root = document.createElement("div");
  const facts = card(3, {
    asked: { size: "1024x1024", background: "transparent", quality: "high", style: "vivid" },
    effective: { size: "1254x1254", background: "opaque", transparency: 0, seed: 7 },
    honored: [
      { name: "size", asked: "1024x1024", got: "1254x1254", met: false },
      { name: "background", asked: "transparent", got: "transparent", met: true },
      { name: "quality", asked: "high", got: null, met: null },
    ],
    rewritten: [
      { kind: "same", text: "一座" },
      { kind: "removed", text: "老" },
      { kind: "added", text: "<b>古老的</b>" },
    ],
  });
  await act(() => render(<About page={page} card={facts} step={null} />, root));
  expect([...root.querySelectorAll(".ic-broken")].map((one) => one.textContent)).toEqual(["≠ 1024×1024 → 1254×1254"]);
  const rows = [...root.querySelectorAll(".ic-list > div")].map((row) =>
    [...row.children].map((one) => one.textContent),
  );
  expect(rows).toContainEqual(["Size", "≠ 1024×1024 → 1254×1254"]);
  expect(rows).toContainEqual(["Background", "transparent"]);
  expect(rows).toContainEqual(["Quality", "high → ?"]);
  expect(rows).toContainEqual(["Asked", "Style vivid"]);
  expect(rows).toContainEqual(["Provider says", "seed 7"]);
  expect(root.querySelector("del")?.textContent).toBe("老");
  expect(root.querySelector("ins")?.textContent).toBe("<b>古老的</b>");
  await act(() => render(<About page={page} card={card(3)} step={null} />, root));
  expect(root.querySelector("ins, .ic-broken")).toBeNull();
  await act(() => render(null, root));
  page.dispose();
});
