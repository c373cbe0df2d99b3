/** The bar above: how to compare, in what order, how large. */
import { Button } from "../look/button";
import { Icon } from "../look/icons";
import { type Item, Menu } from "../look/menu";
import { color } from "./difference";
import { SORTS, type Sort, value } from "./order";
import { type Comparing, FEW, MODES } from "./state";
import { type Word, words } from "./words";

interface Given {
  state: Comparing;
  whole: boolean;
  /** 1 in, -1 out, 0 fits. */
  onZoom: (by: number) => void;
  onWhole?: (() => void) | undefined;
  onClose?: (() => void) | undefined;
}

export function Tools({ state, whole, onZoom, onWhole, onClose }: Given) {
  const t = state.t.value;
  const mode = state.mode.value;
  const two = state.shown.value.length > 1;
  const grid = (mode === "grid" || mode === "difference") && state.alone.value === null;
  const some = state.document.value.places.length > 0;
  return (
    <div class="ic-tools-of" role="toolbar" aria-label={t(words, "tools")}>
      {some && (
        <div class="ic-modes" role="group" aria-label={t(words, "tools")}>
          {MODES.map((one) => (
            <button
              key={one}
              type="button"
              class="ic-button ic-plain ic-small"
              aria-pressed={mode === one}
              aria-disabled={one !== "grid" && !two ? "true" : undefined}
              title={
                one !== "grid" && !two ? t(words, "needTwo") : `${t(words, `mode_${one}`)} (${one[0]?.toUpperCase()})`
              }
              onClick={() => state.to(one)}
            >
              {t(words, `mode_${one}`)}
            </button>
          ))}
        </div>
      )}
      {grid && some && <Order state={state} />}
      {grid && state.document.value.axes.length > 1 && state.sort.value === null && <Across state={state} />}
      {mode === "difference" && two && <Against state={state} />}
      <span class="ic-space" />
      {grid && some && (
        <span class="ic-together">
          <Button
            icon="library"
            look="ic-plain ic-small"
            label={t(words, "smaller")}
            onClick={() => state.resize(-1)}
          />
          <Button icon="picture" look="ic-plain ic-small" label={t(words, "larger")} onClick={() => state.resize(1)} />
        </span>
      )}
      {some && <Zoom state={state} onZoom={onZoom} />}
      {some && (
        <Button
          look="ic-plain ic-small ic-only"
          pressed={state.bare.value}
          label={`${t(words, state.bare.value ? "labelsShow" : "labelsHide")} (L)`}
          onClick={() => state.hide(!state.bare.value)}
        >
          <Eye closed={state.bare.value} />
        </Button>
      )}
      <Button
        icon="language"
        look="ic-plain ic-small"
        label={t(words, "language")}
        onClick={() => state.setLanguage(state.language.value === "zh" ? "en" : "zh")}
      />
      <Button
        look="ic-plain ic-small ic-only"
        label={`${t(words, "keys")} (?)`}
        onClick={() => {
          state.help.value = true;
        }}
      >
        <span aria-hidden="true">?</span>
      </Button>
      {onWhole && (
        <Button
          look="ic-plain ic-small ic-only"
          pressed={whole}
          label={t(words, whole ? "wholeEnd" : "whole")}
          onClick={onWhole}
        >
          <svg class="ic-icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
            <path
              d={
                whole
                  ? "M6 2.5V6H2.5M13.5 6H10V2.5M10 13.5V10h3.5M2.5 10H6v3.5"
                  : "M9.5 2.5h4v4M13.5 2.5L9 7M6.5 13.5h-4v-4M2.5 13.5L7 9"
              }
            />
          </svg>
        </Button>
      )}
      {onClose && <Button icon="close" look="ic-plain ic-small" label={t(words, "close")} onClick={onClose} />}
    </div>
  );
}

/** By itself: it changes with every frame. */
function Zoom({ state, onZoom }: Pick<Given, "state" | "onZoom">) {
  const t = state.t.value;
  const { zoom } = state.shared.view.value;
  return (
    <span class="ic-together" role="group" aria-label={t(words, "zoom")}>
      <Button
        icon="minus"
        look="ic-plain ic-small"
        label={`${t(words, "zoomOut")} (−)`}
        off={zoom <= 1.001}
        onClick={() => onZoom(-1)}
      />
      <span class="ic-number ic-zoom-of">{zoom < 10 ? zoom.toFixed(1) : Math.round(zoom)}×</span>
      <Button icon="plus" look="ic-plain ic-small" label={`${t(words, "zoomIn")} (+)`} onClick={() => onZoom(1)} />
      <Button
        icon="fit"
        look="ic-plain ic-small"
        label={`${t(words, "zoomFit")} (0)`}
        off={zoom <= 1.001}
        onClick={() => onZoom(0)}
      />
    </span>
  );
}

