/** One mask being painted: the plane, the tools, and what each of them does to it. Pure, but for the signals. */
import { type Signal, signal } from "@preact/signals";
import { type Box, Plane } from "./plane";
import { flood, type Point, polygon, rectangle } from "./shapes";
import { around, type Dot, stroke } from "./stroke";

export const TOOLS = ["brush", "eraser", "rectangle", "lasso", "flood"] as const;
export type Tool = (typeof TOOLS)[number];

/** A point of a pointer on the picture; `pressure` 1 where the pointer has none. */
export interface Touch extends Point {
  pressure: number;
}

interface Drawing {
  tool: Tool;
  erase: boolean;
  last: Touch;
  line: Point[];
  /** What of a stroke is not painted yet. */
  rest: Touch | null;
}

/** Even the lightest touch leaves a line. */
const LIGHTEST = 0.15;

export class Easel {
  readonly plane: Plane;
  readonly tool: Signal<Tool> = signal("brush");
  /** Rectangle, lasso and fill take away instead of adding. */
  readonly subtract: Signal<boolean> = signal(false);
  /** Of the brush: its width in the picture's pixels. */
  readonly size: Signal<number>;
  readonly hardness: Signal<number> = signal(0.9);
  readonly opacity: Signal<number> = signal(0.6);
  /** Counts up with each step, so that what depends on the plane is shown anew. */
  readonly steps: Signal<number> = signal(0);
  /** Where the stamp is; null until the keyboard moves it. */
  readonly stamp: Signal<Point | null> = signal(null);
  /** The line of a rectangle or lasso that is being drawn. */
  readonly line: Signal<readonly Point[]> = signal([]);
  readonly largest: number;
  private drawing: Drawing | null = null;

  constructor(
    width: number,
    height: number,
    /** These pixels look different now. */
    private readonly onDirty: (box: Box) => void,
  ) {
    this.plane = new Plane(width, height);
    const side = Math.max(width, height);
    this.largest = Math.max(32, Math.round(side / 2));
    this.size = signal(Math.max(4, Math.round(side / 16)));
  }

  get busy(): boolean {
    return this.drawing !== null;
  }

  resize(factor: number): void {
    const next = this.size.value * factor;
    const whole = factor > 1 ? Math.ceil(next) : Math.floor(next);
    this.size.value = Math.max(1, Math.min(this.largest, whole));
  }

  // -- a pointer ----------------------------------------------------------------------------------------------

  down(at: Touch, other = false): void {
    const tool = this.tool.value;
    const erase = tool === "eraser" ? !other : this.taking(tool) !== other;
    this.drawing = { tool, erase, last: at, line: [at], rest: null };
    if (tool === "brush" || tool === "eraser") {
      this.plane.begin();
      this.line_(at, at);
    }
  }

  move(to: Touch): void {
    const { drawing } = this;
    if (!drawing) return;
    if (drawing.tool === "brush" || drawing.tool === "eraser") {
      // A wide brush need not follow every pixel of the way: nobody could see it.
      const far = Math.hypot(to.x - drawing.last.x, to.y - drawing.last.y);
      drawing.rest = to;
      if (far < (this.size.value * to.pressure) / 48) return;
      this.line_(drawing.last, to);
      drawing.rest = null;
    } else if (drawing.tool === "rectangle") this.line.value = corners(drawing.line[0] ?? to, to);
    else if (drawing.tool === "lasso") {
      drawing.line.push({ x: to.x, y: to.y });
      this.line.value = [...drawing.line];
    }
    drawing.last = to;
  }

  /** False where the fill found nothing to fill. */
  up(): boolean {
    const { drawing } = this;
    if (drawing?.rest) this.line_(drawing.last, drawing.rest);
    this.drawing = null;
    this.line.value = [];
    if (!drawing) return true;
    const value = drawing.erase ? 0 : 255;
    const [first = drawing.last] = drawing.line;
    if (drawing.tool === "rectangle") return this.area((plane) => rectangle(plane, first, drawing.last, value));
    if (drawing.tool === "lasso") return this.area((plane) => polygon(plane, drawing.line, value));
    if (drawing.tool === "flood") return this.area((plane) => flood(plane, first, value));
    this.ended();
    return true;
  }

