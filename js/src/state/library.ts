/** The library's pictures of before, page by page as they are scrolled to, searched in the kernel. */
import { type Signal, signal } from "@preact/signals";
import type { Channel } from "../channel";
import type { Card } from "../protocol";
import { Later } from "./later";

const PAGE = 60;

export class Library {
  readonly cards: Signal<readonly Card[]> = signal([]);
  readonly more: Signal<boolean> = signal(false);
  readonly loading: Signal<boolean> = signal(false);
  /** Whether it has said once what it has. */
  readonly known: Signal<boolean> = signal(false);
  private text = "";
  private before: string | null = null;
  /** Which search an answer belongs to: a late one of the search before is dropped. */
  private turn = 0;
  private begun = false;
  private readonly later = new Later(300, () => void this.begin());

  constructor(
    private readonly channel: Pick<Channel, "ask">,
    private readonly report: (why: unknown) => void,
  ) {}

  async first(text: string): Promise<void> {
    if (this.begun) return;
    this.text = text;
    await this.begin();
  }

  search(text: string): void {
    this.text = text;
    this.later.soon();
  }

  async next(): Promise<void> {
    if (this.loading.value || !this.more.value) return;
    await this.load();
  }

  private async begin(): Promise<void> {
    this.begun = true;
    this.before = null;
    await this.load();
  }

  private async load(): Promise<void> {
    this.turn += 1;
    const { turn, before } = this;
    this.loading.value = true;
    try {
      const { ok } = await this.channel.ask("history", { text: this.text, before, limit: PAGE });
      if (turn !== this.turn) return;
      this.cards.value = before === null ? ok.cards : [...this.cards.value, ...ok.cards];
      this.more.value = ok.more;
      this.before = ok.before;
    } catch (why) {
      if (turn !== this.turn) return;
      this.more.value = false;
      this.report(why);
    } finally {
      this.known.value = true;
      if (turn === this.turn) this.loading.value = false;
    }
  }
}
