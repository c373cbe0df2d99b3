/** The pictures that an edit is about, in their order: 图1 is the first that the prompt may speak of. */
import { Button } from "../look/button";
import { Picture } from "../look/picture";
import type { Page } from "../state/page";
import { words } from "../words/page";

export function Chosen({ page }: { page: Page }) {
  const t = page.t.value;
  const keys = page.chosen.value;
  const known = page.references.value;
  if (keys.length === 0) return null;
  return (
    <ol class="ic-chosen" aria-label={t(words, "references")}>
      {keys.map((key, index) => {
        const reference = known.get(key);
        const name = t(words, "image", { number: index + 1 });
        return (
          <li key={key} title={reference?.name ?? ""}>
            {reference && <Picture page={page} sha={reference.sha} box={256} alt={`${name}: ${reference.name}`} />}
            <span class="ic-badge" aria-hidden={reference !== undefined}>
              {name}
            </span>
            <Button
              icon="close"
              look="ic-small"
              label={t(words, "removeReference", { name })}
              onClick={() => page.choose(keys.filter((one) => one !== key))}
            />
          </li>
        );
      })}
    </ol>
  );
}
