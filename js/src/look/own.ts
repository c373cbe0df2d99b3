/** What a widget keeps to itself while somebody is at work in it: its keys, and whether it fills the screen. */
import type { Signal } from "@preact/signals";
import { useEffect } from "preact/hooks";

/** A notebook in command mode takes single letters (d d deletes the cell, x cuts it!); what it takes with Ctrl stays its own. */
const alone = (event: KeyboardEvent) => !event.ctrlKey && !event.metaKey;

/** Keeps keys from the host: those that are `ours`. */
export function useOwnKeys(root: HTMLElement, ours: (event: KeyboardEvent) => boolean = alone): void {
  useEffect(() => {
    // Before the host's own listeners, which may sit on the document and take keys on their way down.
    const guard = (event: KeyboardEvent) => {
      // The path and not the target: in a shadow tree (marimo) that is the tree's host.
      if (event.composedPath().includes(root)) {
        root.toggleAttribute("data-lm-suppress-shortcuts", ours(event));
      }
    };
    const end = (event: KeyboardEvent) => {
      if (ours(event)) event.stopPropagation();
    };
    addEventListener("keydown", guard, true);
    root.addEventListener("keydown", end);
    return () => {
      removeEventListener("keydown", guard, true);
      root.removeEventListener("keydown", end);
    };
  }, [root, ours]);
}

/** Whether it fills the screen, however that came and went. */
export function useWholeScreen(root: HTMLElement, whole: Signal<boolean>): void {
  useEffect(() => {
    const look = () => {
      whole.value = (root.getRootNode() as Document | ShadowRoot).fullscreenElement === root;
    };
    document.addEventListener("fullscreenchange", look);
    return () => document.removeEventListener("fullscreenchange", look);
  }, [root, whole]);
}
