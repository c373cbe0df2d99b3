/** The prompt: grows with its text, runs on Ctrl/Cmd+Enter (never while an input method is composing), walks through what was. */
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { measure, promptLimit } from "../state/draft";
import type { Page } from "../state/page";
import { words } from "../words/page";
import { composing } from "./keys";

const ROWS = 10;

export function Prompt({ page, id }: { page: Page; id: string }) {
  const t = page.t.value;
  const box = useRef<HTMLTextAreaElement>(null);
  const prompt = page.draft.value.prompt;
  const limit = promptLimit(page.targets.value);
  const length = measure(prompt, limit?.unit ?? "characters");
  const over = limit !== null && length > limit.most;

  useLayoutEffect(() => {
    const area = box.current;
    if (!area) return;
    // Measured by its text alone: beside the pictures it also fills what the form leaves over.
    area.style.flex = "none";
    area.style.height = "auto";
    area.style.height = `${Math.min(area.scrollHeight, 20 * ROWS + 14)}px`;
    area.style.flex = "";
  }, [prompt]);

  const focus = page.focusPrompt.value;
  useEffect(() => {
    if (focus > 0) box.current?.focus();
  }, [focus]);

  const walk = (found: string | null, event: KeyboardEvent, end: "start" | "end") => {
    if (found === null) return;
    event.preventDefault();
    page.change({ prompt: found });
    queueMicrotask(() => {
      const at = end === "start" ? 0 : found.length;
      box.current?.setSelectionRange(at, at);
    });
  };

  return (
    <div class={`ic-prompt${over ? " ic-over" : ""}`}>
      <label class="ic-unseen" for={`${id}-prompt`}>
        {t(words, "prompt")}
      </label>
      <textarea
        ref={box}
        id={`${id}-prompt`}
        rows={3}
        value={prompt}
        placeholder={t(words, page.draft.value.references.length > 0 ? "promptEdit" : "promptNew")}
        aria-describedby={`${id}-count`}
        aria-invalid={over}
        spellcheck={false}
        onInput={(event) => {
          page.prompts.rest();
          page.change({ prompt: event.currentTarget.value });
        }}
        onKeyDown={(event) => {
          if (composing(event)) return;
          const area = event.currentTarget;
          const none = area.selectionStart === area.selectionEnd && !event.shiftKey && !event.altKey;
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
            event.preventDefault();
            if (prompt.trim() !== "") void page.runs.run();
          } else if (event.key === "ArrowUp" && none && area.selectionStart === 0) {
            walk(page.prompts.older(prompt), event, "start");
          } else if (event.key === "ArrowDown" && none && area.selectionEnd === prompt.length) {
            walk(page.prompts.newer(), event, "end");
          }
        }}
      />
      <div class="ic-count" id={`${id}-count`}>
        <span aria-hidden="true" class="ic-keys">
          {t(words, "promptKeys", { keys: /Mac|iP/.test(navigator.platform) ? "⌘" : "Ctrl" })}
        </span>
        <span class="ic-number">
          <span aria-hidden="true">{limit ? `${length} / ${limit.most}` : length}</span>
          <span class="ic-unseen">
            {limit
              ? t(words, limit.unit === "bytes" ? "countBytes" : "countOf", { number: length, most: limit.most })
              : t(words, length === 1 ? "countOne" : "count", { number: length })}
          </span>
        </span>
      </div>
    </div>
  );
}
