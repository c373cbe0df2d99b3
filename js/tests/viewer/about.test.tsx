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
