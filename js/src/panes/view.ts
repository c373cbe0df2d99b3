/**
 * Where all panes look: one view for pictures and panes of any size. Pure.
 *
 * What stands in the middle is kept as a share of the picture, and the zoom as a multiple of what fits, so that pictures of
 * different sizes show the same part of what they show.
 */
import type { Area } from "../viewer/view";

export type { Area };

export interface View {
  /** 1 fits the pane; never less. */
  zoom: number;
  /** The point of the picture, 0 to 1, that stands in the middle of the pane. */
  x: number;
  y: number;
}

/** Where a picture lies in its pane, in CSS pixels: `scale` of them for one of the picture's. */
export interface Placed {
  scale: number;
  left: number;
  top: number;
}

export const FITTED: View = { zoom: 1, x: 0.5, y: 0.5 };
/** CSS pixels for one of the picture's at most. */
export const MOST = 16;
/** What a key or a button zooms by. */
export const STEP = 1.25;

/** The whole picture, as large as the pane; small pictures are enlarged, so that they compare with large ones. */
export function fitting(pane: Area, picture: Area): number {
  const scale = Math.min(pane.width / picture.width, pane.height / picture.height);
  return scale > 0 && Number.isFinite(scale) ? scale : 1;
}

export function isFitted(view: View): boolean {
  return view.zoom < 1.001;
}

export function placed(view: View, pane: Area, picture: Area): Placed {
  const scale = fitting(pane, picture) * view.zoom;
  const edge = (around: number, size: number, at: number) =>
    size <= around ? (around - size) / 2 : Math.min(0, Math.max(around - size, around / 2 - at * size));
  return {
    scale,
    left: edge(pane.width, picture.width * scale, view.x),
    top: edge(pane.height, picture.height * scale, view.y),
  };
}

/** Never beyond an edge: what is dragged comes back at once. */
export function held(view: View, pane: Area, picture: Area): View {
  const fit = fitting(pane, picture);
  const zoom = Math.max(1, Math.min(view.zoom, Math.max(1, MOST / fit)));
  const middle = (at: number, around: number, size: number) => {
    const half = around / 2 / (size * fit * zoom);
    return half >= 0.5 ? 0.5 : Math.min(1 - half, Math.max(half, at));
  };
  return { zoom, x: middle(view.x, pane.width, picture.width), y: middle(view.y, pane.height, picture.height) };
}

/** Larger or smaller, with the point of the picture under (x, y), from the pane's corner, staying where it is. */
export function zoomed(view: View, factor: number, x: number, y: number, pane: Area, picture: Area): View {
  const was = placed(view, pane, picture);
  const fit = fitting(pane, picture);
  const zoom = Math.max(1, Math.min(view.zoom * factor, Math.max(1, MOST / fit)));
  const at = (point: number, edge: number, around: number, size: number) =>
    (point - edge) / (size * was.scale) + (around / 2 - point) / (size * fit * zoom);
  const next = {
    zoom,
    x: at(x, was.left, pane.width, picture.width),
    y: at(y, was.top, pane.height, picture.height),
  };
  return held(next, pane, picture);
}

/** Moved by so many CSS pixels. */
export function panned(view: View, dx: number, dy: number, pane: Area, picture: Area): View {
  const { scale } = placed(view, pane, picture);
  const next = { ...view, x: view.x - dx / (picture.width * scale), y: view.y - dy / (picture.height * scale) };
  return held(next, pane, picture);
}

/** One of the picture's pixels is one of the screen's, around (x, y). */
export function whole(view: View, dots: number, x: number, y: number, pane: Area, picture: Area): View {
  const { scale } = placed(view, pane, picture);
  return zoomed(view, 1 / dots / scale, x, y, pane, picture);
}

/** The part of the picture that is seen, as shares of it. */
export interface Part {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export function seen({ scale, left, top }: Placed, pane: Area, picture: Area): Part {
  const share = (value: number) => Math.max(0, Math.min(1, value));
  return {
    left: share(-left / (picture.width * scale)),
    top: share(-top / (picture.height * scale)),
    right: share((pane.width - left) / (picture.width * scale)),
    bottom: share((pane.height - top) / (picture.height * scale)),
  };
}

export function covers(one: Part, other: Part): boolean {
  const little = 1e-6;
  return (
    one.left <= other.left + little &&
    one.top <= other.top + little &&
    one.right >= other.right - little &&
    one.bottom >= other.bottom - little
  );
}

/** Larger on every side by a share of its own size, within the picture. */
export function grown({ left, top, right, bottom }: Part, by: number): Part {
  const [x, y] = [(right - left) * by, (bottom - top) * by];
  return {
    left: Math.max(0, left - x),
    top: Math.max(0, top - y),
    right: Math.min(1, right + x),
    bottom: Math.min(1, bottom + y),
  };
}
