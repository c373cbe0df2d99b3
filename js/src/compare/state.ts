/** One comparison: what is shown, how, and which picture is at work. One for each model, so that two views show the same. */

import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { type Drawable, fromPixels, Plates, type Shared, type Source, share } from "../panes";
import { hostLanguage, keepLanguage, keptLanguage, type Language, type Translate, translator } from "../words/language";
import { called } from "./called";
import { Difference } from "./difference";
import { type Document, isShown, type Place, type Shown } from "./document";
import { letter, type Matrix, matrix, type Sort, sorted } from "./order";
import { words } from "./words";

/** Characters of a value where there is little room; of a prompt its beginning tells enough beside what else differs. */
export const FEW = 12;
export const MODES = ["grid", "slider", "flicker", "difference"] as const;
export type Mode = (typeof MODES)[number];

/** Where the pixels are: the kernel's, or those in the file. */
export interface Files {
  blob(sha: string, box: 512 | "original"): Promise<Blob>;
}

/** What is kept of how somebody looks at it. */
export interface Look {
  mode: Mode;
  baseline: string | null;
  columns: string[] | null;
  sort: string;
  down: boolean;
  bare: boolean;
}

export const EMPTY: Document = { title: "", language: "", axes: [], columns: [], baseline: null, places: [] };
export const TILES = [120, 160, 200, 260, 320, 420, 560] as const;

export class Comparing {
  readonly document: Signal<Document>;
  readonly mode: Signal<Mode> = signal("grid");
  /** Null: as the matrix, or as given. */
  readonly sort: Signal<Sort | null> = signal(null);
  private readonly across: Signal<string[] | null> = signal(null);
  private readonly chosen: Signal<string | null> = signal(null);
  readonly bare = signal(false);
  /** Least side of a square in CSS pixels; null until somebody chooses. */
  private readonly chosenTile: Signal<number | null> = signal(null);
  /** The second of the pair; the first is the baseline. */
  private readonly other: Signal<string | null> = signal(null);
  /** The place shown alone. */
  readonly alone: Signal<string | null> = signal(null);
  /** The place that the tab key reaches. */
  readonly current: Signal<string> = signal("");
  /** While the space bar is held: the baseline stands in every place. */
  readonly peeking = signal(false);
  readonly gain = signal(4);
  readonly split = signal(0.5);
  readonly playing = signal(false);
  readonly pace = signal(0.8);
  /** Which of the pair flicker shows. */
  readonly second = signal(false);
  readonly help = signal(false);
  /** Says for a moment how the wheel zooms. */
  readonly wheelHint = signal(false);
  readonly spoken = signal("");
  readonly language: Signal<Language>;
  readonly t: ReadonlySignal<Translate> = computed(() => translator(this.language.value));
  readonly shared: Shared = share();
  readonly plates = new Plates();
  private readonly maps = new Map<string, Difference>();

  readonly shown: ReadonlySignal<Shown[]> = computed(() => this.document.value.places.filter(isShown));
  readonly columns: ReadonlySignal<readonly string[]> = computed(
    () => this.across.value ?? this.document.value.columns,
  );
  readonly baseline: ReadonlySignal<Shown | null> = computed(() => {
    const key = this.chosen.value ?? this.document.value.baseline;
    return this.shown.value.find((place) => place.key === key) ?? this.shown.value[0] ?? null;
  });
  /** Whether it matters which one is the baseline: always one is. */
  readonly based: ReadonlySignal<boolean> = computed(
    () => this.mode.value === "difference" || this.chosen.value !== null,
  );
  readonly secondOf: ReadonlySignal<Shown | null> = computed(() => {
    const [all, first] = [this.shown.value, this.baseline.value];
    const found = all.find((place) => place.key === this.other.value && place !== first);
    return found ?? all.find((place) => place !== first) ?? null;
  });
  readonly matrix: ReadonlySignal<Matrix | null> = computed(() =>
    this.sort.value === null ? matrix(this.document.value, this.columns.value) : null,
  );
  readonly list: ReadonlySignal<readonly Place[]> = computed(() => {
    const { places } = this.document.value;
    return this.sort.value === null ? places : sorted(places, this.sort.value, this.differs.value);
  });
  /** Share of the pixels that differ from the baseline, as far as it is known. */
  readonly differs: ReadonlySignal<ReadonlyMap<string, number>> = computed(() => {
    const found = new Map<string, number>();
    if (this.mode.value !== "difference") return found;
    for (const place of this.shown.value) {
      const map = this.difference(place);
      const one = place === this.baseline.value ? { share: 0 } : map?.found.value;
      if (one) found.set(place.key, one.share);
    }
    return found;
  });
  /** Names of the measures that any picture has. */
  readonly measures: ReadonlySignal<readonly string[]> = computed(() => [
    ...new Set(this.shown.value.flatMap((place) => Object.keys(place.numbers))),
  ]);
  /** What all pictures have in common, and so stands above them and not below each. */
  readonly common = computed(() => {
    const one = <K extends keyof Shown>(name: K) => new Set(this.shown.value.map((place) => place[name])).size < 2;
    return { prompt: one("prompt"), model: one("model"), provider: one("provider") };
  });

  constructor(
    document: Document,
    private readonly files: Files,
    language?: Language,
  ) {
    this.document = signal(document);
    this.language = signal(
      language ??
        keptLanguage() ??
        hostLanguage({
          page: globalThis.document.documentElement.lang,
          jupyter: globalThis.document.getElementById("jupyter-config-data") !== null,
          kernel: document.language,
          browser: navigator.language,
        }),
    );
  }

