/** What was asked, what came, what it cost, what was adapted on the way. */
import type { ComponentChildren } from "preact";
import { Button } from "../look/button";
import type { Card, Step } from "../protocol";
import type { Page } from "../state/page";
import { bytes, costOf, dimensions, moment, seconds, times } from "../words/amounts";
import type { Translate } from "../words/language";
import { words } from "../words/page";

export function About({ page, card, step }: { page: Page; card: Card; step: Step | null }) {
  const t = page.t.value;
  const language = page.language.value;
  const rows: [string, ComponentChildren][] = step
    ? [
        [t(words, "model"), step.model ?? ""],
        [t(words, "provider"), step.provider],
        [t(words, "got"), step.size.length === 2 ? step.size.join("×") : ""],
        [t(words, "cost"), step.cost ? costOf(t, step.cost) : ""],
        [t(words, "when"), step.created ? moment(step.created, language) : ""],
        [t(words, "identity"), <code key="id">{step.id}</code>],
      ]
    : [
        [t(words, "model"), card.model ?? ""],
        [t(words, "provider"), card.provider],
        [t(words, "asked"), facts(t, card.asked)],
        [t(words, "effective"), facts(t, card.effective)],
        [t(words, "got"), card.got ? `${dimensions(card.got)} · ${card.got.format} · ${bytes(card.got.bytes)}` : ""],
        [t(words, "took"), card.seconds === null ? "" : seconds(card.seconds)],
        [t(words, "cost"), costOf(t, card.cost)],
        [t(words, "when"), card.created ? moment(card.created, language) : ""],
        [t(words, "identity"), card.id ? <code key="id">{card.id}</code> : ""],
      ];
  const notes = step ? [] : card.notes;
  const prompt = step ? step.prompt : card.prompt;
  return (
    <div class="ic-told">
      <div class="ic-whole">
        <h3 class="ic-name">{t(words, "prompt")}</h3>
        <p class="ic-text">{prompt || t(words, "given")}</p>
        {prompt && (
          <Button
            icon="edit"
            look="ic-plain ic-small"
            onClick={() => {
              page.change({ prompt });
              page.say(t(words, "saidFilled"));
            }}
          >
            {t(words, "usePrompt")}
          </Button>
        )}
      </div>
      <dl class="ic-list">
        {rows
          .filter(([, value]) => value !== "")
          .map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
      {notes.length > 0 && (
        <div>
          <h3 class="ic-name">{t(words, "adaptedTitle")}</h3>
          <ul class="ic-notes">
            {notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}

function facts(t: Translate, some: Record<string, string | number | boolean>): string {
  const title = (name: string) => (Object.hasOwn(words.en, name) ? t(words, name as keyof typeof words.en) : name);
  return Object.entries(some)
    .filter(([name]) => name !== "created")
    .map(([name, value]) => `${title(name)} ${times(String(value))}`)
    .join(" · ");
}
