/** What the form would cost: asked when it has rested for a moment, one question at a time, the last form wins. */
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Channel } from "../channel";
import type { Draft, EstimateOk } from "../protocol";
import { Later } from "./later";

/** Milliseconds that a run waits for the price of what was changed just before it. */
const WAIT = 3000;

export class Estimates {
  /** Of the form as it was a moment ago; stays until the next comes, so that nothing flickers. */
  readonly last: Signal<EstimateOk | null> = signal(null);
  readonly asking: Signal<boolean> = signal(false);
  private again = false;
  private running: Promise<void> | null = null;
  private readonly later = new Later(250, () => this.fetch());

  constructor(
    private readonly channel: Pick<Channel, "ask">,
    private readonly draft: ReadonlySignal<Draft>,
  ) {}

  ask(): void {
    this.later.soon();
  }

  /** Of the form as it is now; null when the kernel does not say in time. */
  async fresh(): Promise<EstimateOk | null> {
    this.later.now();
    const late = new Promise<void>((done) => setTimeout(done, WAIT));
    while (this.running) {
      if ((await Promise.race([this.running.then(() => false), late.then(() => true)])) === true) return null;
      this.later.now();
    }
    return this.last.value;
  }

  dispose(): void {
    this.later.drop();
  }

  private fetch(): void {
    if (this.running) {
      this.again = true;
      return;
    }
    this.asking.value = true;
    this.running = this.channel
      .ask("estimate", { draft: this.draft.value })
      .then(
        ({ ok }) => {
          this.last.value = ok;
        },
        () => {
          this.last.value = null;
        },
      )
      .finally(() => {
        this.asking.value = false;
        this.running = null;
        if (this.again) {
          this.again = false;
          this.fetch();
        }
      });
  }
}
