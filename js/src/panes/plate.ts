/**
 * The pixels of a picture as they are needed: a small version of the whole, at once, and a sharp one of what is looked at.
 *
 * Sixteen pictures of 4096 pixels a side are a gigabyte decoded.  So large ones are never kept whole: what is seen, and as much
 * again around it, is decoded at the size at which it is shown; until that is there, and while it moves beyond, the small one
 * stands there, enlarged.
 */
import { type Signal, signal } from "@preact/signals";
import { type Area, covers, grown, type Part, type Placed, seen } from "./view";

/** What a picture is made of: where its bytes are, and how large it is when it is upright. */
export interface Source extends Area {
  /** The same for the same pixels. */
  readonly key: string;
  /** About 512 pixels a side; or the whole, where there is nothing smaller. */
  readonly small: () => Promise<Blob>;
  readonly full: () => Promise<Blob>;
}

/** Whatever a pane can show. */
export interface Drawable extends Area {
  /** Counts up when it looks different. */
  readonly changed: Signal<number>;
  readonly failed: Signal<boolean>;
  /** Somebody shows it; what is returned says that no more. */
  hold(): () => void;
  /** It is looked at like this, `dots` screen pixels for one of CSS: what is not there yet is fetched. */
  want(at: Placed, pane: Area, dots: number): void;
  /** Draws it onto a canvas that is scaled to CSS pixels.  Returns whether there was anything to draw. */
  draw(on: CanvasRenderingContext2D, at: Placed, pane: Area, dots: number): boolean;
}

interface Detail {
  bitmap: ImageBitmap;
  part: Part;
  /** Of its own pixels for one of the picture's. */
  level: number;
}

/** Pixels of a picture that is kept whole: 7 MB decoded; 1536 by 1024 is. */
const WHOLE = 1_700_000;
/** Long side of the small version, in pixels, at most. */
const SMALL = 1100;
/** Bytes of large pictures that stay decoded, so that the next part of them is there at once. */
const KEPT = 200_000_000;
/** Plates that nobody shows and that keep their small version. */
const SPARE = 64;
const AT_ONCE = 2;
/** Milliseconds of rest before what is looked at is made sharp. */
const REST = 90;
const MARGIN = 0.6;

export class Plate implements Drawable {
  readonly changed = signal(0);
  readonly failed = signal(false);
  readonly width: number;
  readonly height: number;
  private base: ImageBitmap | null = null;
  private begun = false;
  private detail: Detail | null = null;
  private wanted: { part: Part; level: number } | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  holders = 0;

  constructor(
    readonly source: Source,
    private readonly plates: Plates,
  ) {
    this.width = source.width;
    this.height = source.height;
  }

  hold(): () => void {
    this.holders += 1;
    this.begin();
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.holders -= 1;
      if (this.holders === 0) {
        this.forgetDetail();
        this.plates.trim();
      }
    };
  }

  /** Whether there are pixels of the whole. */
  get there(): boolean {
    return this.base !== null;
  }

  want(at: Placed, pane: Area, dots: number): void {
    const { width, height } = this;
    const most = Math.min(1, at.scale * dots);
    if (this.base && this.base.width >= width * most * 0.95) return;
    // Powers of two: a little more zoom needs no other pixels.
    const level = Math.min(1, 2 ** Math.ceil(Math.log2(Math.max(most, 1 / 64)) - 0.05));
    const now = seen(at, pane, this);
    if (this.detail && this.detail.level >= level && covers(this.detail.part, now)) {
      this.wanted = null;
      return;
    }
    const all = width * height * level * level <= WHOLE;
    this.wanted = { part: all ? { left: 0, top: 0, right: 1, bottom: 1 } : grown(now, MARGIN), level };
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.sharpen(), REST);
  }

  draw(on: CanvasRenderingContext2D, at: Placed, pane: Area, dots: number): boolean {
    const { scale, left, top } = at;
    const [width, height] = [this.width * scale, this.height * scale];
    const { base, detail } = this;
    // From two screen pixels on, a pixel is a square: that is what one zooms in for.
    on.imageSmoothingEnabled = scale * dots < 2;
    const whole = detail !== null && covers(detail.part, seen(at, pane, this));
    if (base && !whole) {
      // The better filter makes smaller versions first, at every frame; up to half the size nobody sees a difference.
      on.imageSmoothingQuality = base.width > 2 * width * dots ? "medium" : "low";
      on.drawImage(base, left, top, width, height);
    }
    if (detail) {
      const { bitmap, part } = detail;
      const wide = (part.right - part.left) * width;
      on.imageSmoothingQuality = bitmap.width > 2 * wide * dots ? "medium" : "low";
      on.drawImage(bitmap, left + part.left * width, top + part.top * height, wide, (part.bottom - part.top) * height);
    }
    return base !== null || detail !== null;
  }

  /** The whole and nothing else, onto a canvas of any size. */
  drawWhole(on: OffscreenCanvasRenderingContext2D, width: number, height: number): boolean {
    if (!this.base) return false;
    on.drawImage(this.base, 0, 0, width, height);
    return true;
  }

  forget(): void {
    this.forgetDetail();
    this.base?.close();
    this.base = null;
    this.begun = false;
  }

  private forgetDetail(): void {
    clearTimeout(this.timer);
    this.wanted = null;
    this.detail?.bitmap.close();
    this.detail = null;
  }

  private begin(): void {
    if (this.begun) return;
    this.begun = true;
    this.failed.value = false;
    this.plates.run(this, async () => {
      if (this.holders === 0) {
        this.begun = false;
        return;
      }
      try {
        const blob = await this.source.small();
        let base = await createImageBitmap(blob);
        const long = Math.max(base.width, base.height);
        if (long > SMALL && base.width * base.height > WHOLE) {
          const by = SMALL / long;
          const small = await createImageBitmap(base, {
            resizeWidth: Math.max(1, Math.round(base.width * by)),
            resizeHeight: Math.max(1, Math.round(base.height * by)),
            resizeQuality: "medium",
          });
          base.close();
          base = small;
        }
        this.base = base;
      } catch {
        this.begun = false;
        this.failed.value = true;
      }
      this.changed.value += 1;
    });
  }

  private sharpen(): void {
    this.plates.run(this, async () => {
      const { wanted } = this;
      if (!wanted || this.holders === 0) return;
      this.wanted = null;
      try {
        const bitmap = await this.plates.cut(this, wanted.part, wanted.level);
        if (this.holders === 0) {
          bitmap.close();
          return;
        }
        this.detail?.bitmap.close();
        this.detail = { bitmap, ...wanted };
        this.changed.value += 1;
      } catch {
        // The small one stays: there is something to see.
      }
    });
  }
}

