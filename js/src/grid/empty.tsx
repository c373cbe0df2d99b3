/** Nothing here yet: three prompts that fill the box, or why nothing is found. */
import { Button } from "../look/button";
import { Icon } from "../look/icons";
import type { Page } from "../state/page";
import { words } from "../words/page";

const EXAMPLES = ["exampleOne", "exampleTwo", "exampleThree"] as const;

export function Empty({ page, small, filtered }: { page: Page; small: boolean; filtered: boolean }) {
  const t = page.t.value;
  const { filter, text } = page.view.value;
  // What is said here depends on the library: a moment of nothing is better than a jump.
  if (!page.library.known.value && page.link.value !== "quiet" && page.link.value !== "gone") return null;
  if (filtered || filter !== "all" || text !== "") {
    if (small) return null;
    return (
      <div class="ic-none">
        <p>{t(words, page.library.loading.value ? "loading" : "nothingFound")}</p>
        <Button look="ic-small" onClick={() => page.look({ filter: "all", text: "" })}>
          {t(words, "showAll")}
        </Button>
      </div>
    );
  }
  return (
    <div class={`ic-none${small ? " ic-few" : ""}`}>
      {!small && <Icon name="picture" />}
      <p>{t(words, "emptyHint")}</p>
      <ul class="ic-examples">
        {EXAMPLES.map((name) => (
          <li key={name}>
            <button
              type="button"
              class="ic-example"
              onClick={() => {
                page.change({ prompt: t(words, name) });
                page.focusPrompt.value += 1;
              }}
            >
              {t(words, name)}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
