// @vitest-environment happy-dom
import { render } from "preact";
import { act } from "preact/test-utils";
import { expect, it } from "vitest";
import { card, PROVIDERS } from "../../harness/facts";
import { Page } from "../../src/state/page";
import { Own, tagsOf } from "../../src/viewer/own";
import { Fake } from "../fake";

it("keeps a note and tags at the latest when the picture is left", async () => {
  const model = new Fake({ cards: [card(3)], providers: PROVIDERS, busy: {}, facts: {}, draft: {}, view: {} });
  const page = new Page(model);
  const root = document.createElement("div");
  await act(() => render(<Own page={page} card={card(3, { note: "old", tags: ["a", "b"] })} />, root));
  const [note, tags] = [root.querySelector("textarea"), root.querySelector("input")];
  expect([note?.value, tags?.value]).toEqual(["old", "a, b"]);
  for (const [box, text] of [
    [note, "for the cover "],
    [tags, "sea，dawn"],
  ] as const) {
    if (box) box.value = text;
    box?.dispatchEvent(new Event("input", { bubbles: true }));
  }
  expect(model.asked("note")).toHaveLength(0);
  await act(() => render(null, root));
  expect(model.last("note")).toMatchObject({ id: "card-3", text: "for the cover" });
  expect(model.last("tag")).toMatchObject({ id: "card-3", tags: ["sea", "dawn"] });
  expect(page.cards.value[0]).toMatchObject({ note: "for the cover", tags: ["sea", "dawn"] });
  page.dispose();
});

it("takes tags between commas of both kinds, each once, and no more than the protocol does", () => {
  expect(tagsOf(" a, b，a、 c;; ")).toEqual(["a", "b", "c"]);
  expect(tagsOf(Array.from({ length: 80 }, (_, at) => `t${at}`).join(","))).toHaveLength(50);
});
