/** One vote: the pair that is asked, what is sent, what comes back. One for each model, so that two views show the same. */
import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { type Asking, Channel, Refusal } from "../channel";
import type { Model } from "../host";
import { FITTED, type Plate, Plates, type Shared, share } from "../panes";
import { VERSION } from "../protocol";
import { hostLanguage, keepLanguage, keptLanguage, type Language, type Translate, translator } from "../words/language";
import type { Cast, Replies, Requests, Results, Side, Turn } from "./protocol";
import { words } from "./words";

export type Choice = Cast["choice"];
export const CHOICES: readonly Choice[] = ["left", "tie", "bad", "right"];

export interface Notice {
  text: string;
  hint: string | null;
}

interface Facts {
  version: string;
  language: string;
  rater: string;
}

const READY = 15_000;
/** Where this browser remembers who sits before it; some hosts forbid storage. */
const KEPT = "imgcell.rater";
/** Milliseconds that are believed: a day. */
const LONGEST = 86_400_000;

export class Voting {
  readonly channel: Channel<Requests, Replies, Record<string, never>>;
  readonly shared: Shared = share();
  readonly turn: Signal<Turn | null> = signal(null);
  readonly plates: Signal<{ left: Plate; right: Plate } | null> = signal(null);
  readonly results: Signal<Results | null> = signal(null);
  /** Whether it is asked if the results shall be seen. */
  readonly wondering: Signal<boolean> = signal(false);
  readonly question: Signal<string | null> = signal(null);
  readonly busy: Signal<boolean> = signal(false);
  /** Both pictures are here: before that there is nothing to vote on. */
  readonly there: Signal<boolean> = signal(false);
  readonly slow: Signal<boolean> = signal(false);
  readonly notice: Signal<Notice | null> = signal(null);
  readonly spoken: Signal<string> = signal("");
  readonly language: Signal<Language>;
  readonly t: ReadonlySignal<Translate> = computed(() => translator(this.language.value));

  private all = new Plates();
  private began = performance.now();
  private started = false;
  private readonly stop: (() => void)[] = [];

  constructor(private readonly model: Model) {
    this.channel = new Channel(model);
    const { language = "" } = this.facts();
    this.language = signal(
      keptLanguage() ??
        hostLanguage({
          page: document.documentElement.lang,
          jupyter: document.body.dataset.jpThemeLight !== undefined,
          kernel: language,
          browser: navigator.language,
        }),
    );
    const asked = () => {
      if (this.started) void this.ready();
    };
    // JupyterLab says so when the kernel restarts or comes back; whether it answers is asked.
    for (const event of ["comm_live_update", "comm:close"]) {
      model.on(event, asked);
      this.stop.push(() => model.off(event, asked));
    }
  }

  /** The first view is there. */
  start(): void {
    if (this.started) return;
    this.started = true;
    void this.ready();
  }

  dispose(): void {
    for (const one of this.stop) one();
    this.channel.dispose();
    this.all.dispose();
  }

  speak(language: Language): void {
    this.language.value = language;
    keepLanguage(language);
    // Some of what the results say are the kernel's sentences.
    if (this.results.value) void this.look();
  }

  // -- what a rater does --------------------------------------------------------------------------------------

  async vote(choice: Choice): Promise<void> {
    const turn = this.turn.value;
    if (!turn || !this.there.value || this.results.value || this.wondering.value) return;
    const ms = Math.min(LONGEST, Math.max(0, Math.round(performance.now() - this.began)));
    const fields = { pair: turn.pair, choice, ms, rater: turn.rater, language: this.code };
    if (await this.ask("vote", fields)) this.say("saidVote", { choice: this.t.value(words, choice) });
  }

  async undo(): Promise<void> {
    const turn = this.turn.value;
    if (!turn || turn.done === 0 || this.results.value || this.wondering.value) return;
    if (await this.ask("undo", { rater: turn.rater, language: this.code })) this.say("saidUndo");
  }

  async rate(name: string): Promise<void> {
    const rater = [...name.trim()].slice(0, 100).join("").slice(0, 100);
    if (rater === (this.turn.value?.rater ?? "")) return;
    try {
      localStorage.setItem(KEPT, rater);
    } catch {
      // A frame without storage: the name holds until the page is left.
    }
    await this.ask("turn", { rater, language: this.code });
  }

  /** Only on wish, and asked once more before the first time. */
  async wonder(): Promise<void> {
    if (this.turn.value?.seen) await this.look();
    else this.wondering.value = true;
  }

  async look(): Promise<void> {
    const turn = this.turn.value;
    if (!turn) return;
    if (await this.ask("results", { rater: turn.rater, language: this.code })) this.wondering.value = false;
  }