function Eye({ closed }: { closed: boolean }) {
  return (
    <svg class="ic-icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path
        d={`M1.8 8S4 3.8 8 3.8 14.2 8 14.2 8 12 12.2 8 12.2 1.8 8 1.8 8zM8 6.2a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6z${closed ? "M3 13L13 3" : ""}`}
      />
    </svg>
  );
}

function Order({ state }: { state: Comparing }) {
  const t = state.t.value;
  const sort = state.sort.value;
  const none = state.document.value.axes.length > 0 ? "order_matrix" : "order_given";
  const differs = state.mode.value === "difference";
  const known = (by: string) =>
    new Set(state.shown.value.map((place) => value(place, by, state.differs.value)).filter((one) => one !== null))
      .size > 1;
  const all: Sort[] = [
    ...(differs ? [{ by: "differs", down: false }] : []),
    ...SORTS.filter(({ by }) => known(by)),
    ...state.measures.value.map((measure) => ({ by: `#${measure}`, down: true })),
  ];
  const name = (by: string) => (by.startsWith("#") ? by.slice(1) : t(words, `order_${by}` as Word));
  const items: Item[] = [
    {
      label: t(words, none),
      checked: sort === null,
      onPick: () => {
        state.sort.value = null;
      },
    },
    ...all.map((one, number) => ({
      label: name(one.by),
      checked: sort?.by === one.by,
      apart: number === 0,
      onPick: () => {
        state.sort.value = one;
      },
    })),
  ];
  return (
    <span class="ic-together">
      <Menu
        label={t(words, "order")}
        text={sort ? name(sort.by) : t(words, none)}
        look="ic-plain ic-small ic-order"
        items={items}
      />
      {sort && (
        <Button
          look="ic-plain ic-small ic-only"
          label={t(words, "turned")}
          onClick={() => {
            state.sort.value = { ...sort, down: !sort.down };
          }}
        >
          <span aria-hidden="true">{sort.down ? "↓" : "↑"}</span>
        </Button>
      )}
    </span>
  );
}

function Across({ state }: { state: Comparing }) {
  const t = state.t.value;
  const now = state.columns.value;
  const axes = state.document.value.axes.map(([name]) => name);
  return (
    <Menu
      label={t(words, "columns")}
      text={now.length > 0 ? now.join(" · ") : t(words, "columnsNone")}
      look="ic-plain ic-small"
      items={[...axes.map((axis) => [axis]), ...(now.length > 1 ? [[...now]] : []), []].map((some) => ({
        label: some.length > 0 ? some.join(" · ") : t(words, "columnsNone"),
        checked: some.join("\n") === now.join("\n"),
        onPick: () => state.place(some),
      }))}
    />
  );
}

function Against({ state }: { state: Comparing }) {
  const t = state.t.value;
  const base = state.baseline.value;
  if (!base) return null;
  const colors = [0, 0.2, 0.4, 0.6, 0.8, 1].map((at) => `rgb(${color(at).join(" ")})`);
  return (
    <>
      <Menu
        label={t(words, "against")}
        text={state.name(base, FEW)}
        look="ic-plain ic-small ic-chooser"
        items={state.shown.value.map((one) => ({
          label: state.name(one),
          checked: one === base,
          onPick: () => state.setBaseline(one.key),
        }))}
      />
      <label class="ic-range">
        <span>{t(words, "gain")}</span>
        <input
          type="range"
          min="1"
          max="16"
          step="1"
          value={state.gain.value}
          onInput={(event) => {
            state.gain.value = Number(event.currentTarget.value);
          }}
        />
        <span class="ic-number">{t(words, "gainTimes", { number: state.gain.value })}</span>
      </label>
      <span class="ic-legend">
        <Icon name="compare" /> {t(words, "alike")}
        <i style={{ background: `linear-gradient(to right, ${colors.join(", ")})` }} />
        {t(words, "different")}
      </span>
    </>
  );
}
