/** One view of a Studio: the form on the left (or on top, where it is narrow), the pictures beside it. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Over } from "./compare/index";
import { Fields, More } from "./form/fields";
import { ours } from "./form/keys";
import { Prompt } from "./form/prompt";
import { Start } from "./form/start";
import { Grid, Selection } from "./grid/grid";
import { Tools } from "./grid/tools";
import { Button } from "./look/button";
import { Icon } from "./look/icons";
import { useName } from "./look/name";
import { useOwnKeys } from "./look/own";
import { Part } from "./parts";
import type { Card, Reference } from "./protocol";
import { References } from "./references/index";
import type { MaskEditorGiven } from "./slots";
import { nameOf } from "./state/list";
import type { Page } from "./state/page";
import { Spoken, Told } from "./told";
import { Viewer } from "./viewer/viewer";
import { words } from "./words/page";

export function App({ page, root }: { page: Page; root: HTMLElement }) {
  const t = page.t.value;
  const id = useName();
  const open = useSignal<string | null>(null);
  const comparing = useSignal<unknown>(null);
  const masking = useSignal<Reference | null>(null);
  const top = useRef<HTMLDivElement>(null);

  useEffect(() => {
    root.lang = page.language.value === "zh" ? "zh-CN" : "en";
  });
  useOwnKeys(root, ours);

  const unmask = () => {
    masking.value = null;
  };

  const closeComparison = () => {
    comparing.value = null;
  };

  const { here, earlier } = page.shown.value;
  const done = [...here, ...earlier].filter((card) => card.state === "done" && card.sha);
  const shown = open.value === null ? undefined : done.find((card) => nameOf(card) === open.value);
  const show = (card: Card | null) => {
    open.value = card ? nameOf(card) : null;
    page.look({ open: open.value });
  };

  return (
    <div class="ic-studio" ref={top}>
      <section class="ic-compose" aria-label={t(words, "compose")}>
        <div class="ic-form">
          <Prompt page={page} id={id} />
          <References
            desk={page}
            root={root}
            onMask={(reference) => {
              masking.value = reference;
            }}
          />
          <Fields page={page} />
          <KeyHint page={page} />
          <Paused page={page} />
          <More page={page} />
        </div>
        <Start page={page} />
      </section>
      <section class="ic-results" aria-label={t(words, "results")}>
        <Tools page={page} />
        <div class="ic-wrap">
          <Grid page={page} onOpen={show} />
          <Selection
            page={page}
            onCompare={async (names) => {
              try {
                comparing.value = (await page.channel.ask("compare", { cards: names })).ok.document;
              } catch (why) {
                page.report(why);
              }
            }}
          />
          <Told page={page} />
          <Quiet page={page} />
        </div>
      </section>
      <Spoken page={page} />
      {masking.value && (
        <Part<MaskEditorGiven>
          page={page}
          part="mask"
          given={{ desk: page, reference: masking.value, mask: page.mask.value, onClose: unmask }}
          onClose={unmask}
        />
      )}
      {comparing.value !== null && (
        <Part<Over>
          page={page}
          part="compare"
          given={{
            document: comparing.value,
            files: page.pixels,
            language: page.language.value,
            onClose: closeComparison,
          }}
          onClose={closeComparison}
        />
      )}
      {shown && <Viewer page={page} card={shown} cards={done} onMove={show} onClose={() => show(null)} />}
    </div>
  );
}

/** A provider was chosen that has no key: how to give it one. */
function KeyHint({ page }: { page: Page }) {
  const without = new Map(
    page.targets.value
      .filter(({ provider }) => !provider.key && provider.key_hint)
      .map(({ provider }) => [provider.name, provider]),
  );
  if (without.size === 0) return null;
  return (
    <div class="ic-keyhint">
      <Icon name="key" />
      <div>
        {[...without.values()].map((provider) => (
          <p key={provider.name}>{provider.key_hint}</p>
        ))}
      </div>
    </div>
  );
}

/** After several unknown outcomes nothing more is sent until the person says so. */
function Paused({ page }: { page: Page }) {
  const t = page.t.value;
  if (!page.facts.value?.paused) return null;
  return (
    <div class="ic-keyhint">
      <Icon name="alert" />
      <div>
        <p>{t(words, "paused")}</p>
        <Button look="ic-small" onClick={() => void page.runs.resume()}>
          {t(words, "resume")}
        </Button>
      </div>
    </div>
  );
}

/** The kernel does not answer: why that may be, and what to do. */
function Quiet({ page }: { page: Page }) {
  const t = page.t.value;
  const link = page.link.value;
  if (link === "there" || link === "opening") return null;
  return (
    <p class="ic-quiet" role="alert">
      <Icon name={link === "gone" ? "alert" : "clock"} />
      {t(words, link === "gone" ? "linkGone" : "linkQuiet")}
    </p>
  );
}
