/** Runs: asked for once, cancelled by two ways, tried again. */
import { type Signal, signal } from "@preact/signals";
import { nonce, Refusal } from "../channel";
import type { Model } from "../host";
import type { Card } from "../protocol";
import { words } from "../words/page";
import { fitted, pictures } from "./draft";
import { nameOf } from "./list";
import type { Page } from "./page";

/** Milliseconds for the kernel to acknowledge a cancel before it is interrupted. */
const ACKNOWLEDGED = 600;
const DOUBLE_CLICK = 1200;

export class Runs {
  /** A run was asked for and not yet taken up: "waiting" when the kernel takes long to answer. */
  readonly sending: Signal<"no" | "asked" | "waiting"> = signal("no");
  /** The kernel's question before a large run; it is put to the person. */
  readonly question: Signal<string | null> = signal(null);
  /** How often Cancel was pressed since something was under way. */
  readonly cancels: Signal<number> = signal(0);
  /** Just pressed: the kernel takes a second press so soon for a double click, and only a second one lets go of what was sent. */
  readonly pressed: Signal<boolean> = signal(false);
  private tried: { draft: string; nonce: string } | null = null;

  constructor(
    private readonly page: Page,
    private readonly model: Model,
  ) {}

  /** Nothing is under way any more. */
  over(): void {
    this.cancels.value = 0;
  }

  /** `sure`: the kernel's question before a large run was answered. */
  async run(sure = false): Promise<void> {
    if (this.sending.value !== "no") return;
    this.question.value = null;
    if (!sure && pictures(this.page.draft.value, this.page.targets.value) > 1) {
      this.sending.value = "asked";
      const estimate = await this.page.estimates.fresh();
      this.sending.value = "no";
      if (estimate?.ask) {
        this.question.value = estimate.ask;
        this.page.say(estimate.ask);
        return;
      }
    }
    const draft = fitted(this.page.draft.value, this.page.providers.value);
    // The same form after a run that was never answered is the same run: asked twice, sent once.
    const text = JSON.stringify(draft);
    if (this.tried?.draft !== text) this.tried = { draft: text, nonce: nonce() };
    const once = this.tried.nonce;
    this.page.writeDraft.now();
    this.page.notice.value = null;
    this.sending.value = "asked";
    this.page.say(this.page.t.value(words, "saidSending"));
    try {
      await this.page.channel.ask(
        "run",
        { draft, nonce: once },
        {
          slow: () => {
            this.sending.value = "waiting";
          },
        },
      );
      this.tried = null;
    } catch (why) {
      if (!(why instanceof Refusal) || why.problem.kind !== "NoAnswer") this.tried = null;
      this.page.report(why);
    } finally {
      this.sending.value = "no";
    }
  }

  /** Two ways: a message, and, where nobody acknowledges it in time, an interrupt of the kernel. */
  async cancel(call: string | null = null): Promise<void> {
    if (this.pressed.value) return;
    this.cancels.value += 1;
    this.pressed.value = true;
    setTimeout(() => {
      this.pressed.value = false;
    }, DOUBLE_CLICK);
    const interrupt = setTimeout(() => void this.interrupt(), ACKNOWLEDGED);
    try {
      const { ok } = await this.page.channel.ask("cancel", { target: call }, { timeout: 20_000 });
      if (ok.message) this.page.tell({ text: ok.message, hint: null, bad: false });
    } catch (why) {
      this.page.report(why);
    } finally {
      clearTimeout(interrupt);
    }
  }

  private async interrupt(): Promise<void> {
    const kernel = this.model.widget_manager?.kernel;
    try {
      if (!kernel?.interrupt) throw new Error("no way to interrupt");
      await kernel.interrupt();
    } catch {
      this.page.tell({ text: this.page.t.value(words, "pressStop"), hint: null, bad: true });
    }
  }

  async retry(card: Card): Promise<void> {
    try {
      await this.page.channel.ask("retry", { card: nameOf(card), nonce: nonce() });
    } catch (why) {
      this.page.report(why);
    }
  }

  /** Sends to the chosen providers again, after they paused themselves. */
  async resume(): Promise<void> {
    try {
      for (const name of new Set(this.page.targets.value.map(({ provider }) => provider.name))) {
        await this.page.channel.ask("resume", { provider: name });
      }
    } catch (why) {
      this.page.report(why);
    }
  }
}
