/** Provider, model and what the chosen models take: nothing else is shown. */
import { useState } from "preact/hooks";
import { Button } from "../look/button";
import { useName } from "../look/name";
import { type Draft, LIMITS } from "../protocol";
import { compresses, extraProblem, type FieldName, fieldOf, providersOf, streams } from "../state/draft";
import type { Page } from "../state/page";
import { words } from "../words/page";
import { Choice, type Option } from "./choice";

/** Fields of which several values may be ticked, which makes a sweep: the field, its place in the targets, an example. */
const SWEPT = [
  ["size", "sizes", "1536x1024"],
  ["quality", "qualities", null],
] as const;

type Single = "background" | "output_format" | "moderation" | "style" | "input_fidelity";
const SINGLES: readonly Single[] = ["background", "output_format", "style", "moderation", "input_fidelity"];

export function Fields({ page }: { page: Page }) {
  const t = page.t.value;
  const draft = page.draft.value;
  const targets = page.targets.value;
  const { providers } = page;
  const chosen = providersOf(draft, providers.value);
  const problems = new Map(page.estimates.last.value?.problems.map((one) => [one.field, one.message]));
  const auto = (standard: string | null) => (standard ? t(words, "auto", { value: standard }) : t(words, "autoPlain"));
  const target = (name: keyof Draft["targets"], values: string[]) =>
    page.change({ targets: { ...draft.targets, [name]: values } });
  const values = (name: FieldName): Option[] => (fieldOf(targets, name)?.values ?? []).map((value) => ({ value }));

  const models: Option[] = chosen.flatMap((provider) =>
    provider.models.map((model) => ({
      value: model.name,
      ...(chosen.length > 1 ? { group: provider.title } : {}),
    })),
  );
  const compression = fieldOf(targets, "output_compression");
  const format = fieldOf(targets, "output_format");

  return (
    <div class="ic-fields">
      <Choice
        t={t}
        label={t(words, "provider")}
        options={providers.value.map((one) => ({
          value: one.name,
          label: one.title,
          ...(one.key ? {} : { detail: t(words, "noKey") }),
        }))}
        chosen={chosen.map((one) => one.name)}
        standard={t(words, "noProvider")}
        several
        needed
        bad={problems.get("providers")}
        onChoose={(names) => target("providers", names)}
      />
      <Choice
        t={t}
        label={t(words, "model")}
        options={[...new Map(models.map((one) => [one.value, one])).values()]}
        chosen={draft.targets.models}
        standard={targets.map((one) => one.model.name).join(", ") || t(words, "autoPlain")}
        byItself={auto(targets.length === 1 ? (targets[0]?.provider.default_model ?? null) : null)}
        several
        free={chosen.some((one) => one.free_text_models)}
        bad={problems.get("models") ?? problems.get("model")}
        onChoose={(names) => target("models", names)}
      />
      {SWEPT.map(([name, ticked, example]) => {
        const facts = fieldOf(targets, name);
        if (!facts) return null;
        return (
          <Choice
            key={name}
            t={t}
            label={t(words, name)}
            options={values(name)}
            chosen={draft.targets[ticked]}
            standard={auto(facts.default)}
            several
            free={!facts.closed}
            {...(example ? { example } : {})}
            note={facts.note}
            bad={problems.get(ticked) ?? problems.get(name)}
            onChoose={(some) => target(ticked, some)}
          />
        );
      })}
      <Count page={page} />
      {SINGLES.map((name) => {
        const facts = fieldOf(targets, name);
        if (!facts || (name === "input_fidelity" && draft.references.length === 0)) return null;
        const value = draft[name];
        return (
          <Choice
            key={name}
            t={t}
            label={t(words, name)}
            options={values(name)}
            chosen={value === null ? [] : [value]}
            standard={auto(facts.default)}
            free={!facts.closed}
            note={facts.note}
            bad={problems.get(name)}
            onChoose={([one]) => page.change({ [name]: one ?? null })}
          />
        );
      })}
      {compression && compresses(draft.output_format ?? format?.default ?? null) && <Compression page={page} />}
      {streams(targets, draft.references.length > 0) && (
        <Choice
          t={t}
          label={t(words, "stream")}
          options={[0, 1, 2, 3].map((many) => ({
            value: String(many),
            label: t(words, many === 0 ? "streamFinal" : many === 1 ? "streamOne" : "streamSome", { number: many }),
          }))}
          chosen={draft.stream === null ? [] : [String(draft.stream)]}
          standard={t(words, "off")}
          bad={problems.get("stream")}
          onChoose={([one]) => page.change({ stream: one === undefined ? null : Number(one) })}
        />
      )}
    </div>
  );
}

