/** Where a picture lies on a stage: how large, and how far its middle is from the stage's. Pure. */

export interface Frame {
  /** Screen pixels for one of the picture's. */
  scale: number;
  x: number;
  y: number;
}

export interface Area {
  width: number;
  height: number;
}

export const MOST = 16;
/** Left free around a picture that fits. */
const MARGIN = 16;

/** As large as fits, never larger than it is. */
export function fitted(stage: Area, picture: Area): Frame {
  const scale = Math.min((stage.width - 2 * MARGIN) / picture.width, (stage.height - 2 * MARGIN) / picture.height, 1);
  return { scale: scale > 0 && Number.isFinite(scale) ? scale : 1, x: 0, y: 0 };
}

/** Keeps the picture on the stage: its edges come no further in than the stage's where it is larger, else it is centered. */
export function held(frame: Frame, stage: Area, picture: Area): Frame {
  const room = (size: number, around: number) => Math.max(0, (size * frame.scale - around) / 2);
  const x = room(picture.width, stage.width);
  const y = room(picture.height, stage.height);
  return { ...frame, x: Math.max(-x, Math.min(frame.x, x)), y: Math.max(-y, Math.min(frame.y, y)) };
}

/** Larger or smaller by a factor, with the point under (px, py), from the stage's middle, staying where it is. */
export function zoomed(frame: Frame, factor: number, px: number, py: number, stage: Area, picture: Area): Frame {
  const least = Math.min(fitted(stage, picture).scale, 1);
  const scale = Math.max(least, Math.min(frame.scale * factor, MOST));
  const by = scale / frame.scale;
  return held({ scale, x: px - (px - frame.x) * by, y: py - (py - frame.y) * by }, stage, picture);
}
