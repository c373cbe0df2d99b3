/** Numbers as people read them. */
import type { Card, Got, Money } from "../protocol";
import type { Translate } from "./language";
import { words } from "./page";

const SIGNS: Record<string, string> = { USD: "$", CNY: "¥", EUR: "€", GBP: "£" };

export function money({ amount, currency }: Pick<Money, "amount" | "currency">): string {
  const digits = amount !== 0 && Math.abs(amount) < 0.1 ? 4 : 2;
  const figure = amount.toFixed(digits).replace(/(\.\d\d\d*?)0+$/, "$1");
  const sign = SIGNS[currency];
  return sign ? `${sign}${figure}` : `${figure} ${currency}`;
}

/** Unknown is said so, never shown as nothing. */
export function costOf(t: Translate, cost: Money | null): string {
  if (cost === null) return t(words, "costUnknown");
  if (cost.basis === "free") return t(words, "free");
  return cost.basis === "billed" ? money(cost) : t(words, "about", { amount: money(cost) });
}

export function seconds(value: number): string {
  if (value < 10) return `${value.toFixed(1)} s`;
  if (value < 100) return `${Math.round(value)} s`;
  return `${Math.floor(value / 60)} min ${String(Math.floor(value % 60)).padStart(2, "0")} s`;
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
  return `${width} × ${height}`;
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
  const plain = (size: string) => size.replace(/\s*[x×]\s*/, "×");
  const sizes =
    got && asked && /^\d/.test(asked) && plain(asked) !== plain(got)
      ? `${plain(asked)} → ${plain(got)}`
      : plain(got || asked);
  return [
    [card.model ?? card.provider, sizes].filter(Boolean).join(" · "),
    [card.seconds === null ? "" : seconds(card.seconds), card.state === "done" ? costOf(t, card.cost) : "", card.label]
      .filter(Boolean)
      .join(" · "),
  ];
}