  dispose(): void {
    this.plates.dispose();
    this.maps.clear();
  }

  // -- names ---------------------------------------------------------------------------------------------------

  /** What a picture is called here; a letter while labels are hidden, so that nothing tells which one it is. */
  name(place: Place, most = 28, beside?: Place): string {
    const { places } = this.document.value;
    if (this.bare.value) return letter(places.indexOf(place));
    const values = called(this.document.value, place, most, beside);
    return (
      place.label ||
      [...values, this.number(place)].filter(Boolean).join(" · ") ||
      (this.common.value.model ? "" : place.model) ||
      `#${place.key}`
    );
  }

  /** What it is called below its labels in a matrix: all that they leave open is which of several of one combination it is. */
  inMatrix(place: Place): string {
    return this.bare.value ? this.name(place) : place.label || this.number(place);
  }

  private number(place: Place): string {
    return this.document.value.places.some(({ repeat }) => repeat > 0)
      ? this.t.value(words, "repeat", { number: place.repeat + 1 })
      : "";
  }

  // -- pixels --------------------------------------------------------------------------------------------------

  source(place: Shown): Source {
    return fromPixels(this.files, place.sha, place);
  }

  plate(place: Shown) {
    return this.plates.of(this.source(place));
  }

  difference(place: Shown): Difference | null {
    const base = this.baseline.value;
    if (!base || place === base) return null;
    const key = `${place.sha} ${base.sha}`;
    let map = this.maps.get(key);
    if (!map) {
      map = new Difference(this.plate(place), this.plate(base), this.gain);
      this.maps.set(key, map);
    }
    return map;
  }

  /** What stands in a place now. */
  drawable(place: Shown): Drawable {
    const base = this.baseline.value;
    if (this.peeking.value && base) return this.plate(base);
    const map = this.mode.value === "difference" ? this.difference(place) : null;
    return map?.comparable ? map : this.plate(place);
  }

  // -- what the person does ------------------------------------------------------------------------------------

  get look(): Look {
    const sort = this.sort.value;
    return {
      mode: this.mode.value,
      baseline: this.chosen.value,
      columns: this.across.value,
      sort: sort?.by ?? "",
      down: sort?.down ?? false,
      bare: this.bare.value,
    };
  }

  set look(some: Partial<Look>) {
    const mode = MODES.find((one) => one === some.mode);
    if (mode) this.mode.value = mode;
    if (typeof some.baseline === "string") this.chosen.value = some.baseline;
    if (Array.isArray(some.columns)) this.across.value = some.columns.filter((one) => typeof one === "string");
    if (some.sort) this.sort.value = { by: some.sort, down: some.down === true };
    this.bare.value = some.bare === true;
  }

  to(mode: Mode): void {
    if (mode !== "grid" && this.shown.value.length < 2) {
      this.say("needTwo");
      return;
    }
    this.alone.value = null;
    this.playing.value = mode === "flicker" && !matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.mode.value = mode;
    if (mode !== "difference" && this.sort.value?.by === "differs") this.sort.value = null;
    this.spoken.value = this.t.value(words, `mode_${mode}`);
  }

  place(columns: readonly string[]): void {
    this.across.value = [...columns];
    this.sort.value = null;
  }

  setBaseline(key: string): void {
    const place = this.shown.value.find((one) => one.key === key);
    if (!place) return;
    // Else nothing would change: the second becomes what the first was.
    if (place === this.secondOf.value) this.other.value = this.baseline.value?.key ?? null;
    this.chosen.value = key;
    this.spoken.value = `${this.t.value(words, "baseline")}: ${this.name(place)}`;
  }

  setSecond(key: string): void {
    if (key === this.baseline.value?.key) this.swap();
    else this.other.value = key;
  }

  swap(): void {
    const second = this.secondOf.value;
    if (second) this.setBaseline(second.key);
  }

  /** Another second picture; the first stays. */
  turn(by: number): void {
    const all = this.shown.value.filter((place) => place !== this.baseline.value);
    const second = this.secondOf.value;
    const at = second ? all.indexOf(second) : 0;
    const next = all[(at + by + all.length) % all.length];
    if (next) {
      this.other.value = next.key;
      this.spoken.value = this.name(next);
    }
  }

  /** Least side of a square where there is so much room; two pictures stand side by side wherever that makes any sense. */
  tile(room: number): number {
    const { axes, places } = this.document.value;
    const count = places.length;
    const least = axes.length > 0 || count > 9 ? 200 : count > 4 ? 260 : count > 2 ? 320 : 420;
    const half = axes.length === 0 && count > 1 ? Math.max(150, (room - 12) / 2) : room;
    return Math.min(this.chosenTile.value ?? Math.min(least, half), Math.max(96, room));
  }

  resize(by: number): void {
    const now = this.tile(Number.POSITIVE_INFINITY);
    const at = TILES.findIndex((one) => one >= now);
    this.chosenTile.value = TILES[Math.max(0, Math.min(TILES.length - 1, at + by))] ?? 200;
  }

  hide(bare: boolean): void {
    this.bare.value = bare;
    this.spoken.value = this.t.value(words, bare ? "hidden" : "labelsShow");
  }

  setLanguage(language: Language): void {
    keepLanguage(language);
    this.language.value = language;
  }

  say(word: "needTwo"): void {
    this.spoken.value = this.t.value(words, word);
  }
}