  back(): void {
    this.results.value = null;
    this.wondering.value = false;
    this.began = performance.now();
  }

  // -- inside -------------------------------------------------------------------------------------------------

  private get code(): "en" | "zh-CN" {
    return this.language.value === "zh" ? "zh-CN" : "en";
  }

  private facts(): Partial<Facts> {
    return (this.model.get("facts") ?? {}) as Partial<Facts>;
  }

  private async ready(): Promise<void> {
    const rater = this.turn.value?.rater ?? (this.facts().rater ? null : kept());
    const fields = {
      version: VERSION,
      buffers_probe: true,
      base64: this.channel.base64,
      language: this.code,
      rater,
    };
    const bytes = new Uint8Array([1, 2, 3]);
    const asking = { bytes, timeout: READY, slow: () => this.wait(true) };
    this.channel.base64 = false;
    try {
      const { ok, bytes: probe } = await this.channel.ask("ready", fields, asking);
      this.channel.base64 = !ok.buffers || probe?.length !== 3;
      this.question.value = ok.question;
      this.notice.value = ok.warning ? { text: ok.warning, hint: null } : null;
      this.take(ok.turn);
    } catch (why) {
      this.report(why);
    }
    this.wait(false);
  }

  /** One at a time; what comes back is shown. Returns whether it was done. */
  private async ask<K extends "vote" | "undo" | "turn" | "results">(kind: K, fields: Requests[K]): Promise<boolean> {
    if (this.busy.value) return false;
    this.busy.value = true;
    this.notice.value = null;
    const asking: Asking = { slow: () => this.wait(true) };
    try {
      const ok = (await this.channel.ask(kind, fields, asking)).ok as { turn: Turn; results?: Results };
      if (ok.results) this.results.value = ok.results;
      this.take(ok.turn);
      return true;
    } catch (why) {
      this.report(why, kind === "vote");
      return false;
    } finally {
      this.busy.value = false;
      this.wait(false);
    }
  }

  private take(turn: Turn): void {
    const was = this.turn.value;
    this.turn.value = turn;
    if (was?.pair === turn.pair) return;
    const old = this.all;
    // A pair is seen once: its pixels are not kept.
    this.all = new Plates();
    this.began = performance.now();
    const blobs: Promise<Blob>[] = [];
    const plate = (side: Side): Plate => {
      const blob = this.fetch(side.token);
      blobs.push(blob);
      return this.all.of({
        key: side.token,
        width: side.width,
        height: side.height,
        small: () => blob,
        full: () => blob,
      });
    };
    this.there.value = false;
    this.shared.view.value = FITTED;
    this.shared.pointer.value = null;
    this.plates.value = { left: plate(turn.left), right: plate(turn.right) };
    void Promise.all(blobs).then(
      () => {
        if (this.turn.value?.pair !== turn.pair) return;
        this.there.value = true;
        this.began = performance.now();
      },
      async (why: unknown) => {
        if (this.turn.value?.pair !== turn.pair) return;
        // One that cannot be read is left out by the kernel: it asks another pair, and says so once.
        await this.ask("turn", { rater: turn.rater, language: this.code });
        this.report(why);
      },
    );
    requestAnimationFrame(() => old.dispose());
  }

  private async fetch(token: string): Promise<Blob> {
    const { ok, bytes } = await this.channel.ask("picture", { token, base64: this.channel.base64 });
    if (!bytes) throw new Error("no picture came");
    return new Blob([bytes], { type: ok.media_type });
  }

  private report(why: unknown, vote = false): void {
    const problem = why instanceof Refusal ? why.problem : null;
    if (problem?.kind === "Aborted") return;
    const t = this.t.value;
    this.notice.value =
      problem?.kind === "NoAnswer"
        ? { text: t(words, vote ? "noCount" : "noAnswer"), hint: t(words, "noAnswerHint") }
        : problem
          ? { text: problem.message || t(words, "notWorked"), hint: problem.hint }
          : { text: t(words, "notWorked"), hint: t(words, "noAnswerHint") }; // the kernel it was made by is gone
    this.spoken.value = this.notice.value.text;
  }

  private wait(slow: boolean): void {
    this.slow.value = slow;
  }

  private say(name: "saidVote" | "saidUndo", given: Record<string, string> = {}): void {
    // The same sentence twice is spoken twice: a screen reader reads what changed.
    const said = this.t.value(words, name, given);
    this.spoken.value = this.spoken.value === said ? `${said} ` : said;
  }
}

function kept(): string | null {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}
