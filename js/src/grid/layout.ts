/** Where each card of a long grid lies, and which of them can be seen. Pure. */

export interface Sizes {
  width: number;
  /** Cards of this Studio, then a heading, then the library's; no heading where there are none of these. */
  here: number;
  earlier: number;
}

export interface Layout {
  columns: number;
  /** Of one card: as wide as high for the picture, and the lines under it. */
  side: number;
  high: number;
  /** Where the heading of the library's part lies; null where it has none. */
  heading: number | null;
  /** Where the cards of the library's part begin. */
  below: number;
  total: number;
}

export const GAP = 12;
export const CAPTION = 64;
export const HEADING = 40;
const LEAST = 168;

export function layout({ width, here, earlier }: Sizes): Layout {
  const columns = Math.max(1, Math.floor((width + GAP) / (LEAST + GAP)));
  const side = Math.max(1, Math.floor((width - GAP * (columns - 1)) / columns));
  const high = side + CAPTION;
  const rows = (count: number) => Math.ceil(count / columns);
  const tall = (count: number) => rows(count) * (high + GAP);
  const heading = earlier > 0 ? tall(here) : null;
  const below = heading === null ? tall(here) : heading + HEADING;
  return { columns, side, high, heading, below, total: Math.max(0, below + tall(earlier)) };
}

export interface Place {
  left: number;
  top: number;
}

export function place(at: Layout, index: number, here: number): Place {
  const first = index < here;
  const own = first ? index : index - here;
  return {
    left: (own % at.columns) * (at.side + GAP),
    top: (first ? 0 : at.below) + Math.floor(own / at.columns) * (at.high + GAP),
  };
}

/** The first card that can be seen and the one behind the last, with `over` rows to spare on both sides. */
export function visible(at: Layout, sizes: Sizes, top: number, height: number, over = 2): [number, number] {
  const row = at.high + GAP;
  const rowsHere = Math.ceil(sizes.here / at.columns);
  /** Which row of the one part or the other lies at y. */
  const index = (y: number): number => {
    if (y < at.below) return Math.min(Math.max(0, Math.floor(y / row)), rowsHere) * at.columns;
    return sizes.here + Math.floor((y - at.below) / row) * at.columns;
  };
  const all = sizes.here + sizes.earlier;
  const from = index(Math.max(0, top - over * row));
  const to = index(top + height + over * row) + at.columns;
  return [Math.max(0, Math.min(from, all)), Math.max(0, Math.min(to, all))];
}

/** Where an arrow key goes: rows of the two parts lie under each other, the last rows may be short. */
export function moved(at: Layout, sizes: Sizes, index: number, key: string): number {
  const all = sizes.here + sizes.earlier;
  const { columns } = at;
  const first = index < sizes.here;
  const own = first ? index : index - sizes.here;
  const count = first ? sizes.here : sizes.earlier;
  const column = own % columns;
  switch (key) {
    case "ArrowRight":
      return Math.min(index + 1, all - 1);
    case "ArrowLeft":
      return Math.max(index - 1, 0);
    case "ArrowDown": {
      if (Math.floor(own / columns) < Math.floor((count - 1) / columns)) {
        return index - own + Math.min(own + columns, count - 1);
      }
      return first && sizes.earlier > 0 ? sizes.here + Math.min(column, sizes.earlier - 1) : index;
    }
    case "ArrowUp": {
      if (own >= columns) return index - columns;
      if (first || sizes.here === 0) return index;
      const last = Math.floor((sizes.here - 1) / columns) * columns;
      return Math.min(last + column, sizes.here - 1);
    }
    case "Home":
      return 0;
    case "End":
      return all - 1;
    default:
      return index;
  }
}
