/** The cards: only those that can be seen are on the page, and each stays in its place while it changes. */
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { Button } from "../look/button";
import type { Card as CardFacts } from "../protocol";
import { between, isOpen, nameOf } from "../state/list";
import type { Page } from "../state/page";
import { words } from "../words/page";
import { Card } from "./card";
import { Empty } from "./empty";
import { layout, moved, place, visible } from "./layout";

const PAD = 12;

export function Grid({ page, onOpen }: { page: Page; onOpen: (card: CardFacts) => void }) {
  const t = page.t.value;
  const { here, earlier } = page.shown.value;
  const all = [...here, ...earlier];
  const scroller = useRef<HTMLDivElement>(null);
  const cards = useRef<HTMLDivElement>(null);
  /** What lies above the cards, when there is something. */
  const above = () => Math.max(0, (cards.current?.offsetTop ?? 0) - PAD);
  const width = useSignal(0);
  const height = useSignal(0);
  const top = useSignal(0);
  const current = useSignal("");
  const anchor = useRef("");

  useLayoutEffect(() => {
    const box = scroller.current;
    if (!box) return;
    const measure = () => {
      width.value = Math.max(0, box.offsetWidth - 2 * PAD - 2);
      height.value = box.clientHeight;
    };
    measure();
    const watch = new ResizeObserver(measure);
    watch.observe(box);
    return () => watch.disconnect();
  }, [width, height]);

  const sizes = { width: width.value, here: here.length, earlier: earlier.length };
  const at = layout(sizes);
  const [from, to] = width.value > 0 ? visible(at, sizes, Math.max(0, top.value - above()), height.value) : [0, 0];
  const near = at.total - top.value - height.value < 2 * height.value;
  const more = page.library.more.value;
  const loading = page.library.loading.value;
  useEffect(() => {
    if (near && more && !loading && width.value > 0) void page.library.next();
  }, [near, more, loading, page, width.value]);

  // A new run is at the top: it is shown, wherever the grid was.
  const newest = page.cards.value.at(-1)?.call ?? "";
  const was = useRef(newest);
  useEffect(() => {
    if (newest !== was.current) scroller.current?.scrollTo({ top: 0 });
    was.current = newest;
  }, [newest]);

  const selected = new Set(page.view.value.selected);
  const select = (card: CardFacts, how: "toggle" | "range") => {
    const name = nameOf(card);
    const next = new Set(selected);
    if (how === "range") for (const one of between(all.map(nameOf), anchor.current || name, name)) next.add(one);
    else if (!next.delete(name)) next.add(name);
    if (how === "toggle") anchor.current = name;
    page.look({ selected: [...next].slice(0, 1000) });
  };

  const index = Math.max(
    0,
    all.findIndex((card) => nameOf(card) === current.value),
  );
  const focus = (to: number) => {
    const card = all[to];
    const box = scroller.current;
    if (!card || !box) return;
    current.value = nameOf(card);
    const y = place(at, to, here.length).top + above();
    if (y < box.scrollTop) box.scrollTop = y;
    else if (y + at.high + 2 * PAD > box.scrollTop + box.clientHeight)
      box.scrollTop = y + at.high + 2 * PAD - box.clientHeight;
    requestAnimationFrame(() =>
      requestAnimationFrame(() =>
        box.querySelector<HTMLElement>(`[data-at="${to}"] [data-main]`)?.focus({ preventScroll: true }),
      ),
    );
  };

  const keys = (event: KeyboardEvent) => {
    const main = event.target instanceof HTMLElement && "main" in event.target.dataset;
    const card = all[index];
    if (!main || !card) return;
    if (/^(Arrow|Home$|End$)/.test(event.key)) {
      const to = moved(at, sizes, index, event.key);
      if (event.shiftKey && card.state === "done") {
        if (!selected.has(nameOf(card))) select(card, "toggle");
        const next = all[to];
        if (next) select(next, "range");
      }
      focus(to);
    } else if (event.key === " ") select(card, "toggle");
    else if ((event.key === "s" || event.key === "S") && card.state === "done")
      void page.star(card, card.stars > 0 ? 0 : 5);
    else if (event.key === "Delete" && !isOpen(card))
      void page.remove(selected.size > 0 ? all.filter((one) => selected.has(nameOf(one))) : [card]);
    else if (event.key === "a" && (event.ctrlKey || event.metaKey)) {
      page.look({
        selected: all
          .filter((one) => one.state === "done")
          .map(nameOf)
          .slice(0, 1000),
      });
    } else if (event.key === "Escape" && selected.size > 0) page.look({ selected: [] });
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const box = at.side * (globalThis.devicePixelRatio || 1) > 320 ? 512 : 256;
  const none = all.length === 0;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys of the cards in it
    <div
      ref={scroller}
      class="ic-scroll"
      onScroll={(event) => {
        top.value = event.currentTarget.scrollTop;
      }}
      onKeyDown={keys}
    >
      {here.length === 0 && (
        <Empty page={page} small={earlier.length > 0} filtered={page.cards.value.some((card) => !card.deleted)} />
      )}
      {!none && (
        <div class="ic-cards" ref={cards} style={{ height: `${at.total}px` }}>
          {at.heading !== null && (
            <h3 class="ic-heading" style={{ top: `${at.heading}px` }}>
              {t(words, "earlier")}
            </h3>
          )}
          <ul aria-label={t(words, "pictures")}>
            {all.slice(from, to).map((card, offset) => {
              const number = from + offset;
              const { left, top: y } = place(at, number, here.length);
              const name = nameOf(card);
              return (
                <li
                  key={name}
                  data-at={number}
                  data-card={name}
                  aria-setsize={more ? -1 : all.length}
                  aria-posinset={number + 1}
                  class="ic-cell"
                  style={{ transform: `translate(${left}px, ${y}px)`, width: `${at.side}px`, height: `${at.high}px` }}
                  onFocusIn={() => {
                    current.value = name;
                  }}
                >
                  <Card
                    page={page}
                    card={card}
                    selected={selected.has(name)}
                    current={number === index}
                    box={box}
                    onOpen={() => onOpen(card)}
                    onSelect={(how) => select(card, how)}
                  />
                </li>
              );
            })}
          </ul>
        </div>
      )}
      {loading && earlier.length > 0 && (
        <p class="ic-loading">
          <span class="ic-spin" aria-hidden="true" /> {t(words, "loading")}
        </p>
      )}
    </div>
  );
}

