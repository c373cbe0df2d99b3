/** What the person writes to a picture: a note and tags. Kept while it is typed, at the latest when the picture is left. */
import { useEffect, useRef } from "preact/hooks";
import { useName } from "../look/name";
import type { Card } from "../protocol";
import { Later } from "../state/later";
import type { Page } from "../state/page";
import { words } from "../words/page";

const PAUSE = 700;

export function Own({ page, card }: { page: Page; card: Card }) {
  const t = page.t.value;
  const id = useName();
  const note = useTyped((text) => void page.annotate(card, { note: text.trim() }));
  const tags = useTyped((text) => void page.annotate(card, { tags: tagsOf(text) }));
  return (
    <div class="ic-own">
      <label class="ic-name" for={`${id}-note`}>
        {t(words, "note")}
      </label>
      <textarea
        id={`${id}-note`}
        class="ic-input"
        rows={2}
        maxLength={10_000}
        defaultValue={card.note}
        onInput={(event) => note(event.currentTarget.value)}
      />
      <label class="ic-name" for={`${id}-tags`}>
        {t(words, "tags")}
      </label>
      <input
        id={`${id}-tags`}
        class="ic-input"
        placeholder={t(words, "tagsHow")}
        defaultValue={card.tags.join(", ")}
        onInput={(event) => tags(event.currentTarget.value)}
      />
    </div>
  );
}

/** Hands on what was typed after a pause, or when this goes away. */
function useTyped(keep: (text: string) => void): (text: string) => void {
  const text = useRef("");
  const latest = useRef(keep);
  latest.current = keep;
  const later = useRef<Later | null>(null);
  later.current ??= new Later(PAUSE, () => latest.current(text.current));
  useEffect(() => () => later.current?.now(), []);
  return (typed) => {
    text.current = typed;
    later.current?.soon();
  };
}

/** As the protocol takes them. */
export function tagsOf(text: string): string[] {
  const each = text.split(/[,，、;；\n]/).map((one) => one.trim().slice(0, 100));
  return [...new Set(each.filter(Boolean))].slice(0, 50);
}
