/** A model with a made-up kernel behind it: it answers every question of the protocol, and runs take a few seconds. */
import type { Model } from "../src/host";
import type { Card, Draft, EstimateOk, Reference, Requests } from "../src/protocol";
import { card, PROVIDERS, scene } from "./facts";
import { draw } from "./pictures";

type Asked = { [K in keyof Requests]: Requests[K] & { kind: K; call: string } }[keyof Requests];

const SIZES: Record<string, { width: number; height: number }> = {
  photo: { width: 1024, height: 1024 },
  large: { width: 4096, height: 4096 },
};

const wait = (ms: number) => new Promise((done) => setTimeout(done, ms));

export class FakeModel implements Model {
  /** Every question, for tests that look. */
  readonly asked: Asked[] = [];
  interrupts = 0;
  readonly widget_manager = {
    kernel: {
      interrupt: () => {
        this.interrupts += 1;
      },
    },
  };
  private readonly data: Record<string, unknown>;
  private readonly listeners = new Map<string, Set<(...given: unknown[]) => void>>();
  private library: Card[];
  private references: Reference[] = [];
  private count = 100;
  private stopped = new Set<string>();

  constructor(
    name: string,
    language: string,
    private readonly quiet = false,
  ) {
    this.library =
      name === "empty" || name === "many" ? [] : Array.from({ length: 300 }, (_, at) => card(1000 + at, { call: "" }));
    this.data = {
      cards: scene(name),
      providers: PROVIDERS,
      busy: { calls: [], pictures: 0, done: 0, began: null, message: "" },
      facts: { version: "1", language, bound: null, limits: {}, library: true, paused: false },
      draft: {},
      view: {},
    };
    if (name === "running") {
      this.data.busy = { calls: ["now"], pictures: 4, done: 1, began: Date.now() - 7000, message: "" };
      setTimeout(() => void this.preview("card-21", 12), 100);
    }
  }

  get(name: string): unknown {
    return this.data[name];
  }

  set(name: string, value: unknown): void {
    this.data[name] = value;
    this.tell(`change:${name}`);
  }

  save_changes(): void {}

  on(event: string, listener: (...given: unknown[]) => void): void {
    const all = this.listeners.get(event) ?? new Set();
    all.add(listener);
    this.listeners.set(event, all);
  }

  off(event?: string | null, listener?: ((...given: unknown[]) => void) | null): void {
    if (event && listener) this.listeners.get(event)?.delete(listener);
  }

  send(content: unknown): void {
    const asked = content as Asked;
    this.asked.push(asked);
    if (this.quiet) return;
    void this.answer(asked).then(({ ok, buffer, error }) =>
      this.say({ kind: `${asked.kind}-reply`, call: asked.call, ...(error ? { error } : { ok }) }, buffer),
    );
  }

  /** What a kernel says by itself. */
  say(content: unknown, buffer?: Uint8Array<ArrayBuffer>): void {
    this.tell("msg:custom", content, buffer ? [new DataView(buffer.buffer)] : []);
  }

  private tell(event: string, ...given: unknown[]): void {
    for (const listener of this.listeners.get(event) ?? []) listener(...given);
  }

  private cards(): Card[] {
    return this.data.cards as Card[];
  }

  private change(key: string, some: Partial<Card>): void {
    const found = this.cards().find((one) => one.key === key);
    if (!found) return;
    const next = { ...found, ...some };
    this.data.cards = this.cards().map((one) => (one.key === key ? next : one));
    this.say({ kind: "changed", cards: [next] });
  }

  private async preview(key: string, box: number): Promise<void> {
    this.say(
      { kind: "preview", card: key, media_type: "image/jpeg", data: null },
      await draw(`sha${key.slice(5)}`, box),
    );
  }

  private async run(draft: Draft, call: string): Promise<string[]> {
    const wanted = Math.max(1, draft.targets.sizes.length) * Math.max(1, draft.targets.models.length) * draft.n;
    const made = Array.from({ length: wanted }, () => {
      this.count += 1;
      return card(this.count, { state: "queued", call, prompt: draft.prompt, began: Date.now(), replayed: false });
    });
    this.set("cards", [...this.cards(), ...made]);
    this.set("busy", { calls: [call], pictures: wanted, done: 0, began: Date.now(), message: "" });
    void (async () => {
      await wait(300);
      for (const one of made) this.change(one.key, { state: "working" });
      for (const box of [8, 24, 96]) {
        await wait(600);
        for (const one of made) {
          if (this.stopped.has(call)) continue;
          this.change(one.key, { state: "partial" });
          await this.preview(one.key, box);
        }
      }
      for (const one of made) {
        await wait(300);
        const number = Number(one.key.slice(5));
        const stopped = this.stopped.has(call);
        const done = card(number, { call, prompt: draft.prompt, replayed: false });
        this.change(one.key, stopped ? { state: "cancelled", message: "Cancelled." } : done);
      }
      this.set("cards", this.cards());
      this.set("busy", { calls: [], pictures: 0, done: 0, began: null, message: "" });
    })();
    return made.map((one) => one.key);
  }

