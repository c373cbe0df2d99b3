/** What was asked, what came, what it cost, what was adapted on the way. */
import type { ComponentChildren } from "preact";
import { Button } from "../look/button";
import type { Card, Step } from "../protocol";
import type { Page } from "../state/page";
import { both, bytes, costOf, dimensions, fieldName, moment, seconds, times } from "../words/amounts";
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
        [t(words, "asked"), facts(t, card.asked, card)],
        ...card.honored.map((one): [string, ComponentChildren] => [
          fieldName(t, one.name),
          one.met === false ? <b class="ic-broken">≠ {both(one)}</b> : both(one),
        ]),
        [t(words, "effective"), facts(t, card.effective, card)],
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
      {!step && card.rewritten.length > 0 && (
        <div>
          <h3 class="ic-name">{t(words, "rewritten")}</h3>
          <p class="ic-text">
            {card.rewritten.map(({ kind, text }) =>
              kind === "same" ? text : kind === "added" ? <ins>{text}</ins> : <del>{text}</del>,
            )}
          </p>
        </div>
      )}
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

/** Fields that stand nowhere else. */
function facts(t: Translate, some: Record<string, string | number | boolean>, card: Card): string {
  const elsewhere = ["created", ...card.honored.map((one) => one.name)];
  if (some === card.effective) elsewhere.push("n", "size", "output_format", "ratio", "transparency");
  return Object.entries(some)
    .filter(([name]) => !elsewhere.includes(name))
    .map(([name, value]) => `${fieldName(t, name)} ${times(String(value))}`)
    .join(" · ");
}
