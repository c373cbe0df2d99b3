/**
 * The state of one Studio on a page: what the kernel said, what the person does, and the questions that follow from it.
 * One for each model, so that two views of a Studio on one page show the same.
 */
import { batch, computed, effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { Channel, Refusal } from "../channel";
import type { Model } from "../host";
import { copyText } from "../look/clipboard";
import {
  type Busy,
  type Card,
  type Draft,
  type Facts,
  type ImageFacts,
  type MaskFacts,
  type Problem,
  type ProviderFacts,
  type Reference,
  VERSION,
  type View,
} from "../protocol";
import type { Desk } from "../slots";
import { hostLanguage, keepLanguage, keptLanguage, type Language, type Translate, translator } from "../words/language";
import { words } from "../words/page";
import { draftOf, fitted, limitsOf, targetsOf } from "./draft";
import { Estimates } from "./estimates";
import { Later } from "./later";
import { Library } from "./library";
import { isOpen, merged, nameOf, type Shown, shown, viewOf } from "./list";
import { Pixels } from "./pixels";
import { Previews } from "./previews";
import { Prompts } from "./prompts";
import { Runs } from "./runs";

const READY = 10_000;

/** "opening" until the first answer; "quiet" when it takes long; "gone" when the kernel is not there any more. */
export type Link = "opening" | "quiet" | "there" | "gone";

export interface Notice {
  text: string;
  hint: string | null;
  bad: boolean;
  action?: { label: string; act: () => void };
}

export class Page implements Desk {
  readonly channel: Channel;
  readonly pixels: Pixels;
  readonly previews: Previews;
  readonly estimates: Estimates;
  readonly library: Library;
  readonly runs: Runs;
  readonly prompts = new Prompts();

  readonly link: Signal<Link> = signal("opening");
  readonly cards: Signal<readonly Card[]> = signal([]);
  readonly providers: Signal<readonly ProviderFacts[]> = signal([]);
  readonly busy: Signal<Busy> = signal({ calls: [], pictures: 0, done: 0, began: null, message: "" });
  readonly facts: Signal<Facts | null> = signal(null);
  readonly draft: Signal<Draft>;
  readonly view: Signal<View>;
  readonly references: Signal<ReadonlyMap<string, Reference>> = signal(new Map());
  readonly mask: Signal<MaskFacts | null> = signal(null);
  readonly variablesChanged: Signal<number> = signal(0);
  readonly language: Signal<Language>;
  readonly notice: Signal<Notice | null> = signal(null);
  readonly spoken: Signal<string> = signal("");
  /** Counts seconds while something is under way. */
  readonly second: Signal<number> = signal(0);
  /** Counts up when the prompt is to be focused. */
  readonly focusPrompt: Signal<number> = signal(0);

  readonly t: ReadonlySignal<Translate> = computed(() => translator(this.language.value));
  readonly chosen: ReadonlySignal<readonly string[]> = computed(() => this.draft.value.references);
  readonly targets = computed(() => targetsOf(this.draft.value, this.providers.value));
  readonly limits: ReadonlySignal<ImageFacts | null> = computed(() => limitsOf(this.targets.value));
  readonly masks: ReadonlySignal<boolean> = computed(
    () =>
      this.targets.value.length > 0 && this.targets.value.every((target) => target.model.edits && target.model.mask),
  );
  readonly keep: ReadonlySignal<boolean> = computed(() => this.draft.value.keep);
  readonly shown: ReadonlySignal<Shown> = computed(() =>
    shown(this.cards.value, this.library.cards.value, this.view.value),
  );
  readonly under: ReadonlySignal<boolean> = computed(
    () => (this.busy.value.calls?.length ?? 0) > 0 || this.cards.value.some(isOpen),
  );

  private readonly stop: (() => void)[] = [];
  readonly writeDraft = new Later(250, () => this.write("draft", this.draft.value));
  private readonly writeView = new Later(250, () => this.write("view", this.view.value));
  private readonly forget = new Later(8000, () => {
    if (!this.notice.value?.bad) this.notice.value = null;
  });
  private started = false;

  constructor(private readonly model: Model) {
    this.channel = new Channel(model);
    this.pixels = new Pixels(this.channel);
    this.previews = new Previews(this.channel, this.cards);
    this.draft = signal(draftOf(model.get("draft")));
    this.view = signal(viewOf(model.get("view")));
    this.language = signal(keptLanguage() ?? this.host(""));
    this.estimates = new Estimates(this.channel, this.draft);
    this.runs = new Runs(this, model);
    this.library = new Library(this.channel, (why) => this.report(why));
    this.follow();
    this.stop.push(
      this.channel.on("changed", ({ cards }) => this.take(merged(this.cards.value, cards))),
      this.channel.on("suggest", ({ draft, references, mask }) => this.fill(draft, references, mask)),
      this.channel.on("variables-changed", () => {
        this.variablesChanged.value += 1;
      }),
    );
    this.stop.push(
      effect(() => {
        const mine = [...this.cards.value].reverse();
        this.prompts.learn([...mine, ...this.library.cards.value].map((card) => card.prompt));
      }),
    );
    const tick = setInterval(() => {
      if (this.under.value) this.second.value += 1;
    }, 1000);
    this.stop.push(() => clearInterval(tick));
  }

  /** The first view is there: the kernel is told, and asked for what no trait says. */
  start(): void {
    if (this.started) return;
    this.started = true;
    this.stop.push(this.language.subscribe((language) => this.look({ language: language === "zh" ? "zh-CN" : "en" })));
    void this.ready();
  }

  dispose(): void {
    this.writeDraft.now();
    this.writeView.now();
    this.forget.drop();
    for (const one of this.stop) one();
    this.estimates.dispose();
    this.previews.dispose();
    this.channel.dispose();
    this.pixels.dispose();
  }

  // -- what the kernel says -----------------------------------------------------------------------------------

  private follow(): void {
    const traits: [string, (value: unknown) => void][] = [
      ["cards", (value) => this.take(Array.isArray(value) ? (value as Card[]) : [])],
      [
        "providers",
        (value) => {
          this.providers.value = Array.isArray(value) ? (value as ProviderFacts[]) : [];
        },
      ],
      [
        "busy",
        (value) => {
          const busy = (value ?? {}) as Partial<Busy>;
          this.busy.value = { calls: [], pictures: 0, done: 0, began: null, message: "", ...busy };
          if (this.busy.value.calls.length === 0) this.runs.over();
        },
      ],
      [
        "facts",
        (value) => {
          const facts = value as Facts | null;
          this.facts.value = facts && typeof facts.version === "string" ? facts : null;
          if (keptLanguage() === null) this.language.value = this.host(this.facts.value?.language ?? "");
        },
      ],
      [
        "draft",
        (value) => {
          // What another page wrote; not over what is being written here.
          if (!this.writeDraft.pending) this.draft.value = draftOf(value);
        },
      ],
      [
        "view",
        (value) => {
          if (!this.writeView.pending) this.view.value = viewOf(value);
        },
      ],
    ];
    for (const [name, take] of traits) {
      const listener = () => take(this.model.get(name));
      if (name !== "draft" && name !== "view") listener();
      this.model.on(`change:${name}`, listener);
      this.stop.push(() => this.model.off(`change:${name}`, listener));
    }
    // JupyterLab says so when the kernel restarts or comes back; whether it answers is asked.
    const asked = () => {
      if (this.started) void this.ready();
    };
    for (const event of ["comm_live_update", "comm:close"]) {
      this.model.on(event, asked);
      this.stop.push(() => this.model.off(event, asked));
    }
  }

  private take(cards: readonly Card[]): void {
    const before = new Map(this.cards.value.map((card) => [card.key, card.state]));
    this.cards.value = cards;
    for (const card of cards) {
      const was = before.get(card.key);
      if (was === undefined || was === card.state || isOpen(card)) continue;
      const said = {
        done: "saidDone",
        failed: "saidFailed",
        unknown: "saidUnknown",
        cancelled: "saidCancelled",
      } as const;
      const name = said[card.state as keyof typeof said];
      if (name)
        this.say(this.t.value(words, name, { prompt: card.prompt.slice(0, 60), why: card.error?.message ?? "" }));
    }
  }

  private async ready(): Promise<void> {
    try {
      const asking = { bytes: new Uint8Array([1, 2, 3]), timeout: READY, slow: () => this.quiet() };
      const { ok, bytes } = await this.channel.ask(
        "ready",
        { version: VERSION, buffers_probe: true, base64: false },
        asking,
      );
      if (!ok.buffers || bytes?.length !== 3) {
        this.channel.base64 = true;
        await this.channel.ask("ready", { version: VERSION, buffers_probe: false, base64: true }, { timeout: READY });
      }
      this.link.value = "there";
      this.know(ok.references, ok.mask);
      if (ok.draft) this.draft.value = draftOf(ok.draft);
      if (ok.warning) this.tell({ text: ok.warning, hint: null, bad: true });
      this.estimates.ask();
      void this.library.first(this.view.value.text);
    } catch {
      if (this.link.value !== "there" || !this.channel.base64)
        this.link.value = this.link.value === "there" ? "gone" : "quiet";
    }
  }

  private quiet(): void {
    if (this.link.value === "opening") this.link.value = "quiet";
  }

  private know(references: readonly Reference[], mask: MaskFacts | null): void {
    batch(() => {
      const all = new Map(this.references.value);
      for (const one of references) all.set(one.key, one);
      this.references.value = all;
      this.mask.value = mask;
    });
  }

  private fill(draft: Draft, references: readonly Reference[], mask: MaskFacts | null): void {
    batch(() => {
      this.know(references, mask);
      this.draft.value = draftOf(draft);
    });
    this.writeDraft.soon();
    this.estimates.ask();
    this.say(this.t.value(words, "saidFilled"));
  }

  // -- what the person does -----------------------------------------------------------------------------------

  change(some: Partial<Draft>): void {
    const next = { ...this.draft.value, ...some };
    this.draft.value = some.targets ? fitted(next, this.providers.value) : next;
    this.runs.question.value = null;
    this.writeDraft.soon();
    this.estimates.ask();
  }

  look(some: Partial<View>): void {
    const before = this.view.value;
    this.view.value = { ...before, ...some };
    this.writeView.soon();
    if (this.view.value.text !== before.text) this.library.search(this.view.value.text);
  }

  choose(keys: readonly string[]): void {
    const first = this.draft.value.references[0];
    const lost = keys[0] !== first;
    if (lost) this.mask.value = null;
    this.change({ references: [...keys], ...(lost ? { mask: null } : {}) });
  }

  setMask(mask: MaskFacts | null): void {
    this.mask.value = mask;
    this.change({ mask: mask?.mask ?? null });
  }

  setKeep(keep: boolean): void {
    this.change({ keep });
  }

  setLanguage(language: Language): void {
    keepLanguage(language);
    this.language.value = language;
    this.writeView.now();
    this.estimates.ask();
  }

  async star(card: Card, stars: number): Promise<void> {
    this.amend(card, { stars });
    try {
      await this.channel.ask("star", { id: nameOf(card), stars });
    } catch (why) {
      this.amend(card, { stars: card.stars });
      this.report(why);
    }
  }

  async annotate(card: Card, some: { note?: string; tags?: string[] }): Promise<void> {
    this.amend(card, some);
    const id = nameOf(card);
    try {
      if (some.note !== undefined) await this.channel.ask("note", { id, text: some.note });
      if (some.tags !== undefined) await this.channel.ask("tag", { id, tags: some.tags });
    } catch (why) {
      this.report(why);
    }
  }

  async remove(cards: readonly Card[]): Promise<void> {
    const names = cards.map(nameOf);
    try {
      const { ok } = await this.channel.ask("delete", { cards: names });
      if (ok.count === 0) return;
      for (const card of cards) this.amend(card, { deleted: true });
      this.look({ selected: this.view.value.selected.filter((name) => !names.includes(name)) });
      const text = this.t.value(words, cards.length === 1 ? "deletedOne" : "deletedSome", { number: cards.length });
      const label = this.t.value(words, "undo");
      this.tell({ text, hint: null, bad: false, action: { label, act: () => void this.restore(cards, names) } });
    } catch (why) {
      this.report(why);
    }
  }

  private async restore(cards: readonly Card[], names: string[]): Promise<void> {
    try {
      await this.channel.ask("restore", { cards: names });
      for (const card of cards) this.amend(card, { deleted: false });
      this.notice.value = null;
    } catch (why) {
      this.report(why);
    }
  }

  /** Puts the picture into the tray, and says which number it has. */
  async useAsReference(name: string): Promise<Reference | null> {
    try {
      // A picture that was given, not made, is no card of the library's; it may be known from the tray.
      const given = [...this.references.value.values()].find((one) => name === `sha256:${one.sha}`);
      const { ok } = given
        ? { ok: { reference: given } }
        : await this.channel.ask("reference-from-card", { card: name });
      this.references.value = new Map(this.references.value).set(ok.reference.key, ok.reference);
      const keys = this.draft.value.references;
      if (!keys.includes(ok.reference.key)) this.choose([...keys, ok.reference.key]);
      const number = this.draft.value.references.indexOf(ok.reference.key) + 1;
      this.say(this.t.value(words, "saidReference", { number }));
      return ok.reference;
    } catch (why) {
      this.report(why);
      return null;
    }
  }

  /** A new branch from here: this picture alone in the tray, its prompt in the box. */
  async editFrom(name: string, prompt: string): Promise<void> {
    const reference = await this.useAsReference(name);
    if (!reference) return;
    this.choose([reference.key]);
    this.change({ prompt });
    this.focusPrompt.value += 1;
  }

  async code(name: string, form: "cell" | "edit" | "python"): Promise<void> {
    try {
      const { ok } = await this.channel.ask("code", { card: name, form });
      await this.copy(ok.text, "copiedCode");
    } catch (why) {
      this.report(why);
    }
  }

  async copy(text: string, said: "copiedPrompt" | "copiedCode"): Promise<void> {
    const t = this.t.value;
    try {
      await copyText(text);
      this.tell({ text: t(words, said), hint: null, bad: false });
    } catch {
      this.tell({ text: t(words, "copyFailed"), hint: t(words, "copyTextHint"), bad: true });
    }
  }

  private amend(card: Card, facts: Partial<Card>): void {
    const change = (one: Card) => (nameOf(one) === nameOf(card) ? { ...one, ...facts } : one);
    this.cards.value = this.cards.value.map(change);
    this.library.cards.value = this.library.cards.value.map(change);
  }

  // -- what it says -------------------------------------------------------------------------------------------

  say(sentence: string): void {
    this.spoken.value = sentence;
  }

  tell(notice: Notice): void {
    this.notice.value = notice;
    this.say(notice.hint ? `${notice.text} ${notice.hint}` : notice.text);
    this.forget.soon();
  }

  report(what: Problem | unknown): void {
    const problem = what instanceof Refusal ? what.problem : isProblem(what) ? what : null;
    if (problem?.kind === "Aborted") return;
    const t = this.t.value;
    if (problem?.kind === "NoAnswer")
      this.tell({ text: t(words, "noAnswer"), hint: t(words, "noAnswerHint"), bad: true });
    else this.tell({ text: problem?.message || t(words, "notWorked"), hint: problem?.hint ?? null, bad: true });
  }

  private write(name: "draft" | "view", value: Draft | View): void {
    this.model.set(name, value);
    this.model.save_changes();
  }

  private host(kernel: string): Language {
    return hostLanguage({
      page: document.documentElement.lang,
      jupyter: document.getElementById("jupyter-config-data") !== null,
      kernel,
      browser: navigator.language,
    });
  }
}

function isProblem(what: unknown): what is Problem {
  return typeof what === "object" && what !== null && "message" in what && "hint" in what && "kind" in what;
}