  /** A second finger, or a pointer that was lost: what was begun is taken back. */
  giveUp(): void {
    if (!this.drawing) return;
    this.drawing = null;
    this.line.value = [];
    this.plane.cancel();
    this.onDirty(this.plane.all);
  }

  // -- the keyboard -------------------------------------------------------------------------------------------

  /** Moves the stamp by so many of the picture's pixels; it begins in the middle. */
  nudge(dx: number, dy: number): Point {
    const { width, height } = this.plane;
    const from = this.stamp.value ?? { x: width / 2, y: height / 2 };
    const within = (value: number, most: number) => Math.max(0, Math.min(most, value));
    const to = { x: within(from.x + dx, width), y: within(from.y + dy, height) };
    this.stamp.value = to;
    return to;
  }

  /** The tool at the stamp: a dab, a square, a fill; with `erase` it always takes away. */
  press(erase = false): boolean {
    const at = this.stamp.value ?? this.nudge(0, 0);
    const tool = this.tool.value;
    const away = erase || tool === "eraser" || this.taking(tool);
    const value = away ? 0 : 255;
    const radius = this.size.value / 2;
    if (tool === "flood" && !erase) return this.area((plane) => flood(plane, at, value));
    if (tool === "rectangle") {
      const a = { x: at.x - radius, y: at.y - radius };
      return this.area((plane) => rectangle(plane, a, { x: at.x + radius, y: at.y + radius }, value));
    }
    const dot = { ...at, radius };
    return this.area((plane) => stroke(plane, dot, dot, { hardness: this.hardness.value, erase: away }));
  }

  // -- everything ---------------------------------------------------------------------------------------------

  invert(): void {
    this.area((plane) => {
      plane.invert();
      return plane.all;
    });
  }

  clear(): void {
    this.area((plane) => {
      plane.fill(0);
      return plane.all;
    });
  }

  /** False where there is nothing to go back to. */
  undo(): boolean {
    this.giveUp();
    return this.went(this.plane.undo());
  }

  redo(): boolean {
    this.giveUp();
    return this.went(this.plane.redo());
  }

  /** Something else has written the plane: a mask was loaded. */
  loaded(): void {
    this.went(this.plane.all);
  }

  private taking(tool: Tool): boolean {
    return tool !== "brush" && tool !== "eraser" && this.subtract.value;
  }

  private line_(from: Touch, to: Touch): void {
    const hardness = this.hardness.value;
    const dot = ({ x, y, pressure }: Touch): Dot => ({
      x,
      y,
      radius: (this.size.value / 2) * Math.max(LIGHTEST, Math.min(1, pressure)),
    });
    this.onDirty(stroke(this.plane, dot(from), dot(to), { hardness, erase: this.drawing?.erase ?? false }));
  }

  private area(write: (plane: Plane) => Box | null): boolean {
    this.plane.begin();
    const box = write(this.plane);
    this.ended();
    if (box) this.onDirty(box);
    return box !== null;
  }

  private ended(): void {
    if (this.plane.end()) this.steps.value += 1;
  }

  private went(box: Box | null): boolean {
    if (!box) return false;
    this.steps.value += 1;
    this.onDirty(box);
    return true;
  }
}

export function corners(a: Point, b: Point): Point[] {
  return [
    { x: a.x, y: a.y },
    { x: b.x, y: a.y },
    { x: b.x, y: b.y },
    { x: a.x, y: b.y },
  ];
}

/** Dirty boxes until the next frame, as one. */
export class Dirt {
  private box: Box | null = null;

  add(box: Box): void {
    this.box = this.box ? around(this.box, box) : box;
  }

  take(): Box | null {
    const { box } = this;
    this.box = null;
    return box;
  }
}
