/**
 * What the page hands to the two parts that stand by themselves: the tray of references and the mask editor.
 *
 *   references/index.tsx   export function References(given: ReferencesGiven)    always there, under the prompt
 *   mask/index.tsx         export function MaskEditor(given: MaskEditorGiven)    a dialog of its own, while the page wants it
 *   references/look.css, mask/look.css        every selector begins with .imgcell; colors are the variables of look/theme.css
 *   references/words.ts, mask/words.ts        export const words = { en: {...}, zh: {...} } with the same names in both;
 *                                             translated by `desk.t.value(words, "name", { number: 2 })`
 *
 * Both build on look/ (Icon, Button, Menu, Dialog), and talk to the kernel through `desk.channel` alone.
 */
import type { ReadonlySignal, Signal } from "@preact/signals";
import type { Channel } from "./channel";
import type { ImageFacts, MaskFacts, Problem, Reference } from "./protocol";
import type { Pixels } from "./state/pixels";
import type { Translate } from "./words/language";

/** The part of the page's state that references and masks may read and write. */
export interface Desk {
  readonly channel: Channel;
  /** Reading it in a component renders that again when the language changes. */
  readonly t: ReadonlySignal<Translate>;
  /** Says it in the page's live region; the next sentence replaces it. */
  say(sentence: string): void;
  /** Shows what went wrong for a while, with its hint, and says it. Takes whatever was thrown. */
  report(problem: Problem | unknown): void;

  /** What is known of each reference, by its key. `ready`, `suggest` and cards fill it; the tray adds what it uploads. */
  readonly references: Signal<ReadonlyMap<string, Reference>>;
  /** Keys of the draft's references in their order: image 1 (图1) is the first. Writing goes to the trait `draft`. */
  readonly chosen: ReadonlySignal<readonly string[]>;
  choose(keys: readonly string[]): void;
  /** The draft's mask, for the first of `chosen`; taken away by the page when another reference becomes the first. */
  readonly mask: ReadonlySignal<MaskFacts | null>;
  setMask(mask: MaskFacts | null): void;
  /** Whether the first reference's own pixels come back outside of the mask. */
  readonly keep: ReadonlySignal<boolean>;
  setKeep(on: boolean): void;
  /** The strictest of what the chosen models take; null while nothing is known, `most` 0 where they take none. */
  readonly limits: ReadonlySignal<ImageFacts | null>;
  /** Whether all chosen models take a mask. */
  readonly masks: ReadonlySignal<boolean>;

  /** Pictures by hash; look/picture.tsx shows one. */
  readonly pixels: Pick<Pixels, "lease" | "blob">;
  /** Counts up whenever the kernel says `variables-changed`: whoever shows variables asks again. */
  readonly variablesChanged: ReadonlySignal<number>;
}

export interface ReferencesGiven {
  desk: Desk;
  /** The page's root: pastes and drops anywhere in it are the tray's. */
  root: HTMLElement;
  /** Opens the mask editor on this reference. */
  onMask: (reference: Reference) => void;
}

export interface MaskEditorGiven {
  desk: Desk;
  reference: Reference;
  /** The mask to go on with, if there is one for this reference. */
  mask: MaskFacts | null;
  /** The editor has sent its `mask` message and called `setMask`, or was given up. */
  onClose: () => void;
}

/** What a card puts into a drag: its key. The tray takes it and asks `reference-from-card`. */
export const CARD_DRAG = "application/x-imgcell-card";
