/** In which order and matrix the places stand. Pure. */
import type { Document, Place } from "./document";

export interface Row {
  /** One value for each axis that goes down. */
  label: string[];
  /** Null where nothing was asked for. */
  cells: (Place | null)[];
}

export interface Matrix {
  rows: Row[];
  /** Above the cells: the values of the axes that go across, and over how many cells each stands. */
  heads: { label: string[]; wide: number }[];
  wide: number;
  /** Places that stand nowhere in it. */
  loose: Place[];
}

function product(lists: readonly (readonly string[])[]): string[][] {
  return lists.reduce<string[][]>((made, list) => made.flatMap((one) => list.map((value) => [...one, value])), [[]]);
}

/** Rows and columns from the axes; null where there are none. Several pictures of one combination stand side by side. */
export function matrix({ axes, places }: Pick<Document, "axes" | "places">, columns: readonly string[]): Matrix | null {
  const placed = places.filter((place) => Object.keys(place.values).length > 0);
  if (axes.length === 0 || placed.length === 0) return null;
  const across = axes.filter(([name]) => columns.includes(name));
  const down = axes.filter(([name]) => !columns.includes(name));
  const name = (values: readonly string[]) => JSON.stringify(values);
  const found = new Map<string, Map<string, Place[]>>();
  for (const place of placed) {
    const row = name(down.map(([axis]) => place.values[axis] ?? ""));
    const column = name(across.map(([axis]) => place.values[axis] ?? ""));
    const cells = found.get(row) ?? new Map<string, Place[]>();
    cells.set(column, [...(cells.get(column) ?? []), place]);
    found.set(row, cells);
  }
  const heads = product(across.map(([, values]) => values)).map((label) => ({
    label,
    wide: Math.max(1, ...[...found.values()].map((cells) => cells.get(name(label))?.length ?? 0)),
  }));
  const rows = product(down.map(([, values]) => values)).map((label) => ({
    label,
    cells: heads.flatMap((head) => {
      const here: (Place | null)[] = found.get(name(label))?.get(name(head.label)) ?? [];
      return [...here, ...Array.from({ length: head.wide - here.length }, () => null)];
    }),
  }));
  return {
    rows,
    heads,
    wide: heads.reduce((sum, { wide }) => sum + wide, 0),
    loose: places.filter((place) => Object.keys(place.values).length === 0),
  };
}

/** What one can sort by: its name (a measure's begins with "#"), and whether more is better and so comes first. */
export interface Sort {
  by: string;
  down: boolean;
}

export const SORTS: readonly Sort[] = [
  { by: "seconds", down: false },
  { by: "cost", down: false },
  { by: "size", down: true },
  { by: "bytes", down: false },
  { by: "model", down: false },
  { by: "label", down: false },
  { by: "revised", down: true },
  { by: "asked", down: false },
];

/** Null: not known, and so last whichever way it is sorted. */
export function value(
  place: Place,
  by: string,
  differs: ReadonlyMap<string, number> = new Map(),
): number | string | null {
  if (by.startsWith("#")) return place.numbers[by.slice(1)] ?? null;
  switch (by) {
    case "seconds":
      return place.seconds;
    case "cost":
      // Of different currencies only one at a time can be put in order; the others come behind it, in theirs.
      return place.cost?.amount ?? null;
    case "size":
      return place.sha === null ? null : place.width * place.height;
    case "bytes":
      return place.sha === null ? null : place.bytes;
    case "model":
      return place.model ?? (place.provider || null);
    case "label":
      return place.label || null;
    case "revised":
      return place.sha === null ? null : place.revised.length;
    case "asked":
      return place.asked || null;
    case "differs":
      return differs.get(place.key) ?? null;
    default:
      return null;
  }
}

export function sorted(
  places: readonly Place[],
  { by, down }: Sort,
  differs: ReadonlyMap<string, number> = new Map(),
): Place[] {
  const sign = down ? -1 : 1;
  const currency = (place: Place) => (by === "cost" ? (place.cost?.currency ?? "") : "");
  return [...places].sort((one, other) => {
    const [a, b] = [value(one, by, differs), value(other, by, differs)];
    if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
    if (currency(one) !== currency(other)) return currency(one) < currency(other) ? -1 : 1;
    if (typeof a === "string" || typeof b === "string")
      return sign * String(a).localeCompare(String(b), undefined, { numeric: true });
    return sign * (a - b);
  });
}

/** A, B, … Z, AA, …: what a picture is called while labels are hidden. */
export function letter(number: number): string {
  const rest = Math.floor(number / 26);
  return (rest > 0 ? letter(rest - 1) : "") + String.fromCharCode(65 + (number % 26));
}

/** The cell that an arrow key goes to, in a table with empty cells; -1 where there is none. */
export function step(table: readonly (readonly (string | null)[])[], key: string, arrow: string): string | null {
  const y = table.findIndex((row) => row.includes(key));
  const x = table[y]?.indexOf(key) ?? -1;
  if (x < 0) return null;
  const [dx = 0, dy = 0] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[arrow] ?? [
    0, 0,
  ];
  if (dx !== 0) {
    const all = table.flat().filter((one) => one !== null);
    return all[all.indexOf(key) + dx] ?? null;
  }
  for (let row = y + dy; row >= 0 && row < table.length; row += dy) {
    const found = table[row]?.[Math.min(x, (table[row]?.length ?? 1) - 1)];
    if (found) return found;
  }
  return null;
}
