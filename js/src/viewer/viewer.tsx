/** A picture at full size, with its facts and the chain of edits that led to it. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { items } from "../grid/actions";
import { Button } from "../look/button";
import { Dialog } from "../look/dialog";
import { Menu } from "../look/menu";
import type { Card, Step } from "../protocol";
import { nameOf } from "../state/list";
import type { Page } from "../state/page";
import { Spoken, Told } from "../told";
import { words } from "../words/page";
import { About } from "./about";
import { Lineage } from "./lineage";
import { Own } from "./own";
import { Stage } from "./stage";

interface Given {
  page: Page;
  card: Card;
  /** Those that the arrow keys go through, in the grid's order. */
  cards: readonly Card[];
  onMove: (card: Card) => void;
  onClose: () => void;
}

export function Viewer({ page, card, cards, onMove, onClose }: Given) {
  const t = page.t.value;
  const steps = useSignal<readonly Step[]>([]);
  /** A step of the chain that is looked at instead of the picture itself. */
  const looked = useSignal<Step | null>(null);
  const comparing = useSignal(false);
  const at = cards.findIndex((one) => nameOf(one) === nameOf(card));
  const go = (by: number) => {
    const next = cards[at + by];
    if (next) onMove(next);
  };

  const { id } = card;
  useEffect(() => {
    looked.value = null;
    comparing.value = false;
    steps.value = [];
    if (!id) return;
    const away = new AbortController();
    page.channel
      .ask("lineage", { id }, { signal: away.signal })
      .then(({ ok }) => {
        steps.value = ok.steps;
      })
      .catch((why: unknown) => page.report(why));
    return () => away.abort();
  }, [id, page, steps, looked, comparing]);

  const step = looked.value;
  const index = steps.value.findIndex((one) => one.id === (step?.id ?? id));
  const parent = index > 0 ? steps.value[index - 1] : undefined;
  const sha = step ? step.sha : card.sha;
  const prompt = step ? step.prompt : card.prompt;
  const alt = t(words, "alt", { prompt });
  const size = step
    ? { width: step.size[0] || 1024, height: step.size[1] || 1024 }
    : { width: card.got?.width ?? 1024, height: card.got?.height ?? 1024 };
  const name = step?.id ?? nameOf(card);

  return (
    <Dialog
      label={prompt || t(words, "picture")}
      look="ic-viewer"
      onClose={onClose}
      onKeyDown={(event) => {
        if (event.target instanceof HTMLElement && event.target.closest("input, textarea, [role=menu]")) return;
        if (event.key === "ArrowLeft") go(-1);
        else if (event.key === "ArrowRight") go(1);
        else if (event.key === "s" || event.key === "S") void page.star(card, card.stars > 0 ? 0 : 5);
        else if ((event.key === "c" || event.key === "C") && !event.ctrlKey && !event.metaKey && parent?.sha) {
          comparing.value = !comparing.value;
        } else return;
        event.preventDefault();
      }}
    >
      <header class="ic-bar">
        <Button icon="left" look="ic-plain" label={t(words, "previous")} off={at <= 0} onClick={() => go(-1)} />
        <Button
          icon="right"
          look="ic-plain"
          label={t(words, "next")}
          off={at < 0 || at >= cards.length - 1}
          onClick={() => go(1)}
        />
        <span class="ic-number ic-soft">
          {at >= 0 ? t(words, "place", { number: at + 1, most: cards.length }) : ""}
        </span>
        <span class="ic-space" />
        <Button
          icon="star"
          full={card.stars > 0}
          look={`ic-plain${card.stars > 0 ? " ic-starred" : ""}`}
          label={t(words, card.stars > 0 ? "unstar" : "star")}
          pressed={card.stars > 0}
          onClick={() => void page.star(card, card.stars > 0 ? 0 : 5)}
        />
        <Menu icon="more" look="ic-plain" label={t(words, "actions")} items={items(page, card)} />
        <Button icon="close" look="ic-plain" label={t(words, "close")} onClick={onClose} />
      </header>
      <div class="ic-see">
        {/* The page's own lie under this window. */}
        <Told page={page} />
        <Spoken page={page} />
        {sha ? (
          <Stage
            page={page}
            sha={sha}
            expected={size}
            alt={alt}
            other={
              comparing.value && parent?.sha
                ? { sha: parent.sha, alt: t(words, "alt", { prompt: parent.prompt }) }
                : null
            }
            tools={
              parent?.sha && (
                <Button
                  icon="compare"
                  look="ic-plain ic-small"
                  pressed={comparing.value}
                  onClick={() => {
                    comparing.value = !comparing.value;
                  }}
                >
                  {t(words, "compare")}
                </Button>
              )
            }
          />
        ) : (
          <div class="ic-stage-area ic-none">{t(words, "pictureGone")}</div>
        )}
        <aside class="ic-about">
          <About page={page} card={card} step={step} />
          {!step && id && page.facts.value?.library && <Own key={name} page={page} card={card} />}
          <div class="ic-row">
            <Button
              icon="branch"
              look="ic-main"
              onClick={() => {
                onClose();
                void page.editFrom(name, prompt);
              }}
            >
              {t(words, "editHere")}
            </Button>
            <Button
              icon="reference"
              onClick={() => {
                onClose();
                void page.useAsReference(name);
              }}
            >
              {t(words, "useReference")}
            </Button>
          </div>
        </aside>
      </div>
      {steps.value.length > 1 && (
        <Lineage
          page={page}
          steps={steps.value}
          current={step?.id ?? id ?? ""}
          onStep={(one) => {
            looked.value = one.id === id ? null : one;
          }}
        />
      )}
    </Dialog>
  );
}