export function Selection({ page, onCompare }: { page: Page; onCompare: (names: string[]) => void }) {
  const t = page.t.value;
  const { here, earlier } = page.shown.value;
  const names = new Set(page.view.value.selected);
  const cards = [...here, ...earlier].filter((card) => names.has(nameOf(card)));
  if (cards.length === 0) return null;
  const starred = cards.every((card) => card.stars > 0);
  return (
    <div class="ic-selection" role="toolbar" aria-label={t(words, "selection")}>
      <Button
        icon="close"
        look="ic-plain ic-small"
        label={t(words, "selectNone")}
        onClick={() => page.look({ selected: [] })}
      />
      <span class="ic-number">{t(words, "selected", { number: cards.length })}</span>
      <span class="ic-space" />
      <Button
        icon="star"
        full={starred}
        look="ic-plain ic-small"
        label={t(words, starred ? "unstar" : "star")}
        onClick={() => {
          for (const card of cards) void page.star(card, starred ? 0 : 5);
        }}
      />
      <Button
        icon="reference"
        look="ic-plain ic-small"
        label={t(words, "useReference")}
        onClick={async () => {
          for (const card of cards) if (card.sha) await page.useAsReference(nameOf(card));
        }}
      />
      <Button
        icon="compare"
        look="ic-plain ic-small"
        label={t(words, "compareThese")}
        off={cards.filter((card) => card.sha).length < 2}
        onClick={() => onCompare(cards.map(nameOf))}
      />
      <Button
        icon="delete"
        look="ic-plain ic-small"
        label={t(words, "delete")}
        onClick={() => void page.remove(cards)}
      />
    </div>
  );
}