interface Whole {
  bitmap: Promise<ImageBitmap>;
  /** Who is cutting something out of it. */
  users: number;
  dropped: boolean;
}

function close(whole: Whole): void {
  whole.bitmap.then((one) => one.close()).catch(() => {});
}

/** The plates of a page; one for each picture, however many panes show it. */
export class Plates {
  private readonly all = new Map<string, Plate>();
  private readonly waiting: { plate: Plate; work: () => Promise<void> }[] = [];
  private running = 0;
  /** Large pictures, decoded whole; the one used last is the last. */
  private readonly kept = new Map<Plate, Whole>();

  of(source: Source): Plate {
    const found = this.all.get(source.key);
    const plate = found ?? new Plate(source, this);
    this.all.delete(source.key);
    this.all.set(source.key, plate);
    return plate;
  }

  dispose(): void {
    for (const plate of this.all.values()) plate.forget();
    for (const plate of [...this.kept.keys()]) this.drop(plate);
    this.all.clear();
    this.kept.clear();
    this.waiting.length = 0;
  }

  /** A few at a time; decoding takes whole cores. */
  run(plate: Plate, work: () => Promise<void>): void {
    this.waiting.push({ plate, work });
    this.next();
  }

  /** A part of the picture at a level, from its decoded whole where that is still there. */
  async cut(plate: Plate, part: Part, level: number): Promise<ImageBitmap> {
    const kept = this.whole(plate);
    kept.users += 1;
    try {
      const whole = await kept.bitmap;
      // The bytes may hold fewer pixels than the picture had (a page with reduced ones).
      const x = Math.floor(part.left * whole.width);
      const y = Math.floor(part.top * whole.height);
      const width = Math.max(1, Math.ceil(part.right * whole.width) - x);
      const height = Math.max(1, Math.ceil(part.bottom * whole.height) - y);
      const by = Math.min(1, (level * plate.width) / whole.width);
      // What is cut out is what is drawn: the part as it is after rounding.
      part.left = x / whole.width;
      part.top = y / whole.height;
      part.right = (x + width) / whole.width;
      part.bottom = (y + height) / whole.height;
      return await createImageBitmap(whole, x, y, width, height, {
        resizeWidth: Math.max(1, Math.round(width * by)),
        resizeHeight: Math.max(1, Math.round(height * by)),
        resizeQuality: "medium",
      });
    } finally {
      kept.users -= 1;
      if (kept.dropped && kept.users === 0) close(kept);
    }
  }

  trim(): void {
    const spare = [...this.all].filter(([, plate]) => plate.holders === 0);
    for (const [key, plate] of spare.slice(0, Math.max(0, spare.length - SPARE))) {
      plate.forget();
      this.all.delete(key);
    }
    for (const plate of [...this.kept.keys()]) if (plate.holders === 0) this.drop(plate);
  }

  private whole(plate: Plate): Whole {
    const found = this.kept.get(plate) ?? {
      bitmap: plate.source.full().then((blob) => createImageBitmap(blob)),
      users: 0,
      dropped: false,
    };
    this.kept.delete(plate);
    this.kept.set(plate, found);
    found.bitmap.catch(() => this.kept.delete(plate));
    const size = (one: Plate) => one.width * one.height * 4;
    let bytes = [...this.kept.keys()].reduce((sum, one) => sum + size(one), 0);
    for (const other of [...this.kept.keys()]) {
      if (bytes <= KEPT || other === plate) break;
      bytes -= size(other);
      this.drop(other);
    }
    return found;
  }

  private drop(plate: Plate): void {
    const whole = this.kept.get(plate);
    if (!whole) return;
    this.kept.delete(plate);
    whole.dropped = true;
    if (whole.users === 0) close(whole);
  }

  private next(): void {
    while (this.running < AT_ONCE) {
      const next = this.waiting.shift();
      if (!next) return;
      this.running += 1;
      void next.work().finally(() => {
        this.running -= 1;
        this.next();
      });
    }
  }
}
