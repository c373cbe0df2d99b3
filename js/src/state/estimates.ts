/** What the form would cost: asked when it has rested for a moment, one question at a time, the last form wins. */
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Channel } from "../channel";
import type { Draft, EstimateOk } from "../protocol";
import { Later } from "./later";

export class Estimates {
  /** Of the form as it was a moment ago; stays until the next comes, so that nothing flickers. */
  readonly last: Signal<EstimateOk | null> = signal(null);
  readonly asking: Signal<boolean> = signal(false);
  private again = false;
  private readonly later = new Later(250, () => void this.fetch());

  constructor(
    private readonly channel: Pick<Channel, "ask">,
    private readonly draft: ReadonlySignal<Draft>,
  ) {}

  ask(): void {
    this.later.soon();
  }

  dispose(): void {
    this.later.drop();
  }

  private async fetch(): Promise<void> {
    if (this.asking.value) {
      this.again = true;
      return;
    }
    this.asking.value = true;
    try {
      const { ok } = await this.channel.ask("estimate", { draft: this.draft.value });
      this.last.value = ok;
    } catch {
      this.last.value = null;
    } finally {
      this.asking.value = false;
      if (this.again) {
        this.again = false;
        this.later.soon();
      }
    }
  }
}
