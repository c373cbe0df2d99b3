/** Two pictures in one place: a line between them that moves, or the one and the other by turns; or one picture alone. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Button } from "../look/button";
import { Menu } from "../look/menu";
import { Pane } from "../panes";
import type { Shown } from "./document";
import { Facts, told } from "./facts";
import { type Comparing, FEW } from "./state";
import { hint } from "./tile";
import { words } from "./words";

interface Given {
  state: Comparing;
  wheel: () => boolean;
}

export function Pair({ state, wheel }: Given) {
  const t = state.t.value;
  const [first, second] = [state.baseline.value, state.secondOf.value];
  const slider = state.mode.value === "slider";
  const flips = state.second.value;
  useEffect(() => {
    if (slider || !state.playing.value) return;
    const tick = setInterval(() => {
      state.second.value = !state.second.value;
    }, state.pace.value * 1000);
    return () => clearInterval(tick);
  }, [slider, state, state.playing.value, state.pace.value]);
  if (!first || !second) return null;
  const shown = !slider && flips ? second : first;
  const hidden = shown === first ? second : first;
  const over = state.plate(second);
  return (
    <div class="ic-pair">
      <div class="ic-choose">
        <Choose
          state={state}
          label={t(words, slider ? "left" : "first")}
          place={first}
          onPick={(key) => state.setBaseline(key)}
        />
        <Button icon="retry" look="ic-plain ic-small" label={t(words, "swap")} onClick={() => state.swap()} />
        <Choose
          state={state}
          label={t(words, slider ? "right" : "second")}
          place={second}
          onPick={(key) => state.setSecond(key)}
        />
        <span class="ic-space" />
        {!slider && <Pace state={state} />}
      </div>
      <div class="ic-stage-of">
        <Pane
          shared={state.shared}
          plate={state.plate(shown)}
          {...(slider ? { over: { plate: over, split: state.split } } : { ready: state.plate(hidden) })}
          label={
            slider
              ? [first, second].map((place) => label(state, place)).join(" | ")
              : t(words, "shownNow", { name: label(state, shown) })
          }
          look={state.shared.fitted.value ? "" : "ic-zoomed"}
          wheel={wheel}
          onWheel={() => hint(state)}
        />
        {slider ? (
          <>
            <span class="ic-chip-of ic-left">{state.name(first, FEW, second)}</span>
            <span class="ic-chip-of ic-right">{state.name(second, FEW, first)}</span>
            <Line state={state} />
          </>
        ) : (
          <span class="ic-chip-of ic-left">{state.name(shown, FEW, hidden)}</span>
        )}
      </div>
      <div class="ic-under-pair">
        <Facts state={state} place={first} name={state.name(first)} />
        <Facts state={state} place={second} name={state.name(second)} />
      </div>
    </div>
  );
}

function label(state: Comparing, place: Shown): string {
  const t = state.t.value;
  return t(words, "pane", { name: t(words, "picture", { name: state.name(place) }), facts: told(state, place) });
}

function Choose({
  state,
  label,
  place,
  onPick,
}: {
  state: Comparing;
  label: string;
  place: Shown;
  onPick: (key: string) => void;
}) {
  return (
    <Menu
      label={label}
      text={state.name(place, FEW)}
      look="ic-small ic-chooser"
      items={state.shown.value.map((one) => ({
        label: state.name(one),
        checked: one === place,
        onPick: () => onPick(one.key),
      }))}
    />
  );
}

function Pace({ state }: { state: Comparing }) {
  const t = state.t.value;
  const playing = state.playing.value;
  return (
    <>
      <Button
        icon={playing ? "stop" : "run"}
        look="ic-plain ic-small"
        label={t(words, playing ? "pause" : "play")}
        onClick={() => {
          state.playing.value = !playing;
        }}
      />
      <label class="ic-range">
        <span>{t(words, "pace")}</span>
        {/* Never faster than three changes a second: that is where flashing begins to harm. */}
        <input
          type="range"
          min="0.4"
          max="3"
          step="0.1"
          value={state.pace.value}
          onInput={(event) => {
            state.pace.value = Number(event.currentTarget.value);
          }}
        />
        <span class="ic-number">{state.pace.value.toFixed(1)}</span>
      </label>
    </>
  );
}

