/**
 * Pictures by hash and size as object URLs: fetched once, a few at a time, the newest wish first; kept until they are too many.
 * What is shown now is held by a lease and never freed.
 */
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Channel } from "../channel";

export type Box = 256 | 512 | 1024 | "original";

export interface Lease {
  /** Null until it is there. */
  readonly url: ReadonlySignal<string | null>;
  readonly failed: ReadonlySignal<boolean>;
  release(): void;
}

interface Entry {
  sha: string;
  box: Box;
  url: Signal<string | null>;
  failed: Signal<boolean>;
  blob: Blob | null;
  leases: number;
  state: "waiting" | "asked" | "there";
  promise: Promise<void>;
  settle: { resolve: () => void; reject: (why: unknown) => void };
}

const AT_ONCE = 6;
const THUMBNAILS = 600;
const LARGE = 6;

export class Pixels {
  private readonly entries = new Map<string, Entry>();
  private readonly wishes: Entry[] = [];
  private asked = 0;

  constructor(private readonly channel: Pick<Channel, "ask" | "base64">) {}

  lease(sha: string, box: Box): Lease {
    const entry = this.entry(sha, box);
    entry.leases += 1;
    let held = true;
    return {
      url: entry.url,
      failed: entry.failed,
      release: () => {
        if (!held) return;
        held = false;
        entry.leases -= 1;
        // Scrolled past before it was asked for: nobody waits for it.
        if (entry.leases === 0 && entry.state === "waiting") {
          this.wishes.splice(this.wishes.indexOf(entry), 1);
          this.entries.delete(`${sha}@${box}`);
          entry.settle.reject(new Error("not wanted"));
        }
        this.trim();
      },
    };
  }

  /** The bytes themselves, to copy or save; they stay as long as a thumbnail would. */
  async blob(sha: string, box: Box): Promise<Blob> {
    const entry = this.entry(sha, box);
    entry.leases += 1;
    try {
      await entry.promise;
      if (!entry.blob) throw new Error("no picture");
      return entry.blob;
    } finally {
      entry.leases -= 1;
      this.trim();
    }
  }

  dispose(): void {
    for (const entry of this.entries.values()) if (entry.url.value) URL.revokeObjectURL(entry.url.value);
    this.entries.clear();
    this.wishes.length = 0;
  }

  get size(): number {
    return this.entries.size;
  }

  private entry(sha: string, box: Box): Entry {
    const key = `${sha}@${box}`;
    let entry = this.entries.get(key);
    if (entry && !entry.failed.value) {
      // Used now: the last to go.
      this.entries.delete(key);
      this.entries.set(key, entry);
      return entry;
    }
    let settle: Entry["settle"] = { resolve: () => {}, reject: () => {} };
    const promise = new Promise<void>((resolve, reject) => {
      settle = { resolve, reject };
    });
    promise.catch(() => {});
    entry = {
      sha,
      box,
      url: signal(null),
      failed: signal(false),
      blob: null,
      leases: 0,
      state: "waiting",
      promise,
      settle,
    };
    this.entries.set(key, entry);
    this.wishes.push(entry);
    this.fetch();
    return entry;
  }

  private fetch(): void {
    while (this.asked < AT_ONCE) {
      const entry = this.wishes.pop();
      if (!entry) return;
      this.asked += 1;
      entry.state = "asked";
      this.channel
        .ask("fetch-image", { sha: entry.sha, box: entry.box, base64: this.channel.base64 })
        .then(({ ok, bytes }) => {
          if (!bytes) throw new Error("no picture came");
          entry.blob = new Blob([bytes], { type: ok.media_type });
          entry.url.value = URL.createObjectURL(entry.blob);
          entry.state = "there";
          entry.settle.resolve();
        })
        .catch((why: unknown) => {
          entry.failed.value = true;
          entry.settle.reject(why);
        })
        .finally(() => {
          this.asked -= 1;
          this.fetch();
        });
    }
  }

  private trim(): void {
    const large = (entry: Entry) => entry.box === "original" || entry.box === 1024;
    for (const [kind, most] of [
      [true, LARGE],
      [false, THUMBNAILS],
    ] as const) {
      const all = [...this.entries].filter(([, entry]) => large(entry) === kind);
      let over = all.length - most;
      for (const [key, entry] of all) {
        if (over <= 0) break;
        if (entry.leases > 0 || entry.state !== "there") continue;
        if (entry.url.value) URL.revokeObjectURL(entry.url.value);
        this.entries.delete(key);
        over -= 1;
      }
    }
  }
}