function Count({ page }: { page: Page }) {
  const t = page.t.value;
  const id = useName();
  const { n } = page.draft.value;
  const most = LIMITS.pictures_per_request;
  const set = (value: number) => {
    if (Number.isFinite(value)) page.change({ n: Math.max(1, Math.min(Math.round(value), most)) });
  };
  return (
    <div class="ic-field">
      <div class="ic-tile ic-stepper">
        <label class="ic-name" for={id}>
          {t(words, "n")}
        </label>
        <input
          id={id}
          class="ic-value"
          type="text"
          inputMode="numeric"
          role="spinbutton"
          aria-valuenow={n}
          aria-valuemin={1}
          aria-valuemax={most}
          value={String(n)}
          onChange={(event) => {
            set(Number(event.currentTarget.value));
            event.currentTarget.value = String(page.draft.value.n);
          }}
          onKeyDown={(event) => {
            if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
            event.preventDefault();
            set(n + (event.key === "ArrowUp" ? 1 : -1));
          }}
        />
        <span class="ic-steps">
          <Button
            icon="minus"
            look="ic-plain ic-tiny"
            label={t(words, "fewer")}
            off={n <= 1}
            onClick={() => set(n - 1)}
          />
          <Button
            icon="plus"
            look="ic-plain ic-tiny"
            label={t(words, "more")}
            off={n >= most}
            onClick={() => set(n + 1)}
          />
        </span>
      </div>
    </div>
  );
}

function Compression({ page }: { page: Page }) {
  const t = page.t.value;
  const id = useName();
  const facts = fieldOf(page.targets.value, "output_compression");
  const value = page.draft.value.output_compression;
  return (
    <div class="ic-field">
      <div class="ic-tile ic-stepper">
        <label class="ic-name" for={id}>
          {t(words, "output_compression")}
        </label>
        <input
          id={id}
          class="ic-value"
          type="text"
          inputMode="numeric"
          placeholder={t(words, "autoPlain")}
          value={value === null ? "" : String(value)}
          onChange={(event) => {
            const number = Number.parseInt(event.currentTarget.value, 10);
            const fits = Number.isFinite(number);
            page.change({
              output_compression: fits ? Math.max(facts?.min ?? 0, Math.min(number, facts?.max ?? 100)) : null,
            });
            const now = page.draft.value.output_compression;
            event.currentTarget.value = now === null ? "" : String(now);
          }}
        />
      </div>
    </div>
  );
}

/** What few need: fields that we have no word for, and whether to look into the library first. */
export function More({ page }: { page: Page }) {
  const t = page.t.value;
  const id = useName();
  const { extra, once } = page.draft.value;
  const [open, setOpen] = useState(extra !== "" || once);
  const problem = extraProblem(extra);
  return (
    <details
      class="ic-more"
      open={open}
      onToggle={(event) => {
        const { currentTarget: box } = event;
        // What was opened may lie below the form's edge.
        if (box.open && !open) box.scrollIntoView({ block: "nearest" });
        setOpen(box.open);
      }}
    >
      <summary>{t(words, "moreFields")}</summary>
      <label class="ic-check">
        <input
          type="checkbox"
          checked={once}
          onChange={(event) => page.change({ once: event.currentTarget.checked })}
        />
        <span>{t(words, "once")}</span>
      </label>
      <label class="ic-name" for={id}>
        {t(words, "extra")}
      </label>
      <textarea
        id={id}
        class="ic-input ic-extra"
        rows={2}
        spellcheck={false}
        placeholder='{"seed": 7}'
        value={extra}
        aria-invalid={problem !== null}
        aria-describedby={`${id}-p`}
        onInput={(event) => page.change({ extra: event.currentTarget.value })}
      />
      <p class="ic-problem" id={`${id}-p`}>
        {problem && t(words, problem === "json" ? "extraJson" : "extraObject")}
      </p>
    </details>
  );
}
