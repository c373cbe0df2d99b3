/** One view of a comparison: how to compare above, the pictures below; every key that works anywhere in it. */
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { Button } from "../look/button";
import { Dialog } from "../look/dialog";
import { useOwnKeys, useWholeScreen } from "../look/own";
import { FITTED, STEP } from "../panes/view";
import { isShown } from "./document";
import { Grid, type Table } from "./grid";
import { step } from "./order";
import { Alone, Pair } from "./pair";
import { type Comparing, MODES, type Mode } from "./state";
import { Tools } from "./tools";
import { words } from "./words";

const MODE_KEYS: Record<string, Mode> = { g: "grid", s: "slider", f: "flicker", d: "difference" };

interface Given {
  state: Comparing;
  root: HTMLElement;
  /** It has the whole window: the wheel is nobody else's. */
  fills: boolean;
  onClose?: (() => void) | undefined;
}

export function App({ state, root, fills, onClose }: Given) {
  const t = state.t.value;
  const box = useRef<HTMLDivElement>(null);
  const table = useRef<Table>([]);
  const whole = useSignal(false);

  useEffect(() => {
    root.lang = state.language.value === "zh" ? "zh-CN" : "en";
  });
  useOwnKeys(root);
  useWholeScreen(root, whole);

  const places = state.document.value.places;
  const first = state.list.value[0]?.key ?? "";
  if (!places.some((place) => place.key === state.current.peek())) state.current.value = first;
  const alone = state.alone.value === null ? undefined : state.shown.value.find((one) => one.key === state.alone.value);
  const pairs = state.mode.value === "slider" || state.mode.value === "flicker";

  const focus = (key: string) => {
    state.current.value = key;
    requestAnimationFrame(() => {
      const square = box.current?.querySelector<HTMLElement>(`[data-key="${key}"]`);
      const pane = square?.matches("[tabindex]") ? square : square?.querySelector<HTMLElement>(".ic-pane");
      pane?.focus({ preventScroll: true });
      (square?.closest("li, .ic-cell-of") ?? square)?.scrollIntoView({ block: "nearest", inline: "nearest" });
    });
  };

  const keys = (event: KeyboardEvent) => {
    const target = event.target as HTMLElement;
    if (
      event.ctrlKey ||
      event.metaKey ||
      event.altKey ||
      target.closest("input, textarea, [role=menu], dialog.ic-help-box")
    )
      return;
    const { key } = event;
    const letter = key.length === 1 ? key.toLowerCase() : key;
    const on = target.closest<HTMLElement>("[data-key]")?.dataset.key ?? null;
    const button = target.closest("button, summary, a") !== null;
    const mode = MODE_KEYS[letter];
    const nowhere = target === document.body;
    const move = !pairs && !alone && /^Arrow/.test(key) && (on !== null || nowhere);
    if (mode) {
      state.to(mode);
      refocus();
    } else if (letter === "l") state.hide(!state.bare.value);
    else if (letter === "h" || key === "?") state.help.value = true;
    else if (move && (event.shiftKey || state.shared.fitted.value)) {
      const next = on === null ? state.current.value : step(table.current, on, key);
      if (next !== null) focus(next);
    } else if (letter === "b" && (on ?? alone?.key)) state.setBaseline(on ?? alone?.key ?? "");
    else if (key === "Enter" && !button && on !== null && places.some((place) => place.key === on && isShown(place))) {
      state.alone.value = on;
      refocus();
    } else if (key === " " && !button) {
      if (state.mode.value === "flicker") {
        state.playing.value = false;
        state.second.value = !state.second.value;
      } else if (state.mode.value !== "slider") state.peeking.value = true;
    } else if (pairs && (key === "]" || key === "[")) state.turn(key === "]" ? 1 : -1);
    else if (pairs && letter === "x") state.swap();
    else if (key === "Escape" && alone) {
      state.alone.value = null;
      focus(alone.key);
    } else if (key === "Escape" && !state.shared.fitted.value) state.shared.view.value = FITTED;
    else if (key === "Escape" && onClose) onClose();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  /** What had the focus is gone with its mode: the keys go on working in the next. */
  const refocus = () => {
    if (box.current?.matches(":focus-within") && !box.current.querySelector(".ic-pane:focus, .ic-square-of:focus"))
      return;
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        const stage = box.current?.querySelector<HTMLElement>(".ic-stage-of .ic-pane");
        if (stage) stage.focus({ preventScroll: true });
        else focus(state.current.peek());
      }),
    );
  };

  /** Whoever is at work here, or has nothing else to scroll, zooms with the wheel. */
  const wheel = () =>
    whole.value || (fills && (pairs || alone !== undefined)) || box.current?.matches(":focus-within") === true;
  const zoom = (by: number) => {
    const view = state.shared.view.value;
    const next = Math.min(64, view.zoom * STEP ** by);
    state.shared.view.value = by === 0 || next <= 1 ? FITTED : { ...view, zoom: next };
  };

  // A page of its own: nobody has to click into it before its keys work.
  const latest = useRef(keys);
  latest.current = keys;
  useLayoutEffect(() => {
    if (!fills) return;
    const anywhere = (event: KeyboardEvent) => {
      if (event.target === document.body) latest.current(event);
    };
    document.addEventListener("keydown", anywhere);
    return () => document.removeEventListener("keydown", anywhere);
  }, [fills]);

  const { title, reduced } = state.document.value;
  const sizes = Object.values(reduced ?? {});
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys of the panes in it
    <div
      ref={box}
      class={`ic-compare ic-on-${state.mode.value}${fills || whole.value ? " ic-fills" : ""}`}
      onKeyDown={keys}
      onKeyUp={(event) => {
        if (event.key === " ") state.peeking.value = false;
      }}
      onFocusOut={() => {
        state.peeking.value = false;
      }}
    >
      <Tools
        state={state}
        whole={whole.value}
        onZoom={zoom}
        onWhole={
          fills || !root.requestFullscreen
            ? undefined
            : () => void (whole.value ? document.exitFullscreen() : root.requestFullscreen()).catch(() => {})
        }
        onClose={onClose}
      />
      {title && !state.bare.value && places.length > 0 ? (
        <p class="ic-title" role="heading" aria-level={fills ? 1 : 3} title={title}>
          {title}
        </p>
      ) : (
        <p class="ic-unseen" role="heading" aria-level={fills ? 1 : 3}>
          {t(words, "comparison")}
        </p>
      )}
      {places.length === 0 ? (
        <div class="ic-empty-of">
          <p>{t(words, "none")}</p>
          <p class="ic-soft">
            <code>{t(words, "noneHow")}</code>
          </p>
        </div>
      ) : alone ? (
        <Alone state={state} place={alone} wheel={wheel} />
      ) : pairs && state.shown.value.length > 1 ? (
        <Pair state={state} wheel={wheel} />
      ) : (
        <Grid state={state} wheel={wheel} table={table} />
      )}
      {sizes.length > 0 && (
        <p class="ic-foot">
          {t(words, "reduced", { size: [...new Set(sizes.map((size) => size.join("×")))].join(", ") })}
        </p>
      )}
      {state.wheelHint.value && (
        <p class="ic-wheel" aria-hidden="true">
          {t(words, "wheel")}
        </p>
      )}
      {state.help.value && <Help state={state} />}
      <div class="ic-unseen" role="status" aria-live="polite">
        {state.spoken.value}
      </div>
    </div>
  );
}

