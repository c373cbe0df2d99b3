/**
 * One of several panes that look at the same part of their pictures: wheel and two fingers zoom, dragging pans, a double click goes
 * between fitting and every pixel; plus, minus, 0, 1 and the arrows do the same.
 */
import { computed, effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Drawable } from "./plate";
import { type Area, FITTED, isFitted, panned, placed, STEP, type View, whole, zoomed } from "./view";

/** What panes that go together share. */
export interface Shared {
  readonly view: Signal<View>;
  /** Whether nothing is zoomed: changes seldom, where `view` changes with every frame. */
  readonly fitted: ReadonlySignal<boolean>;
  /** The point of the pictures that the mouse is over, as shares; shown in every pane. */
  readonly pointer: Signal<{ x: number; y: number } | null>;
}

export function share(): Shared {
  const view = signal(FITTED);
  return { view, fitted: computed(() => isFitted(view.value)), pointer: signal(null) };
}

interface Given {
  shared: Shared;
  plate: Drawable;
  /** Drawn over `plate`, right of a line at `split` (0 to 1 of the pane). */
  over?: { plate: Drawable; split: ReadonlySignal<number> } | undefined;
  /** Kept ready, not shown: flicker goes to and fro without waiting. */
  ready?: Drawable | undefined;
  /** What a screen reader is told of it. */
  label: string;
  look?: string;
  /** -1 where another pane is the one that the tab key reaches. */
  tabIndex?: number;
  /** Whether a wheel zooms without Ctrl: where a page scrolls, it is the page's until somebody is at work here. */
  wheel?: () => boolean;
  /** A wheel was turned here, and `wheel` said no. */
  onWheel?: () => void;
  onFocus?: () => void;
  onKeyDown?: (event: KeyboardEvent) => void;
  children?: ComponentChildren;
}

/** CSS pixels an arrow key pans by. */
const PAN = 64;
/** Side of the squares under what is transparent. */
const SQUARE = 8;
/** Milliseconds and CSS pixels between two clicks that are one double click; pixels that a click may move. */
const [TAP, NEAR, STILL] = [400, 30, 4];

export function Pane(given: Given) {
  const { shared, plate, over, ready, label, look = "", tabIndex = 0, onFocus, children } = given;
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const latest = useRef(given);
  latest.current = given;
  const [seen, setSeen] = useState(false);
  const [area] = useState(() => signal<Area>({ width: 0, height: 0 }));

  // Only what is on the screen has pixels.
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const measure = () => {
      const next = { width: element.clientWidth, height: element.clientHeight };
      if (next.width !== area.peek().width || next.height !== area.peek().height) area.value = next;
    };
    measure();
    const size = new ResizeObserver(measure);
    size.observe(element);
    const watch = new IntersectionObserver(
      (entries) => {
        setSeen(entries.at(-1)?.isIntersecting ?? false);
      },
      { rootMargin: "200px" },
    );
    watch.observe(element);
    return () => {
      size.disconnect();
      watch.disconnect();
    };
  }, [area]);

  const other = over?.plate;
  const split = over?.split;
  useEffect(() => {
    if (!seen) return;
    const plates = [plate, ...(other ? [other] : []), ...(ready ? [ready] : [])];
    const holds = plates.map((one) => one.hold());
    let frame = 0;
    const draw = () => {
      frame = 0;
      if (canvas.current) paint(canvas.current, area.peek(), latest.current);
    };
    const stop = effect(() => {
      void [shared.view.value, shared.pointer.value, area.value, split?.value];
      for (const one of plates) void one.changed.value;
      if (frame === 0) frame = requestAnimationFrame(draw);
    });
    return () => {
      stop();
      cancelAnimationFrame(frame);
      for (const drop of holds) drop();
    };
  }, [seen, plate, other, ready, split, shared, area]);

  useEffect(() => {
    const element = box.current;
    return element ? gestures(element, area, () => latest.current) : undefined;
  }, [area]);

  const failed = plate.failed.value;
  return (
    <div
      ref={box}
      class={`ic-pane ${look}`}
      tabIndex={tabIndex}
      role="group"
      aria-label={label}
      onFocus={onFocus}
      onKeyDown={(event) => keys(event, area.peek(), latest.current)}
    >
      <canvas ref={canvas} />
      {failed && (
        <span class="ic-pane-lost" aria-hidden="true">
          ∅
        </span>
      )}
      {children}
    </div>
  );
}

