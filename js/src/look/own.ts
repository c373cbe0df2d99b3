/** What a widget keeps to itself while somebody is at work in it: its keys, and whether it fills the screen. */
import type { Signal } from "@preact/signals";
import { useEffect } from "preact/hooks";

/** A notebook in command mode takes single letters (d d deletes the cell, x cuts it!); what it takes with Ctrl stays its own. */
export function useOwnKeys(root: HTMLElement): void {
  useEffect(() => {
    const guard = (event: KeyboardEvent) => {
      if (event.composedPath().includes(root)) {
        root.toggleAttribute("data-lm-suppress-shortcuts", !event.ctrlKey && !event.metaKey);
      }
    };
    const end = (event: KeyboardEvent) => {
      if (!event.ctrlKey && !event.metaKey) event.stopPropagation();
    };
    addEventListener("keydown", guard, true);
    root.addEventListener("keydown", end);
    return () => {
      removeEventListener("keydown", guard, true);
      root.removeEventListener("keydown", end);
    };
  }, [root]);
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
