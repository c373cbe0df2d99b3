/** Numbers as people read them. */
import type { Card, Got, Honored, Money, Outside } from "../protocol";
import type { Translate } from "./language";
import { words } from "./page";

const SIGNS: Record<string, string> = { USD: "$", CNY: "¥", EUR: "€", GBP: "£" };

/** The smallest sum that is shown as a figure. */
const SMALLEST = 0.0001;

/** As the captions in Python write it; what is not zero is never shown as zero. */
export function money({ amount, currency }: Pick<Money, "amount" | "currency">): string {
  const small = 0 < amount && amount < SMALLEST;
  const figure = (small ? SMALLEST : amount).toFixed(4).replace(/0{1,2}$/, "");
  const sign = SIGNS[currency];
  return `${small ? "< " : ""}${sign ? `${sign}${figure}` : `${figure} ${currency}`}`;
}

/** Unknown is said so, never shown as nothing. */
export function costOf(t: Translate, cost: Money | null): string {
  if (cost === null) return t(words, "costUnknown");
  if (cost.basis === "free") return t(words, "free");
  const sum = money(cost);
  return cost.basis === "estimated" && !sum.startsWith("<") ? t(words, "about", { amount: sum }) : sum;
}

export function seconds(value: number): string {
  return `${value.toFixed(1)} s`;
}

/** Whole seconds, for a clock that runs. */
export function elapsed(began: number, now: number): string {
  const passed = Math.max(0, Math.floor((now - began) / 1000));
  return passed < 100 ? `${passed} s` : `${Math.floor(passed / 60)}:${String(passed % 60).padStart(2, "0")}`;
}

export function bytes(count: number): string {
  if (count < 1000) return `${count} B`;
  if (count < 1_000_000) return `${Math.round(count / 1000)} kB`;
  return `${(count / 1_000_000).toFixed(1)} MB`;
}

export function dimensions({ width, height }: Pick<Got, "width" | "height">): string {
  return `${width}×${height}`;
}

/** A size as it is sent, written as it is shown. */
export function times(size: string): string {
  return size.replace(/^(\d+)\s*[x×]\s*(\d+)$/, "$1×$2");
}

export function moment(iso: string, language: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  return date.toLocaleString(language === "zh" ? "zh-CN" : "en", { dateStyle: "medium", timeStyle: "short" });
}

/** The lines under a picture: what made it and how large (asked, then got, where these differ); how long and how much. */
export function lines(t: Translate, card: Card): [string, string] {
  const asked = String(card.asked.size ?? "");
  const got = card.got ? dimensions(card.got) : "";
  const other = got && /^\d/.test(asked) && times(asked) !== got;
  const sizes = other ? `${times(asked)} → ${got}` : times(got || asked);
  return [
    [card.model ?? card.provider, sizes].filter(Boolean).join(" · "),
    [card.seconds === null ? "" : seconds(card.seconds), card.state === "done" ? costOf(t, card.cost) : "", card.label]
      .filter(Boolean)
      .join(" · "),
  ];
}

/** What was asked for and what came, where these differ. */
export function broken(t: Translate, card: Card): [string, string][] {
  return card.honored.filter((one) => one.met === false).map((one) => [fieldName(t, one.name), both(one)]);
}

export function both({ asked, got }: Honored): string {
  return asked === got ? times(asked) : `${times(asked)} → ${times(got ?? "?")}`;
}

/** What a masked edit did beside its mask. */
export function outside(t: Translate, { changed, shift: [x, y] }: Outside): string {
  const leaked = t(words, "leaked", { share: percent(changed) });
  return x || y ? `${leaked} · ${t(words, "moved", { x: String(x), y: String(y) })}` : leaked;
}

/** A field as the page calls it; its own name where the page does not know it. */
export function fieldName(t: Translate, name: string): string {
  return Object.hasOwn(words.en, name) ? t(words, name as keyof typeof words.en) : name;
}

/** A share in percent; never 0 where something is marked, never 100 where something is not. */
export function percent(share: number): string {
  if (share > 0 && share < 0.01) return "< 1";
  if (share > 0.99 && share < 1) return "> 99";
  return String(Math.round(share * 100));
}
