/** Where a picture differs from another: the pixels of the one against those of the other, as a map of colors. */
import { computed, effect, type Signal, signal } from "@preact/signals";
import type { Drawable, Plate } from "../panes";
import type { Area, Placed } from "../panes/view";

export interface Found {
  /** Mean difference, 0 to 1. */
  mean: number;
  /** Share of the pixels that differ by more than one can see side by side. */
  share: number;
}

/** Long side in pixels at which it is looked for. */
const SIDE = 768;
/** Of 255, in any channel: less is grain and rounding. */
export const VISIBLE = 16;

/** Black, violet, orange, near white: dark is alike. Readable without color, too: it only gets lighter. */
const STOPS: readonly [number, number, number][] = [
  [4, 4, 12],
  [58, 15, 110],
  [150, 38, 105],
  [225, 90, 50],
  [252, 175, 60],
  [252, 255, 200],
];

export function color(value: number): [number, number, number] {
  const at = Math.max(0, Math.min(1, value)) * (STOPS.length - 1);
  const from = STOPS[Math.floor(at)] ?? [0, 0, 0];
  const to = STOPS[Math.ceil(at)] ?? from;
  const by = at - Math.floor(at);
  return [0, 1, 2].map((one) => Math.round((from[one] ?? 0) * (1 - by) + (to[one] ?? 0) * by)) as [
    number,
    number,
    number,
  ];
}

/** The largest difference in a channel, at every pixel, 0 to 255. Both are RGBA, premultiplied by nothing. */
export function differences(one: Uint8ClampedArray, other: Uint8ClampedArray): { map: Uint8Array; found: Found } {
  const map = new Uint8Array(one.length / 4);
  let [sum, count] = [0, 0];
  for (let at = 0, pixel = 0; pixel < map.length; at += 4, pixel += 1) {
    // What cannot be seen does not differ: color counts as much as it covers.
    const a = one[at + 3] ?? 0;
    const b = other[at + 3] ?? 0;
    let most = Math.abs(a - b);
    for (let channel = 0; channel < 3; channel += 1) {
      const by = Math.abs((one[at + channel] ?? 0) * a - (other[at + channel] ?? 0) * b) / 255;
      if (by > most) most = by;
    }
    map[pixel] = most;
    sum += most;
    if (most > VISIBLE) count += 1;
  }
  const pixels = Math.max(1, map.length);
  return { map, found: { mean: sum / pixels / 255, share: count / pixels } };
}

/** Whether two pictures have one shape: 2 in 100 are a rounding of sides. */
export function sameShape(one: Area, other: Area): boolean {
  const by = one.width / one.height / (other.width / other.height);
  return Math.max(by, 1 / by) < 1.02;
}

/** The difference of two plates, as a pane shows it. */
export class Difference implements Drawable {
  readonly width: number;
  readonly height: number;
  readonly changed = signal(0);
  readonly failed: Signal<boolean>;
  /** Null while it is not known, or where the shapes are not the same. */
  readonly found: Signal<Found | null> = signal(null);
  readonly comparable: boolean;
  private map: Uint8Array | null = null;
  private canvas: OffscreenCanvas | null = null;
  private painted = -1;
  private size: Area = { width: 0, height: 0 };

  constructor(
    private readonly one: Plate,
    private readonly other: Plate,
    private readonly gain: Signal<number>,
  ) {
    this.width = one.width;
    this.height = one.height;
    this.failed = computed(() => one.failed.value || other.failed.value) as Signal<boolean>;
    this.comparable = sameShape(one, other);
  }

  hold(): () => void {
    const holds = [this.one.hold(), this.other.hold()];
    const stop = effect(() => {
      void [this.one.changed.value, this.other.changed.value, this.gain.value];
      this.compute();
      this.changed.value = this.changed.peek() + 1;
    });
    return () => {
      stop();
      for (const drop of holds) drop();
    };
  }

  want(): void {}

  draw(on: CanvasRenderingContext2D, { scale, left, top }: Placed, _: Area, dots: number): boolean {
    const gain = this.gain.peek();
    if (!this.map) return false;
    if (this.painted !== gain) this.paint(gain);
    if (!this.canvas) return false;
    on.imageSmoothingEnabled = scale * dots * (this.width / this.size.width) < 2;
    on.drawImage(this.canvas, left, top, this.width * scale, this.height * scale);
    return true;
  }

  private compute(): void {
    if (this.map || !this.comparable || !this.one.there || !this.other.there) return;
    const by = Math.min(1, SIDE / Math.max(this.width, this.height));
    this.size = { width: Math.max(1, Math.round(this.width * by)), height: Math.max(1, Math.round(this.height * by)) };
    const { width, height } = this.size;
    const pixels = (plate: Plate) => {
      const on = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
      if (!on) return null;
      on.imageSmoothingQuality = "medium";
      plate.drawWhole(on, width, height);
      return on.getImageData(0, 0, width, height).data;
    };
    const [one, other] = [pixels(this.one), pixels(this.other)];
    if (!one || !other) return;
    const { map, found } = differences(one, other);
    this.map = map;
    this.found.value = found;
  }

  private paint(gain: number): void {
    const { width, height } = this.size;
    const colors = Array.from({ length: 256 }, (_, at) => color((at / 255) * gain));
    const image = new ImageData(width, height);
    const { data } = image;
    for (const [pixel, by] of (this.map ?? []).entries()) {
      const [red, green, blue] = colors[by] ?? [0, 0, 0];
      data[pixel * 4] = red;
      data[pixel * 4 + 1] = green;
      data[pixel * 4 + 2] = blue;
      data[pixel * 4 + 3] = 255;
    }
    this.canvas = new OffscreenCanvas(width, height);
    this.canvas.getContext("2d")?.putImageData(image, 0, 0);
    this.painted = gain;
  }
}
