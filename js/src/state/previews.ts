/** Partial pictures by card: each takes the place of the one before, and goes when the final one can be seen. */
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Channel } from "../channel";
import type { Card } from "../protocol";

export class Previews {
  private readonly urls = new Map<string, Signal<string | null>>();
  private readonly stop: () => void;

  constructor(channel: Pick<Channel, "on">, cards: ReadonlySignal<readonly Card[]>) {
    const off = channel.on("preview", ({ card, media_type }, bytes) => {
      if (!bytes) return;
      const url = this.of(card) as Signal<string | null>;
      const old = url.value;
      url.value = URL.createObjectURL(new Blob([bytes], { type: media_type }));
      if (old) URL.revokeObjectURL(old);
    });
    // What is over without a picture, or taken away, needs no partial one.
    const over = cards.subscribe((all) => {
      for (const card of all) {
        if (card.deleted || card.state === "failed" || card.state === "cancelled" || card.state === "unknown") {
          this.drop(card.key);
        }
      }
    });
    this.stop = () => {
      off();
      over();
    };
  }

  of(key: string): ReadonlySignal<string | null> {
    let url = this.urls.get(key);
    if (!url) {
      url = signal(null);
      this.urls.set(key, url);
    }
    return url;
  }

  drop(key: string): void {
    const url = this.urls.get(key);
    if (!url?.value) return;
    URL.revokeObjectURL(url.value);
    url.value = null;
  }

  dispose(): void {
    this.stop();
    for (const key of this.urls.keys()) this.drop(key);
  }
}
