/** What comes into the tray, and what is on its way: the same in every view of a Studio. */
import { type Signal, signal } from "@preact/signals";
import { Refusal } from "../channel";
import { LIMITS, type Problem, type Reference, type Variable } from "../protocol";
import type { Desk } from "../slots";
import { bytes } from "../words/amounts";
import { joined, moved } from "./order";
import { type Source, Unreadable, upload, type Way } from "./upload";
import { words } from "./words";

export interface Coming {
  id: number;
  name: string;
  way: { state: "waiting" } | Way | { state: "failed"; problem: Pick<Problem, "message" | "hint">; again: boolean };
}

export type Picked = Source & { readonly name?: string; readonly type: string };

/** Names are text from outside: one line, no control or direction characters, not endless. */
export function plain(name: string | undefined): string {
  const text = (name ?? "").replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").trim();
  return text.length > 80 ? `${text.slice(0, 60)}…${text.slice(-16)}` : text;
}

export class Tray {
  readonly coming: Signal<readonly Coming[]> = signal([]);
  readonly variables: Signal<readonly Variable[]> = signal([]);
  private readonly sources = new Map<number, Picked>();
  private readonly givenUp = new Map<number, AbortController>();
  private count = 0;
  private running = false;
  private asked = 0;

  constructor(private readonly desk: Desk) {}

  /** Files in their order; each that cannot be taken says why in its place. */
  take(files: readonly Picked[]): void {
    for (const file of files) {
      this.count += 1;
      const id = this.count;
      this.sources.set(id, file);
      const name = plain(file.name) || "—";
      const problem = this.refused(file, name);
      this.coming.value = [
        ...this.coming.value,
        { id, name, way: problem ? { state: "failed", problem, again: false } : { state: "waiting" } },
      ];
      if (problem) this.desk.say([problem.message, problem.hint].filter(Boolean).join(" "));
    }
    void this.run();
  }

  again(id: number): void {
    this.set(id, { state: "waiting" });
    void this.run();
  }

  drop(id: number): void {
    this.givenUp.get(id)?.abort();
    this.sources.delete(id);
    this.coming.value = this.coming.value.filter((one) => one.id !== id);
  }

  async fromCard(card: string): Promise<void> {
    await this.from(() => this.desk.channel.ask("reference-from-card", { card }));
  }

  async fromVariable(name: string): Promise<void> {
    await this.from(() => this.desk.channel.ask("reference-from-variable", { name }));
  }

  /** The last answer wins; a list that cannot be had is an empty one. */
  async lookForVariables(): Promise<void> {
    this.asked += 1;
    const mine = this.asked;
    const found = await this.desk.channel.ask("variables", {}).then(
      ({ ok }) => ok.variables,
      () => [],
    );
    if (mine === this.asked) this.variables.value = found;
  }

  /** Where the place depends on the order at that moment. */
  moveTo(key: string, place: (keys: readonly string[]) => number): void {
    this.move(key, place(this.desk.chosen.value));
  }

  move(key: string, place: number): void {
    const before = this.desk.chosen.value;
    const keys = moved(before, key, place);
    if (keys.every((one, index) => one === before[index])) return;
    this.desk.choose(keys);
    this.desk.say(this.t("saidMoved", { number: keys.indexOf(key) + 1, most: keys.length }));
  }

  remove(key: string): void {
    const before = this.desk.chosen.value;
    this.desk.choose(before.filter((one) => one !== key));
    this.desk.say(this.t("saidRemoved", { number: before.indexOf(key) + 1 }));
  }

  private t(name: keyof typeof words.en, given?: Record<string, string | number>): string {
    return this.desk.t.value(words, name, given);
  }

  private refused(file: Picked, name: string): Pick<Problem, "message" | "hint"> | null {
    if (file.size > LIMITS.upload) {
      const given = { name, size: bytes(file.size), most: bytes(LIMITS.upload) };
      return { message: this.t("tooLarge", given), hint: this.t("tooLargeHint") };
    }
    if (file.type && !file.type.startsWith("image/")) return { message: this.t("noPicture", { name }), hint: null };
    if (file.size === 0) return { message: this.t("empty", { name }), hint: this.t("unreadableHint") };
    return null;
  }

  private async from(ask: () => Promise<{ ok: { reference: Reference } }>): Promise<void> {
    try {
      this.add((await ask()).ok.reference);
    } catch (why) {
      this.desk.report(why);
    }
  }

  private add(reference: Reference): void {
    const { references, chosen } = this.desk;
    references.value = new Map(references.value).set(reference.key, reference);
    const { keys, left } = joined(chosen.value, [reference.key], LIMITS.references);
    if (left) {
      const message = this.t("tooMany", { most: LIMITS.references });
      this.desk.report({ message, hint: this.t("tooManyHint"), kind: "InvalidJobError" });
      return;
    }
    if (keys.length > chosen.value.length) this.desk.choose(keys);
    this.desk.say(
      this.t("saidAdded", { name: plain(reference.name), number: this.desk.chosen.value.indexOf(reference.key) + 1 }),
    );
  }

  private set(id: number, way: Coming["way"]): void {
    this.coming.value = this.coming.value.map((one) => (one.id === id ? { ...one, way } : one));
  }

  /** One after the other: they get their numbers in the order in which they were given. */
  private async run(): Promise<void> {
    if (this.running) return;
    this.running = true;
    for (;;) {
      const next = this.coming.value.find((one) => one.way.state === "waiting");
      const source = next && this.sources.get(next.id);
      if (!next || !source) break;
      const { id, name } = next;
      const stop = new AbortController();
      this.givenUp.set(id, stop);
      try {
        const reference = await upload(this.desk.channel, name, source, stop.signal, (way) => this.set(id, way));
        if (!stop.signal.aborted) {
          this.drop(id);
          this.add(reference);
        }
      } catch (why) {
        if (!stop.signal.aborted) {
          const problem = this.problem(why, name);
          this.set(id, { state: "failed", problem, again: true });
          this.desk.say([problem.message, problem.hint].filter(Boolean).join(" "));
        }
      } finally {
        this.givenUp.delete(id);
      }
    }
    this.running = false;
  }

  private problem(why: unknown, name: string): Pick<Problem, "message" | "hint"> {
    if (why instanceof Unreadable) return { message: this.t("unreadable", { name }), hint: this.t("unreadableHint") };
    if (why instanceof Refusal && why.problem.message) return why.problem;
    return { message: this.t("broken"), hint: null };
  }
}

const trays = new WeakMap<Desk, Tray>();

export function trayOf(desk: Desk): Tray {
  const tray = trays.get(desk) ?? new Tray(desk);
  trays.set(desk, tray);
  return tray;
}