function paint(canvas: HTMLCanvasElement, area: Area, { shared, plate, over, ready }: Given): void {
  const dots = globalThis.devicePixelRatio || 1;
  const [width, height] = [Math.round(area.width * dots), Math.round(area.height * dots)];
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const on = canvas.getContext("2d");
  if (!on || width === 0 || height === 0) return;
  const view = shared.view.peek();
  on.setTransform(dots, 0, 0, dots, 0, 0);
  on.clearRect(0, 0, area.width, area.height);
  ready?.want(placed(view, area, ready), area, dots);
  one(on, view, area, plate, dots);
  if (over) {
    const at = over.split.peek() * area.width;
    on.save();
    on.beginPath();
    on.rect(at, 0, area.width - at, area.height);
    on.clip();
    on.clearRect(at, 0, area.width - at, area.height);
    one(on, view, area, over.plate, dots);
    on.restore();
  }
  const pointer = shared.pointer.peek();
  if (pointer) cross(on, pointer, placed(view, area, plate), plate);
}

function one(on: CanvasRenderingContext2D, view: View, area: Area, plate: Drawable, dots: number): void {
  const at = placed(view, area, plate);
  plate.want(at, area, dots);
  on.save();
  on.beginPath();
  on.rect(at.left, at.top, plate.width * at.scale, plate.height * at.scale);
  on.clip();
  on.fillStyle = squares(on);
  on.fillRect(0, 0, area.width, area.height);
  const drawn = plate.draw(on, at, area, dots);
  on.restore();
  if (!drawn) on.clearRect(0, 0, area.width, area.height);
}

/** Where the mouse is in another pane: light on dark and dark on light. */
function cross(
  on: CanvasRenderingContext2D,
  pointer: { x: number; y: number },
  at: ReturnType<typeof placed>,
  plate: Area,
): void {
  const x = at.left + pointer.x * plate.width * at.scale;
  const y = at.top + pointer.y * plate.height * at.scale;
  for (const [width, color] of [
    [3, "rgb(0 0 0 / 55%)"],
    [1, "rgb(255 255 255 / 95%)"],
  ] as const) {
    on.lineWidth = width;
    on.strokeStyle = color;
    on.beginPath();
    for (const [dx, dy] of [
      [1, 0],
      [-1, 0],
      [0, 1],
      [0, -1],
    ] as const) {
      on.moveTo(x + dx * 3, y + dy * 3);
      on.lineTo(x + dx * 9, y + dy * 9);
    }
    on.stroke();
  }
}

let pattern: CanvasPattern | null = null;

function squares(on: CanvasRenderingContext2D): CanvasPattern | string {
  if (!pattern) {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 2 * SQUARE;
    const ink = tile.getContext("2d");
    if (!ink) return "#ffffff";
    ink.fillStyle = "#ffffff";
    ink.fillRect(0, 0, 2 * SQUARE, 2 * SQUARE);
    ink.fillStyle = "#e0e0e0";
    ink.fillRect(0, 0, SQUARE, SQUARE);
    ink.fillRect(SQUARE, SQUARE, SQUARE, SQUARE);
    pattern = on.createPattern(tile, "repeat");
  }
  return pattern ?? "#ffffff";
}

/** What the zoom buttons and keys of a group do, where no mouse says around what: around the middle of the view. */
export function zoomBy(shared: Shared, factor: number, area: Area, picture: Area): void {
  shared.view.value = zoomed(shared.view.peek(), factor, area.width / 2, area.height / 2, area, picture);
}

function keys(event: KeyboardEvent, area: Area, { shared, plate, onKeyDown }: Given): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const view = shared.view.peek();
  const arrows: Record<string, [number, number]> = {
    ArrowLeft: [PAN, 0],
    ArrowRight: [-PAN, 0],
    ArrowUp: [0, PAN],
    ArrowDown: [0, -PAN],
  };
  const by = arrows[event.key];
  if (event.key === "+" || event.key === "=") zoomBy(shared, STEP, area, plate);
  else if (event.key === "-") zoomBy(shared, 1 / STEP, area, plate);
  else if (event.key === "0") shared.view.value = FITTED;
  else if (event.key === "1") shared.view.value = whole(view, dots(), area.width / 2, area.height / 2, area, plate);
  // With nothing to pan they go from picture to picture; with Shift they always do.
  else if (by && !event.shiftKey && !isFitted(view)) shared.view.value = panned(view, by[0], by[1], area, plate);
  else {
    onKeyDown?.(event);
    return;
  }
  event.preventDefault();
  event.stopPropagation();
}