function Help({ state }: { state: Comparing }) {
  const t = state.t.value;
  const close = () => {
    state.help.value = false;
  };
  const rows: [string, Parameters<typeof t<typeof words.en>>[1]][] = [
    ["← → ↑ ↓", "key_arrows"],
    ["Shift + ←→↑↓", "key_shiftArrows"],
    ["+ −", "key_zoom"],
    ["0 1", "key_fit"],
    [MODES.map((mode) => mode[0]?.toUpperCase()).join(" "), "key_modes"],
    ["B", "key_b"],
    ["Space", "key_space"],
    ["Enter", "key_enter"],
    ["L", "key_labels"],
    ["[ ]", "key_step"],
    ["X", "key_swap"],
    ["Tab ← →", "key_line"],
    ["", "key_mouse"],
  ];
  return (
    <Dialog
      label={t(words, "keys")}
      look="ic-help-box"
      onClose={close}
      onKeyDown={(event) => {
        if (event.key === "h" || event.key === "?") close();
      }}
    >
      <header class="ic-help-head">
        <strong>{t(words, "keys")}</strong>
        <Button icon="close" look="ic-plain ic-small" label={t(words, "close")} onClick={close} />
      </header>
      <dl class="ic-help-list">
        {rows.map(([key, what]) => (
          <div key={what}>
            <dt>
              {key
                .split(" ")
                .filter(Boolean)
                .map((one) => (one === "+" && key.length > 3 ? one : <kbd key={one}>{one}</kbd>))}
            </dt>
            <dd>{t(words, what)}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
