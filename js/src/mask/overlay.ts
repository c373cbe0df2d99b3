/** The mask as it lies over the picture on the screen. Pure. */
import type { Box, Plane } from "./plane";

/** Where the picture lies: screen pixels for one of its, and its left and top on the screen. */
export interface Placed {
  scale: number;
  left: number;
  top: number;
}

/** Seen on any picture, because it is striped as well. */
const COLOR = [255, 36, 110] as const;
const STRIPE = 0.72;

export function toScreen(box: Box, placed: Placed, width: number, height: number): Box {
  const { scale, left, top } = placed;
  return {
    left: Math.max(0, Math.floor(box.left * scale + left) - 1),
    top: Math.max(0, Math.floor(box.top * scale + top) - 1),
    right: Math.min(width, Math.ceil(box.right * scale + left) + 1),
    bottom: Math.min(height, Math.ceil(box.bottom * scale + top) + 1),
  };
}

export function toPicture(x: number, y: number, { scale, left, top }: Placed): { x: number; y: number } {
  return { x: (x - left) / scale, y: (y - top) / scale };
}

/** RGBA of the screen's pixels in `box`; where the picture is smaller than its pixels, each is a mean of four. */
export function overlay(plane: Plane, placed: Placed, box: Box): Uint8ClampedArray<ArrayBuffer> {
  const width = Math.max(0, box.right - box.left);
  const height = Math.max(0, box.bottom - box.top);
  const out = new Uint8ClampedArray(width * height * 4);
  const parts = placed.scale < 0.75 ? [0.25, 0.75] : [0.5];
  // The picture's column and row for each of the screen's, -1 outside.
  const columns = parts.map((part) => places(box.left, width, part, placed.left, placed.scale, plane.width));
  const rows = parts.map((part) => places(box.top, height, part, placed.top, placed.scale, plane.height));
  const samples = parts.length * parts.length;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      let sum = 0;
      for (const row of rows) {
        const py = row[y] ?? -1;
        if (py < 0) continue;
        for (const column of columns) {
          const px = column[x] ?? -1;
          if (px < 0) continue;
          sum += plane.tile((py >> 8) * plane.across + (px >> 8))[((py & 255) << 8) | (px & 255)] ?? 0;
        }
      }
      if (sum === 0) continue;
      const at = (y * width + x) * 4;
      const striped = ((x + box.left + y + box.top) >> 3) & 1;
      out[at] = COLOR[0];
      out[at + 1] = COLOR[1];
      out[at + 2] = COLOR[2];
      out[at + 3] = (sum / samples) * (striped ? STRIPE : 1);
    }
  }
  return out;
}

function places(from: number, count: number, part: number, start: number, scale: number, size: number): Int32Array {
  const found = new Int32Array(count);
  for (let at = 0; at < count; at += 1) {
    const place = Math.floor((from + at + part - start) / scale);
    found[at] = place >= 0 && place < size ? place : -1;
  }
  return found;
}
