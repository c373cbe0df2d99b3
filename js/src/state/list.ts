/** Which cards are shown, and in what order. Pure. */
import type { Card, View } from "../protocol";

export const SORTS = ["new", "old", "stars", "cost", "seconds"] as const;
export const FILTERS = ["all", "starred", "edits", "working", "failed"] as const;
export type Sort = (typeof SORTS)[number];
export type Filter = (typeof FILTERS)[number];

export const LOOK: View = { sort: "new", filter: "all", text: "", selected: [], open: null, tab: "", language: "" };

export function viewOf(given: unknown): View {
  const some = (typeof given === "object" && given !== null ? given : {}) as Partial<View>;
  const known = (names: readonly string[], name: string | undefined) => names.find((one) => one === name);
  return {
    ...LOOK,
    ...some,
    sort: known(SORTS, some.sort) ?? LOOK.sort,
    filter: known(FILTERS, some.filter) ?? LOOK.filter,
  };
}

export function isOpen(card: Card): boolean {
  return ["queued", "sending", "working", "receiving", "partial"].includes(card.state);
}

/** What a card is called where the kernel asks for a card: the library's pictures by their id. */
export function nameOf(card: Card): string {
  return card.call === "" && card.id !== null ? card.id : card.key;
}

function kept(card: Card, filter: string): boolean {
  switch (filter) {
    case "starred":
      return card.stars > 0;
    case "edits":
      return card.kind === "edit";
    case "working":
      return isOpen(card);
    case "failed":
      return card.state === "failed" || card.state === "unknown" || card.state === "cancelled";
    default:
      return true;
  }
}

function holds(card: Card, words: readonly string[]): boolean {
  if (words.length === 0) return true;
  const all = [card.prompt, card.provider, card.model ?? "", card.label, card.note, ...card.tags, card.id ?? ""]
    .join("\n")
    .toLowerCase();
  return words.every((word) => all.includes(word));
}

/** The last run first, each run in its own order. */
function newestFirst(cards: readonly Card[]): Card[] {
  const runs: Card[][] = [];
  let last: string | null = null;
  for (const card of cards) {
    if (card.call === last && last !== "") runs.at(-1)?.push(card);
    else runs.push([card]);
    last = card.call;
  }
  return runs.reverse().flat();
}

function sorted(cards: Card[], sort: string): Card[] {
  const most = (value: (card: Card) => number | null) => [...cards].sort((a, b) => (value(b) ?? -1) - (value(a) ?? -1));
  switch (sort) {
    case "old":
      return cards.reverse();
    case "stars":
      return most((card) => card.stars);
    case "cost":
      return most((card) => card.cost?.amount ?? null);
    case "seconds":
      return most((card) => card.seconds);
    default:
      return cards;
  }
}

export interface Shown {
  /** This Studio's. */
  here: Card[];
  /** The library's that are not among them. */
  earlier: Card[];
}

/** `cards` is the trait (oldest first), `earlier` the library as far as it is loaded (newest first, already searched). */
export function shown(cards: readonly Card[], earlier: readonly Card[], view: View): Shown {
  const words = view.text.toLowerCase().split(/\s+/).filter(Boolean);
  const live = cards.filter((card) => !card.deleted);
  const ids = new Set(cards.map((card) => card.id).filter((id) => id !== null));
  return {
    here: sorted(
      newestFirst(live).filter((card) => kept(card, view.filter) && holds(card, words)),
      view.sort,
    ),
    earlier: sorted(
      earlier.filter((card) => !card.deleted && kept(card, view.filter) && !(card.id !== null && ids.has(card.id))),
      view.sort,
    ),
  };
}

/** New facts over old ones, in the old order; new cards at the end. */
export function merged(cards: readonly Card[], changed: readonly Card[]): Card[] {
  const news = new Map(changed.map((card) => [card.key, card]));
  const all = cards.map((card) => {
    const found = news.get(card.key);
    news.delete(card.key);
    return found ?? card;
  });
  return [...all, ...news.values()];
}

/** The keys from one to the other in the order shown, for a selection with Shift. */
export function between(keys: readonly string[], from: string, to: string): string[] {
  const a = keys.indexOf(from);
  const b = keys.indexOf(to);
  if (a < 0 || b < 0) return [to];
  return keys.slice(Math.min(a, b), Math.max(a, b) + 1);
}
