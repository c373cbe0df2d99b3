/** One place of the grid: a pane with its facts, or the reason why there is none. */
import { Pane } from "../panes";
import { VISIBLE } from "./difference";
import { isShown, type Place } from "./document";
import { Facts, Reason, told } from "./facts";
import type { Comparing } from "./state";
import { words } from "./words";

interface Given {
  state: Comparing;
  place: Place;
  /** What stands under it; in a matrix the labels beside and above say the rest. */
  name: string;
  wheel: () => boolean;
}

export function Tile({ state, place, name, wheel }: Given) {
  const t = state.t.value;
  const tab = state.current.value === place.key ? 0 : -1;
  const label = t(words, "pane", { name: t(words, "picture", { name: state.name(place) }), facts: told(state, place) });
  const focus = () => {
    state.current.value = place.key;
  };
  const base = state.baseline.value === place && state.based.value;
  if (!isShown(place)) {
    return (
      <div class="ic-tile-of">
        <div
          class="ic-square-of ic-off"
          data-key={place.key}
          tabIndex={tab}
          role="group"
          aria-label={label}
          onFocus={focus}
        >
          <Reason state={state} place={place} />
        </div>
        <Facts state={state} place={place} name={name} />
      </div>
    );
  }
  const zoomed = state.shared.fitted.value ? "" : " ic-zoomed";
  const map = state.mode.value === "difference" ? state.difference(place) : null;
  const found = map?.found.value;
  return (
    <div class={`ic-tile-of${base ? " ic-base" : ""}`}>
      <div class="ic-square-of" data-key={place.key}>
        <Pane
          shared={state.shared}
          plate={state.drawable(place)}
          label={label}
          look={zoomed}
          tabIndex={tab}
          wheel={wheel}
          onWheel={() => hint(state)}
          onFocus={focus}
        />
        {base && <span class="ic-chip-of ic-left">{t(words, "isBaseline")}</span>}
        {found && (
          <span
            class="ic-chip-of ic-right ic-number"
            title={t(words, "differsHow", { side: 768, mean: percent(found.mean), most: VISIBLE })}
          >
            {t(words, "differs", { share: percent(found.share) })}
          </span>
        )}
        {map && !map.comparable && <span class="ic-chip-of ic-below">{t(words, "differsNot")}</span>}
      </div>
      <Facts state={state} place={place} name={name} />
    </div>
  );
}

/** Never 0 where something is there. */
export function percent(share: number): string {
  const value = share * 100;
  if (value > 0 && value < 0.1) return "< 0.1";
  return value >= 10 || value === 0 ? value.toFixed(0) : value.toFixed(1);
}

let timer: ReturnType<typeof setTimeout> | undefined;

export function hint(state: Comparing): void {
  state.wheelHint.value = true;
  clearTimeout(timer);
  timer = setTimeout(() => {
    state.wheelHint.value = false;
  }, 1600);
}
