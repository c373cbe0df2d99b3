/** All pictures at once: the matrix of a sweep with its labels, or a list in any order. */
import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Place } from "./document";
import type { Comparing } from "./state";
import { Tile } from "./tile";
import { words } from "./words";

/** CSS pixels between two squares. */
const GAP = 12;
/** Narrower than this, row labels stand above their row. */
const NARROW = 620;

/** Keys of the places as they stand, for the arrow keys. */
export type Table = (string | null)[][];

interface Given {
  state: Comparing;
  wheel: () => boolean;
  table: { current: Table };
}

export function Grid({ state, wheel, table }: Given) {
  const t = state.t.value;
  const box = useRef<HTMLDivElement>(null);
  const width = useSignal(0);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const measure = () => {
      width.value = element.clientWidth;
    };
    measure();
    const watch = new ResizeObserver(measure);
    watch.observe(element);
    return () => watch.disconnect();
  }, [width]);

  const shape = state.matrix.value;
  const tile = state.tile(width.value - 2 * GAP);
  const narrow = width.value < NARROW;
  const square = (place: Place, name: string) => (
    <Tile key={place.key} state={state} place={place} name={name} wheel={wheel} />
  );

  if (!shape) {
    const list = state.list.value;
    const room = width.value - 2 * GAP;
    const most = Math.max(1, Math.min(list.length, Math.floor((room + GAP) / (tile + GAP))));
    // Sixteen in rows of 6, 6 and 4, not of 7, 7 and 2.
    const wide = Math.ceil(list.length / Math.ceil(list.length / most)) || 1;
    table.current = chunks(
      list.map((place) => place.key),
      wide,
    );
    return (
      <div ref={box} class="ic-scroll-grid">
        <ul class="ic-list-grid" style={{ gridTemplateColumns: `repeat(${wide}, minmax(0, 1fr))` }}>
          {list.map((place) => (
            <li key={place.key}>{square(place, state.name(place))}</li>
          ))}
        </ul>
      </div>
    );
  }

  table.current = [...shape.rows.map(({ cells }) => cells.map((cell) => cell?.key ?? null))];
  if (shape.loose.length > 0)
    table.current.push(
      ...chunks(
        shape.loose.map((place) => place.key),
        shape.wide,
      ),
    );
  const bare = state.bare.value;
  const sided = shape.rows.some(({ label }) => label.length > 0) && !bare;
  const headed = shape.heads.some(({ label }) => label.length > 0) && !bare;
  const column = `repeat(${shape.wide}, minmax(${tile}px, 1fr))`;
  return (
    <div ref={box} class="ic-scroll-grid">
      <div
        class={`ic-matrix${narrow ? " ic-narrow" : ""}`}
        role="group"
        aria-label={t(words, "comparison")}
        style={{ gridTemplateColumns: sided && !narrow ? `minmax(64px, max-content) ${column}` : column }}
      >
        {headed && (
          <div class="ic-line-of ic-heads">
            {sided && !narrow && <span class="ic-corner-of" />}
            {shape.heads.map(({ label, wide }) => (
              <span key={label.join("\n")} class="ic-head-of" style={{ gridColumn: `span ${wide}` }}>
                {label.join(" · ")}
              </span>
            ))}
          </div>
        )}
        {shape.rows.map((row) => (
          <div
            key={row.label.join("\n")}
            role="group"
            aria-label={bare ? "" : row.label.join(" · ")}
            class="ic-line-of"
          >
            {sided && (
              <span class="ic-side">
                {row.label.map((value) => (
                  <span key={value} title={value}>
                    {value}
                  </span>
                ))}
              </span>
            )}
            {row.cells.map((place, number) => (
              <div key={number} class="ic-cell-of">
                {place ? (
                  square(place, state.inMatrix(place))
                ) : (
                  <div class="ic-square-of ic-nothing">{t(words, "noPlace")}</div>
                )}
              </div>
            ))}
          </div>
        ))}
        {shape.loose.map((place) => (
          <div key={place.key} class="ic-cell-of">
            {square(place, state.name(place))}
          </div>
        ))}
      </div>
    </div>
  );
}

function chunks(keys: string[], wide: number): Table {
  return Array.from({ length: Math.ceil(keys.length / wide) }, (_, row) => keys.slice(row * wide, (row + 1) * wide));
}
