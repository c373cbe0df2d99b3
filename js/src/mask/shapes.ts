/** Areas: a rectangle, what a line goes around, what an outline encloses. Pure. */
import { type Box, type Plane, TILE } from "./plane";

export interface Point {
  x: number;
  y: number;
}

/** Between two corners; a pixel is in it when its middle is. */
export function rectangle(plane: Plane, a: Point, b: Point, value: 0 | 255): Box {
  const box = {
    left: Math.max(0, Math.round(Math.min(a.x, b.x))),
    top: Math.max(0, Math.round(Math.min(a.y, b.y))),
    right: Math.min(plane.width, Math.round(Math.max(a.x, b.x))),
    bottom: Math.min(plane.height, Math.round(Math.max(a.y, b.y))),
  };
  for (let y = box.top; y < box.bottom; y += 1) plane.fillRow(y, box.left, box.right, value);
  return box;
}

/** Everything that the line, closed, goes around; where it crosses itself that is in, too. */
export function polygon(plane: Plane, points: readonly Point[], value: 0 | 255): Box {
  const ys = points.map(({ y }) => y);
  const xs = points.map(({ x }) => x);
  const least = (all: number[], most: number) =>
    Math.max(0, Math.min(most, Math.floor(all.reduce((a, b) => Math.min(a, b)))));
  const last = (all: number[], most: number) =>
    Math.max(0, Math.min(most, Math.ceil(all.reduce((a, b) => Math.max(a, b)))));
  if (points.length < 3) return { left: 0, top: 0, right: 0, bottom: 0 };
  const box = {
    left: least(xs, plane.width),
    top: least(ys, plane.height),
    right: last(xs, plane.width),
    bottom: last(ys, plane.height),
  };
  // Edges by the first row whose middle they cross; those that are over are taken out on the way.
  const rows = new Map<number, [Point, Point, number][]>();
  for (const [index, from] of points.entries()) {
    const to = points[(index + 1) % points.length] ?? from;
    if (from.y === to.y) continue;
    const [upper, lower, turn] = from.y < to.y ? [from, to, 1] : [to, from, -1];
    const first = Math.max(box.top, Math.ceil(upper.y - 0.5));
    const list = rows.get(first) ?? [];
    list.push([upper, lower, turn]);
    rows.set(first, list);
  }
  let live: [Point, Point, number][] = [];
  for (let y = box.top; y < box.bottom; y += 1) {
    const middle = y + 0.5;
    live = [...live, ...(rows.get(y) ?? [])].filter(([, lower]) => lower.y > middle);
    const crossings = live
      .map(([a, b, turn]): [number, number] => [a.x + ((middle - a.y) / (b.y - a.y)) * (b.x - a.x), turn])
      .sort((a, b) => a[0] - b[0]);
    let turns = 0;
    for (const [index, [x, turn]] of crossings.entries()) {
      turns += turn;
      const next = crossings[index + 1];
      if (turns !== 0 && next) plane.fillRow(y, Math.ceil(x - 0.5), Math.ceil(next[0] - 0.5), value);
    }
  }
  return box;
}

/**
 * From a point as far as nothing marked (or, to take away, nothing unmarked) is in the way; null where it begins on what
 * would stop it.
 */
export function flood(plane: Plane, start: Point, value: 0 | 255): Box | null {
  const { width, height, across } = plane;
  const x = Math.floor(start.x);
  const y = Math.floor(start.y);
  if (x < 0 || y < 0 || x >= width || y >= height) return null;
  if (plane.at(x, y) > 127 === (value === 255)) return null;
  // Flat, so that neighbors need no tiles: 1 is in the way, 2 is filled.
  const flat = new Uint8Array(width * height);
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < across; column += 1) {
      const tile = plane.tile((row >> 8) * across + column);
      const from = column * TILE;
      const count = Math.min(TILE, width - from);
      const at = (row & 255) << 8;
      for (let step = 0; step < count; step += 1) {
        if ((tile[at + step] ?? 0) > 127 === (value === 255)) flat[row * width + from + step] = 1;
      }
    }
  }
  const box = { left: x, top: y, right: x + 1, bottom: y + 1 };
  const waiting = [y * width + x];
  for (let seed = waiting.pop(); seed !== undefined; seed = waiting.pop()) {
    if (flat[seed] !== 0) continue;
    const row = Math.floor(seed / width);
    const first = row * width;
    let from = seed;
    while (from > first && flat[from - 1] === 0) from -= 1;
    let to = seed + 1;
    while (to < first + width && flat[to] === 0) to += 1;
    flat.fill(2, from, to);
    plane.fillRow(row, from - first, to - first, value);
    box.left = Math.min(box.left, from - first);
    box.right = Math.max(box.right, to - first);
    box.top = Math.min(box.top, row);
    box.bottom = Math.max(box.bottom, row + 1);
    for (const next of [row > 0 ? -width : 0, row < height - 1 ? width : 0]) {
      if (next === 0) continue;
      // One seed for each run that touches this one.
      for (let at = from + next; at < to + next; at += 1) {
        if (flat[at] === 0 && (at === from + next || flat[at - 1] !== 0)) waiting.push(at);
      }
    }
  }
  return box;
}