/** The line between the two: dragged, or moved with the arrows. */
function Line({ state }: { state: Comparing }) {
  const t = state.t.value;
  const line = useRef<HTMLDivElement>(null);
  const dragging = useSignal(false);
  const at = state.split.value;
  const set = (value: number) => {
    state.split.value = Math.max(0, Math.min(1, value));
  };
  return (
    <div
      ref={line}
      class={`ic-divide${dragging.value ? " ic-dragged" : ""}`}
      style={{ left: `${at * 100}%` }}
      role="slider"
      tabIndex={0}
      aria-label={t(words, "split")}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(at * 100)}
      onKeyDown={(event) => {
        const by = { ArrowLeft: -0.02, ArrowRight: 0.02, ArrowDown: -0.02, ArrowUp: 0.02, PageDown: -0.1, PageUp: 0.1 }[
          event.key
        ];
        if (by !== undefined) set(at + by);
        else if (event.key === "Home") set(0);
        else if (event.key === "End") set(1);
        else return;
        event.preventDefault();
        event.stopPropagation();
      }}
      onPointerDown={(event) => {
        event.preventDefault();
        event.currentTarget.focus({ preventScroll: true });
        event.currentTarget.setPointerCapture(event.pointerId);
        dragging.value = true;
      }}
      onPointerMove={(event) => {
        if (!dragging.value) return;
        const around = line.current?.parentElement?.getBoundingClientRect();
        if (around && around.width > 0) set((event.clientX - around.left) / around.width);
      }}
      onPointerUp={() => {
        dragging.value = false;
      }}
      onPointerCancel={() => {
        dragging.value = false;
      }}
    >
      <span class="ic-grip" />
    </div>
  );
}

/** One picture by itself, as large as there is room. */
export function Alone({ state, place, wheel }: Given & { place: Shown }) {
  const t = state.t.value;
  const all = state.list.value.filter((one): one is Shown => one.sha !== null);
  const at = all.indexOf(place);
  const go = (by: number) => {
    const next = all[at + by];
    if (!next) return;
    state.alone.value = next.key;
    state.current.value = next.key;
  };
  return (
    <div class="ic-pair">
      <div class="ic-choose">
        <Button
          icon="left"
          look="ic-small"
          onClick={() => {
            state.alone.value = null;
          }}
        >
          {t(words, "back")}
        </Button>
        <span class="ic-space" />
        <Button
          icon="left"
          look="ic-plain ic-small"
          label={t(words, "previous")}
          off={at <= 0}
          onClick={() => go(-1)}
        />
        <span class="ic-number ic-soft">{t(words, "count", { number: at + 1, most: all.length })}</span>
        <Button
          icon="right"
          look="ic-plain ic-small"
          label={t(words, "next")}
          off={at >= all.length - 1}
          onClick={() => go(1)}
        />
      </div>
      <div class="ic-stage-of">
        <Pane
          shared={state.shared}
          plate={state.drawable(place)}
          label={label(state, place)}
          look={state.shared.fitted.value ? "" : "ic-zoomed"}
          wheel={wheel}
          onWheel={() => hint(state)}
          onKeyDown={(event) => {
            if (event.key === "ArrowLeft") go(-1);
            else if (event.key === "ArrowRight") go(1);
            else return;
            event.preventDefault();
            event.stopPropagation();
          }}
        />
        <span class="ic-chip-of ic-left">{state.name(place)}</span>
      </div>
      <div class="ic-under-pair">
        <Facts state={state} place={place} name={state.name(place)} />
      </div>
    </div>
  );
}
