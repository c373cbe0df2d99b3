/**
 * A mask at the picture's full size: one byte for each pixel (255 = edit), in tiles that are copied before they are first
 * written in a step. A step therefore remembers no more than the tiles it touched, and empty or full tiles cost nothing.
 */

export const TILE = 256;
const BITS = 8;
const LOW = TILE - 1;
export type Tile = Uint8Array<ArrayBuffer>;
/** Shared by all that are uniform; never written. */
export const EMPTY: Tile = new Uint8Array(TILE * TILE);
export const FULL: Tile = new Uint8Array(TILE * TILE).fill(255);

/** Steps that can be undone, and the bytes of tiles that they may hold together. */
export const STEPS = 50;
export const HELD = 192 * 1024 * 1024;

/** Pixels from (left, top) up to, not including, (right, bottom). */
export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** Index of a tile -> what stands on the other side of the step. */
type Step = Map<number, Tile>;

const own = (tile: Tile) => tile !== EMPTY && tile !== FULL;
const weight = (step: Step) => [...step.values()].filter(own).length * TILE * TILE;

export class Plane {
  readonly across: number;
  readonly down: number;
  private readonly tiles: Tile[];
  private readonly counts: number[];
  private step: Step | null = null;
  private past: Step[] = [];
  private future: Step[] = [];

  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.across = Math.ceil(width / TILE);
    this.down = Math.ceil(height / TILE);
    this.tiles = new Array<Tile>(this.across * this.down).fill(EMPTY);
    this.counts = new Array<number>(this.tiles.length).fill(0);
  }

  get all(): Box {
    return { left: 0, top: 0, right: this.width, bottom: this.height };
  }

  get canUndo(): boolean {
    return this.past.length > 0;
  }

  get canRedo(): boolean {
    return this.future.length > 0;
  }

  /** Share of the pixels that are more than half marked, of the steps that have ended. */
  get share(): number {
    return this.counts.reduce((sum, one) => sum + one, 0) / (this.width * this.height);
  }

  /** Whether no pixel is marked at all. */
  get empty(): boolean {
    return this.tiles.every((tile) => tile === EMPTY || !tile.some((value) => value > 0));
  }

  /** Bytes that the steps hold. */
  get held(): number {
    return [...this.past, ...this.future].reduce((sum, step) => sum + weight(step), 0);
  }

  at(x: number, y: number): number {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return 0;
    return this.tile((y >> BITS) * this.across + (x >> BITS))[((y & LOW) << BITS) | (x & LOW)] ?? 0;
  }

  /** To read. */
  tile(index: number): Tile {
    return this.tiles[index] ?? EMPTY;
  }

  // -- writing, between `begin` and `end` ---------------------------------------------------------------------

  begin(): void {
    if (this.step) this.end();
    this.step = new Map();
  }

  /** Calls back for each run of a row within one tile: its bytes, where it begins in them, at which x, how many. */
  row(y: number, from: number, to: number, write: (tile: Tile, at: number, x: number, count: number) => void): void {
    if (y < 0 || y >= this.height) return;
    const end = Math.min(to, this.width);
    for (let x = Math.max(0, from); x < end; ) {
      const count = Math.min(end, (x | LOW) + 1) - x;
      const index = (y >> BITS) * this.across + (x >> BITS);
      write(this.open(index), ((y & LOW) << BITS) | (x & LOW), x, count);
      x += count;
    }
  }

  /** One value in a run of a row; whole tiles that have it already are not touched. */
  fillRow(y: number, from: number, to: number, value: 0 | 255): void {
    if (y < 0 || y >= this.height) return;
    const uniform = value ? FULL : EMPTY;
    const end = Math.min(to, this.width);
    for (let x = Math.max(0, from); x < end; ) {
      const count = Math.min(end, (x | LOW) + 1) - x;
      const index = (y >> BITS) * this.across + (x >> BITS);
      if (this.tiles[index] !== uniform) {
        const at = ((y & LOW) << BITS) | (x & LOW);
        this.open(index).fill(value, at, at + count);
      }
      x += count;
    }
  }

  fill(value: 0 | 255): void {
    for (const index of this.tiles.keys()) this.put(index, value ? FULL : EMPTY);
  }

  invert(): void {
    for (const [index, tile] of this.tiles.entries()) {
      if (tile === EMPTY) this.put(index, FULL);
      else if (tile === FULL) this.put(index, EMPTY);
      else {
        const bytes = this.open(index);
        for (let at = 0; at < bytes.length; at += 1) bytes[at] = 255 - (bytes[at] ?? 0);
      }
    }
  }

  /** A whole tile from outside; it belongs to the plane from now on. */
  put(index: number, tile: Tile): void {
    this.remember(index);
    this.tiles[index] = tile;
  }

  /** Ends the step; false where it changed nothing, and is none. */
  end(): boolean {
    const { step } = this;
    this.step = null;
    if (!step) return false;
    for (const [index, before] of step) {
      const tile = this.settled(index);
      if (tile === before || (own(tile) && own(before) && tile.every((value, at) => value === before[at]))) {
        this.tiles[index] = before;
        step.delete(index);
      } else {
        this.tiles[index] = tile;
        this.counts[index] = this.count(index);
      }
    }
    if (step.size === 0) return false;
    this.past.push(step);
    this.future = [];
    while (this.past.length > STEPS || (this.past.length > 1 && this.held > HELD)) this.past.shift();
    return true;
  }

  /** Takes back what the step has done so far. */
  cancel(): void {
    for (const [index, before] of this.step ?? []) this.tiles[index] = before;
    this.step = null;
  }

  undo(): Box | null {
    return this.swap(this.past, this.future);
  }

  redo(): Box | null {
    return this.swap(this.future, this.past);
  }

  // -- inside -------------------------------------------------------------------------------------------------

  private swap(from: Step[], to: Step[]): Box | null {
    if (this.step) this.end();
    const step = from.pop();
    if (!step) return null;
    const box = { left: this.width, top: this.height, right: 0, bottom: 0 };
    for (const [index, other] of step) {
      step.set(index, this.tile(index));
      this.tiles[index] = other;
      this.counts[index] = this.count(index);
      const left = (index % this.across) * TILE;
      const top = Math.floor(index / this.across) * TILE;
      box.left = Math.min(box.left, left);
      box.top = Math.min(box.top, top);
      box.right = Math.max(box.right, Math.min(left + TILE, this.width));
      box.bottom = Math.max(box.bottom, Math.min(top + TILE, this.height));
    }
    to.push(step);
    return box;
  }

  private remember(index: number): void {
    if (!this.step) throw new Error("nothing is written outside a step");
    if (!this.step.has(index)) this.step.set(index, this.tile(index));
  }

  /** A tile that may be written: a copy, the first time in a step. */
  private open(index: number): Tile {
    const tile = this.tile(index);
    if (own(tile) && this.step?.has(index) && this.step.get(index) !== tile) return tile;
    this.remember(index);
    const copy = tile.slice();
    this.tiles[index] = copy;
    return copy;
  }

  private settled(index: number): Tile {
    const tile = this.tile(index);
    const first = tile[0];
    if (!own(tile) || (first !== 0 && first !== 255) || !tile.every((value) => value === first)) return tile;
    return first ? FULL : EMPTY;
  }

  private count(index: number): number {
    const tile = this.tile(index);
    if (tile === EMPTY) return 0;
    const columns = Math.min(TILE, this.width - (index % this.across) * TILE);
    const rows = Math.min(TILE, this.height - Math.floor(index / this.across) * TILE);
    if (tile === FULL) return columns * rows;
    let count = 0;
    for (let y = 0; y < rows; y += 1) {
      for (let at = y << BITS, end = at + columns; at < end; at += 1) if ((tile[at] ?? 0) > 127) count += 1;
    }
    return count;
  }
}
