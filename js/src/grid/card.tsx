/** One picture in the grid: on its way, there, failed, unknown. The same size in every state. */
import { Button } from "../look/button";
import { Icon } from "../look/icons";
import { Menu } from "../look/menu";
import { Picture } from "../look/picture";
import type { Card as CardFacts } from "../protocol";
import { CARD_DRAG } from "../slots";
import { isOpen, nameOf } from "../state/list";
import type { Page } from "../state/page";
import { broken, elapsed, lines, outside } from "../words/amounts";
import { words } from "../words/page";
import { items } from "./actions";

/** Milliseconds until the final picture covers the partial one under it. */
const FADE = 250;

interface Given {
  page: Page;
  card: CardFacts;
  selected: boolean;
  /** The one of the grid that the tab key reaches. */
  current: boolean;
  box: 256 | 512;
  onOpen: () => void;
  onSelect: (how: "toggle" | "range") => void;
}

export function Card({ page, card, selected, current, box, onOpen, onSelect }: Given) {
  const t = page.t.value;
  const tab = current ? 0 : -1;
  const under = isOpen(card);
  const preview = page.previews.of(nameOf(card)).value;
  const alt = t(words, "alt", { prompt: card.prompt });
  const [first, second] = lines(t, card);
  const otherwise = broken(t, card);
  const name = `${stateName(page, card)}: ${card.prompt}`;
  return (
    <div class={`ic-card ic-is-${card.state}${selected ? " ic-selected" : ""}`}>
      <div class="ic-frame">
        {preview && <img class="ic-pixels ic-shown" src={preview} alt={under ? alt : ""} draggable={false} />}
        {card.state === "done" && card.sha ? (
          <button
            type="button"
            class="ic-open"
            data-main
            tabIndex={tab}
            draggable
            aria-label={name}
            onDragStart={(event) => {
              event.dataTransfer?.setData(CARD_DRAG, nameOf(card));
              if (event.dataTransfer) event.dataTransfer.effectAllowed = "copy";
            }}
            onClick={(event) => {
              if (event.shiftKey) onSelect("range");
              else if (event.ctrlKey || event.metaKey) onSelect("toggle");
              else onOpen();
            }}
          >
            <Picture
              page={page}
              sha={card.sha}
              box={box}
              alt={alt}
              onShown={() => setTimeout(() => page.previews.drop(nameOf(card)), FADE)}
            />
          </button>
        ) : under ? (
          <div class="ic-wait" data-main tabIndex={tab} role="img" aria-label={name}>
            <Waiting page={page} card={card} />
          </div>
        ) : (
          <Trouble page={page} card={card} tab={tab} name={name} />
        )}
        {card.outside && <p class="ic-leaked">≠ {outside(t, card.outside)}</p>}
        {card.state === "done" && (
          <div class="ic-over">
            <label class={`ic-pick${selected ? " ic-on" : ""}`} title={t(words, "select")}>
              <input
                type="checkbox"
                checked={selected}
                aria-label={t(words, "select")}
                tabIndex={tab}
                onClick={(event) => onSelect(event.shiftKey ? "range" : "toggle")}
              />
              {selected && <Icon name="check" />}
            </label>
            <span class="ic-tools">
              <Button
                icon="star"
                full={card.stars > 0}
                look={`ic-plain ic-small${card.stars > 0 ? " ic-starred" : ""}`}
                label={t(words, card.stars > 0 ? "unstar" : "star")}
                pressed={card.stars > 0}
                tabIndex={tab}
                onClick={() => void page.star(card, card.stars > 0 ? 0 : 5)}
              />
              <Actions page={page} card={card} tab={tab} />
            </span>
          </div>
        )}
      </div>
      <div class="ic-caption">
        <p class="ic-said" title={card.prompt}>
          {card.prompt}
        </p>
        <p class="ic-small-facts">
          <span class="ic-line">{first}</span>
        </p>
        <p class="ic-small-facts">
          <span class="ic-line">{second}</span>
          {card.replayed && <span class="ic-tag">{t(words, "replayed")}</span>}
          {otherwise.length > 0 && (
            <span class="ic-line ic-broken" title={otherwise.map((one) => one.join(" ")).join("\n")}>
              ≠ {otherwise.map(([name]) => name).join(", ")}
            </span>
          )}
          {card.notes.length > 0 && (
            <span class="ic-adapted" title={card.notes.join("\n")}>
              <Icon name="alert" />
              <span class="ic-unseen">{t(words, "adapted", { notes: card.notes.join(" ") })}</span>
            </span>
          )}
        </p>
      </div>
    </div>
  );
}

function Waiting({ page, card }: { page: Page; card: CardFacts }) {
  const t = page.t.value;
  // Read so that the clock runs.
  const now = page.second.value >= 0 ? Date.now() : 0;
  return (
    <span class="ic-progress">
      <span class="ic-spin" aria-hidden="true" />
      <span class="ic-what">{card.message || t(words, card.state as "queued")}</span>
      <span class="ic-number">{card.began === null ? "" : elapsed(card.began, now)}</span>
    </span>
  );
}

function Trouble({ page, card, tab, name }: { page: Page; card: CardFacts; tab: number; name: string }) {
  const t = page.t.value;
  const unknown = card.state === "unknown";
  const cancelled = card.state === "cancelled";
  const message = card.error?.message || card.message;
  const hint = card.error?.hint;
  return (
    <div class="ic-trouble" data-main tabIndex={tab} role="group" aria-label={name}>
      <p class="ic-head">
        <Icon name={unknown ? "unknown" : cancelled ? "stop" : "alert"} />
        <strong>{t(words, card.state === "done" ? "pictureGone" : (card.state as "failed"))}</strong>
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a reason that is longer than its place scrolls with the keyboard */}
      <div class="ic-why" tabIndex={0} title={[message, hint].filter(Boolean).join("\n")}>
        {message && <p>{message}</p>}
        {hint && <p class="ic-noted">{hint}</p>}
      </div>
      <span class="ic-row">
        <Button icon="retry" look="ic-small" tabIndex={tab} onClick={() => void page.runs.retry(card)}>
          {t(words, unknown ? "retryUnknown" : "retry")}
        </Button>
        <Actions page={page} card={card} tab={tab} />
      </span>
    </div>
  );
}

/** What can be done with a card, behind its dots. */
function Actions({ page, card, tab }: { page: Page; card: CardFacts; tab: number }) {
  const label = page.t.value(words, "actions");
  return <Menu icon="more" look="ic-plain ic-small" label={label} tabIndex={tab} items={items(page, card)} />;
}

function stateName(page: Page, card: CardFacts): string {
  return page.t.value(words, card.state);
}
