/** Brush and eraser: the line between two points, as wide as the brush, with an edge as soft as it is. Pure. */
import type { Box, Plane } from "./plane";

export interface Dot {
  x: number;
  y: number;
  radius: number;
}

export interface Brush {
  /** 0 soft from the middle on, 1 hard up to the edge. */
  hardness: number;
  erase: boolean;
}

/** More parts than this are not needed for a line whose width changes. */
const PARTS = 32;

/** Paints from one dot to the next (the same twice is a dab); returns what changed. */
export function stroke(plane: Plane, from: Dot, to: Dot, brush: Brush): Box {
  const parts = Math.max(1, Math.min(PARTS, Math.ceil(Math.abs(to.radius - from.radius))));
  let dirty: Box | null = null;
  for (let part = 0; part < parts; part += 1) {
    const a = between(from, to, part / parts);
    const b = between(from, to, (part + 1) / parts);
    const box = capsule(plane, a, b, Math.max(0.5, (a.radius + b.radius) / 2), brush);
    dirty = dirty ? around(dirty, box) : box;
  }
  return dirty ?? { left: 0, top: 0, right: 0, bottom: 0 };
}

export function around(a: Box, b: Box): Box {
  return {
    left: Math.min(a.left, b.left),
    top: Math.min(a.top, b.top),
    right: Math.max(a.right, b.right),
    bottom: Math.max(a.bottom, b.bottom),
  };
}

function between(a: Dot, b: Dot, share: number): Dot {
  return {
    x: a.x + (b.x - a.x) * share,
    y: a.y + (b.y - a.y) * share,
    radius: a.radius + (b.radius - a.radius) * share,
  };
}

/** All points that are no further than `radius` from the line: each row cuts it in one piece, which needs no distances inside. */
function capsule(plane: Plane, a: Dot, b: Dot, radius: number, brush: Brush): Box {
  const outer = radius + 0.5;
  const inner = Math.min(radius - 0.5, radius * brush.hardness - 0.5);
  const soft = outer - inner;
  const box = {
    left: Math.max(0, Math.floor(Math.min(a.x, b.x) - outer)),
    top: Math.max(0, Math.floor(Math.min(a.y, b.y) - outer)),
    right: Math.min(plane.width, Math.ceil(Math.max(a.x, b.x) + outer) + 1),
    bottom: Math.min(plane.height, Math.ceil(Math.max(a.y, b.y) + outer) + 1),
  };
  const dx = b.x - a.x;
  const dy = b.y - a.y;
  const length = dx * dx + dy * dy;
  for (let y = box.top; y < box.bottom; y += 1) {
    const cy = y + 0.5;
    const wide = cut(a, b, outer, cy);
    if (!wide) continue;
    const from = Math.ceil(wide[0] - 0.5);
    const to = Math.floor(wide[1] - 0.5) + 1;
    const core = inner > 0 ? cut(a, b, inner, cy) : null;
    const coreFrom = core ? Math.max(from, Math.ceil(core[0] - 0.5)) : to;
    const coreTo = core ? Math.min(to, Math.floor(core[1] - 0.5) + 1) : to;
    const edge = (start: number, end: number) => {
      plane.row(y, start, end, (tile, at, x, count) => {
        for (let step = 0; step < count; step += 1) {
          const px = x + step + 0.5 - a.x;
          const py = cy - a.y;
          const along = length > 0 ? Math.max(0, Math.min(1, (px * dx + py * dy) / length)) : 0;
          const ex = px - along * dx;
          const ey = py - along * dy;
          // Not Math.hypot: it is ten times as slow, and a soft brush of half the picture has millions of these.
          const near = (outer - Math.sqrt(ex * ex + ey * ey)) / soft;
          const share = near <= 0 ? 0 : near >= 1 ? 1 : near * near * (3 - 2 * near);
          const value = (share * 255 + 0.5) | 0;
          const was = tile[at + step] ?? 0;
          if (brush.erase) {
            if (was > 255 - value) tile[at + step] = 255 - value;
          } else if (was < value) tile[at + step] = value;
        }
      });
    };
    if (coreFrom < coreTo) {
      edge(from, coreFrom);
      plane.fillRow(y, coreFrom, coreTo, brush.erase ? 0 : 255);
      edge(coreTo, to);
    } else edge(from, to);
  }
  return box;
}

/** Where the row at `y` enters and leaves the line of that radius. */
function cut(a: Dot, b: Dot, radius: number, y: number): [number, number] | null {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const end of [a, b]) {
    const off = y - end.y;
    if (Math.abs(off) > radius) continue;
    const half = Math.sqrt(radius * radius - off * off);
    low = Math.min(low, end.x - half);
    high = Math.max(high, end.x + half);
  }
  const length = Math.hypot(b.x - a.x, b.y - a.y);
  if (length > 0) {
    const nx = (-(b.y - a.y) / length) * radius;
    const ny = ((b.x - a.x) / length) * radius;
    const corners = [
      [a.x + nx, a.y + ny],
      [b.x + nx, b.y + ny],
      [b.x - nx, b.y - ny],
      [a.x - nx, a.y - ny],
    ] as const;
    for (const [index, [x1, y1]] of corners.entries()) {
      const [x2, y2] = corners[(index + 1) % 4] ?? corners[0];
      if (y1 === y2 || (y < y1 && y < y2) || (y > y1 && y > y2)) continue;
      const x = x1 + ((y - y1) / (y2 - y1)) * (x2 - x1);
      low = Math.min(low, x);
      high = Math.max(high, x);
    }
  }
  return low <= high ? [low, high] : null;
}