function dots(): number {
  return globalThis.devicePixelRatio || 1;
}

function gestures(element: HTMLElement, area: Signal<Area>, given: () => Given): () => void {
  const fingers = new Map<number, { x: number; y: number }>();
  let tapped = { time: 0, x: 0, y: 0 };
  let pressed = { x: 0, y: 0 };
  const inside = (event: { clientX: number; clientY: number }): [number, number] => {
    const at = element.getBoundingClientRect();
    return [event.clientX - at.left - element.clientLeft, event.clientY - at.top - element.clientTop];
  };
  const set = (view: View) => {
    given().shared.view.value = view;
  };
  const view = () => given().shared.view.peek();
  const between = (x: number, y: number) => {
    const { plate } = given();
    if (isFitted(view())) {
      const one = whole(view(), dots(), x, y, area.peek(), plate);
      // A small picture is larger than every pixel already.
      set(isFitted(one) ? zoomed(view(), 2, x, y, area.peek(), plate) : one);
    } else set(FITTED);
  };
  const foreign = (event: Event) =>
    event
      .composedPath()
      .some((one) => one instanceof HTMLElement && one !== element && one.matches("button, input, a, summary"));
  const listeners: Partial<{ [K in keyof HTMLElementEventMap]: (event: HTMLElementEventMap[K]) => void }> = {
    wheel: (event) => {
      const { wheel, onWheel, plate } = given();
      if (!event.ctrlKey && wheel && !wheel()) {
        onWheel?.();
        return;
      }
      const lines = event.deltaMode === 1 ? 16 : 1;
      const next = zoomed(
        view(),
        Math.exp(-event.deltaY * lines * (event.ctrlKey && lines === 1 ? 0.01 : 0.002)),
        ...inside(event),
        area.peek(),
        plate,
      );
      event.preventDefault();
      set(next);
    },
    pointerdown: (event) => {
      if (event.button !== 0 || foreign(event)) return;
      element.setPointerCapture(event.pointerId);
      pressed = { x: event.clientX, y: event.clientY };
      fingers.set(event.pointerId, pressed);
      element.focus({ preventScroll: true });
    },
    pointermove: (event) => {
      const { shared, plate } = given();
      const was = fingers.get(event.pointerId);
      const [x, y] = inside(event);
      if (event.pointerType === "mouse") {
        const at = placed(view(), area.peek(), plate);
        const point = { x: (x - at.left) / (plate.width * at.scale), y: (y - at.top) / (plate.height * at.scale) };
        shared.pointer.value = point.x >= 0 && point.x <= 1 && point.y >= 0 && point.y <= 1 ? point : null;
      }
      if (!was) return;
      const to = { x: event.clientX, y: event.clientY };
      const [still] = [...fingers].filter(([id]) => id !== event.pointerId).map(([, one]) => one);
      if (still) {
        const far = (one: { x: number; y: number }) => Math.hypot(one.x - still.x, one.y - still.y);
        const middle = inside({ clientX: (to.x + still.x) / 2, clientY: (to.y + still.y) / 2 });
        if (far(was) > 0) set(zoomed(view(), far(to) / far(was), ...middle, area.peek(), plate));
      } else set(panned(view(), to.x - was.x, to.y - was.y, area.peek(), plate));
      fingers.set(event.pointerId, to);
    },
    pointerup: (event) => {
      fingers.delete(event.pointerId);
      const now = { time: event.timeStamp, x: event.clientX, y: event.clientY };
      if (foreign(event) || fingers.size > 0 || Math.hypot(now.x - pressed.x, now.y - pressed.y) > STILL) return;
      // Not `dblclick`: of two taps some browsers make one, others none.
      if (now.time - tapped.time < TAP && Math.hypot(now.x - tapped.x, now.y - tapped.y) < NEAR) {
        between(...inside(event));
        tapped = { time: 0, x: 0, y: 0 };
      } else tapped = now;
    },
    pointercancel: (event) => {
      fingers.delete(event.pointerId);
    },
    pointerleave: () => {
      given().shared.pointer.value = null;
    },
  };
  for (const [name, listener] of Object.entries(listeners)) {
    element.addEventListener(name, listener as (event: Event) => void, { passive: false });
  }
  return () => {
    for (const [name, listener] of Object.entries(listeners)) {
      element.removeEventListener(name, listener as (event: Event) => void);
    }
  };
}