  private estimate(draft: Draft): EstimateOk {
    const count = Math.max(1, draft.targets.sizes.length) * Math.max(1, draft.targets.models.length) * draft.n;
    return {
      price: `≈ $${(0.042 * count).toFixed(3)}`,
      amount: 0.042 * count,
      currency: "USD",
      pictures: count,
      requests: Math.max(1, draft.targets.models.length),
      replayed: 0,
      notes: [],
      ask: count > 4 ? `This would make ${count} pictures: $${(0.042 * count).toFixed(2)}. Go on?` : null,
      problems: draft.prompt.includes("forbidden") ? [{ field: "size", message: "This size is not taken." }] : [],
    };
  }

  private reference(number: number): Reference {
    const found: Reference = {
      key: `r-${number}`,
      name: `picture ${number}`,
      width: 1024,
      height: 1024,
      media_type: "image/png",
      bytes: 1_900_000,
      sha: `sha${number}`,
      id: `p-${String(number).padStart(6, "0")}`,
      notes: [],
    };
    this.references = [...this.references.filter((one) => one.key !== found.key), found];
    return found;
  }

  private number(name: string): number {
    return Number(/(\d+)$/.exec(name)?.[1] ?? 0);
  }

  private async answer(asked: Asked): Promise<{
    ok?: unknown;
    buffer?: Uint8Array<ArrayBuffer>;
    error?: { message: string; hint: null; kind: string };
  }> {
    await wait(10);
    switch (asked.kind) {
      case "ready":
        return {
          ok: { version: "1", buffers: true, draft: null, references: [], mask: null, warning: null },
          buffer: new Uint8Array([1, 2, 3]),
        };
      case "fetch-image": {
        const number = this.number(asked.sha);
        const aspect = number % 3 === 1 ? 1.5 : 1;
        const box = asked.box === "original" ? 1024 * aspect : asked.box;
        return { ok: { media_type: "image/jpeg", data: null }, buffer: await draw(asked.sha, box, aspect) };
      }
      case "estimate":
        return { ok: this.estimate(asked.draft) };
      case "run":
        return { ok: { cards: await this.run(asked.draft, asked.call) } };
      case "cancel":
        for (const call of (this.data.busy as { calls: string[] }).calls) this.stopped.add(call);
        return { ok: { sent: 1, message: "Nothing more is sent; 1 request that was sent already is still received." } };
      case "retry":
        this.change(asked.card, { state: "working", error: null, began: Date.now() });
        return { ok: { cards: [asked.card] } };
      case "references":
        return { ok: { references: this.references } };
      case "reference-from-card":
        return { ok: { reference: this.reference(this.number(asked.card)) } };
      case "upload-start":
        if (asked.name.includes("broken"))
          return { error: { message: "This is no whole picture.", hint: null, kind: "Error" } };
        return { ok: { upload: `u${asked.size}`, piece: 65536, reference: null } };
      case "upload-piece":
        await wait(60);
        return { ok: { received: Math.min(asked.offset + 65536, Number(asked.upload.slice(1))) } };
      case "upload-end":
        this.count += 1;
        return { ok: { reference: this.reference(this.count) } };
      case "upload-cancel":
        return { ok: {} };
      case "reference-from-variable":
        this.count += 1;
        return { ok: { reference: { ...this.reference(this.count), name: asked.name, ...SIZES[asked.name] } } };
      case "mask":
      case "mask-from-variable":
      case "load-mask": {
        const found = this.references.find((one) => one.key === asked.reference);
        const { width, height } = found ?? { width: 1024, height: 1024 };
        return { ok: { mask: { mask: "m1", name: "", width, height, share: 0.21, sha: "mask1" } } };
      }
      case "masks":
        return { ok: { masks: [{ mask: "m2", name: "sky", width: 1024, height: 1024, share: 0.4, sha: "mask2" }] } };
      case "save-mask":
        return { ok: { name: asked.name } };
      case "variables":
        return {
          ok: { variables: Object.entries(SIZES).map(([name, size]) => ({ name, kind: "image", count: 1, ...size })) },
        };
      case "resume":
        return { ok: {} };
      case "star":
      case "note":
      case "tag":
        return { ok: { count: 1 } };
      case "delete":
      case "restore":
        for (const key of asked.cards) this.change(key, { deleted: asked.kind === "delete" });
        return { ok: { count: asked.cards.length } };
      case "history": {
        const found = this.library.filter((one) => one.prompt.toLowerCase().includes(asked.text.toLowerCase()));
        const from = asked.before === null ? 0 : Number(asked.before);
        const to = from + asked.limit;
        return { ok: { cards: found.slice(from, to), more: to < found.length, before: String(to) } };
      }
      case "lineage": {
        const number = this.number(asked.id);
        const steps = [number + 2000, number + 3000, number].map((one, at) => ({
          id: `p-${String(one).padStart(6, "0")}`,
          sha: `sha${one}`,
          prompt:
            ["A lighthouse on a cliff at dawn", "Thin fog over the sea, softer light", card(number).prompt][at] ?? "",
          modified: at === 1,
          mask_sha: at === 2 ? "m" : null,
          provider: "sandbox",
          model: "gpt-image-2",
          cost: { amount: 0.042, currency: "USD", basis: "billed" },
          size: number % 3 === 1 ? [1536, 1024] : [1024, 1024],
          created: card(number).created,
        }));
        return { ok: { steps: number % 2 ? steps : steps.slice(2) } };
      }
      case "code":
        return { ok: { text: "%%imagine\nA lighthouse" } };
      default:
        return { error: { message: `The made-up kernel knows no ${asked.kind}.`, hint: null, kind: "Error" } };
    }
  }
}
