/**
 * The picture with the mask over it: drawn at the screen's resolution, only where it changed, once in a frame. Pointers paint;
 * the wheel and two fingers zoom, space or the middle button pans; the keyboard has the stamp.
 */
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { Button } from "../look/button";
import { Picture } from "../look/picture";
import type { Reference } from "../protocol";
import type { Desk } from "../slots";
import { type Area, type Frame, fitted, held, zoomed } from "../viewer/view";
import { words as page } from "../words/page";
import type { Dirt, Easel, Touch } from "./easel";
import { overlay, type Placed, toPicture, toScreen } from "./overlay";
import { words } from "./words";

interface Given {
  desk: Desk;
  reference: Reference;
  easel: Easel;
  dirt: Dirt;
  /** Filled by the stage: draws what is dirty in the next frame. */
  draw: { soon: () => void };
  say: (sentence: string) => void;
}

const STEP = 1.25;

export function Stage({ desk, reference, easel, dirt, draw, say }: Given) {
  const t = desk.t.value;
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const ring = useRef<SVGCircleElement>(null);
  const area = useSignal<Area>({ width: 0, height: 0 });
  const frame = useSignal<Frame | null>(null);
  const space = useSignal(false);
  const hover = useRef<{ x: number; y: number } | null>(null);
  const fingers = useRef(new Map<number, { x: number; y: number }>());
  const panning = useRef(false);
  const size = { width: easel.plane.width, height: easel.plane.height };

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const measure = () => {
      area.value = { width: element.clientWidth, height: element.clientHeight };
    };
    measure();
    const watch = new ResizeObserver(measure);
    watch.observe(element);
    // The dialog gives its focus to what asks for it.
    element.setAttribute("autofocus", "");
    return () => watch.disconnect();
  }, [area]);

  const now = frame.value ?? fitted(area.value, size);
  const place = (): Placed => {
    const at = frame.peek() ?? fitted(area.peek(), size);
    return {
      scale: at.scale,
      left: area.peek().width / 2 + at.x - (size.width * at.scale) / 2,
      top: area.peek().height / 2 + at.y - (size.height * at.scale) / 2,
    };
  };
  const placed = place();

  // -- drawing ------------------------------------------------------------------------------------------------

  const ratio = globalThis.devicePixelRatio || 1;
  const paint = useRef(() => {});
  paint.current = () => {
    const pen = canvas.current?.getContext("2d");
    const dirty = dirt.take();
    if (!pen || !dirty) return;
    const at = place();
    const fine = { scale: at.scale * ratio, left: at.left * ratio, top: at.top * ratio };
    const part = toScreen(dirty, fine, pen.canvas.width, pen.canvas.height);
    if (part.right <= part.left || part.bottom <= part.top) return;
    const pixels = overlay(easel.plane, fine, part);
    pen.putImageData(new ImageData(pixels, part.right - part.left, part.bottom - part.top), part.left, part.top);
  };
  useEffect(() => {
    let asked = 0;
    draw.soon = () => {
      if (asked) return;
      asked = requestAnimationFrame(() => {
        asked = 0;
        paint.current();
      });
    };
    draw.soon();
    return () => cancelAnimationFrame(asked);
  }, [draw]);
  // Another place or size: everything anew, before the browser shows it.
  const { width, height } = area.value;
  useLayoutEffect(() => {
    const element = canvas.current;
    if (!element) return;
    element.width = Math.max(1, Math.round(width * ratio));
    element.height = Math.max(1, Math.round(height * ratio));
    dirt.add(easel.plane.all);
    paint.current();
  }, [width, height, ratio, now.scale, now.x, now.y, dirt, easel]);

  // -- moving -------------------------------------------------------------------------------------------------

  const middle = (x: number, y: number): [number, number] => {
    const at = box.current?.getBoundingClientRect();
    return at ? [x - at.left - at.width / 2, y - at.top - at.height / 2] : [0, 0];
  };
  const zoom = (factor: number, x = 0, y = 0) => {
    frame.value = zoomed(frame.value ?? fitted(area.value, size), factor, x, y, area.value, size);
  };
  const pan = (dx: number, dy: number) => {
    const from = frame.value ?? fitted(area.value, size);
    frame.value = held({ ...from, x: from.x + dx, y: from.y + dy }, area.value, size);
  };
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      if (event.shiftKey) pan(-event.deltaY - event.deltaX, 0);
      else zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.002)), ...middle(event.clientX, event.clientY));
    };
    element.addEventListener("wheel", wheel, { passive: false });
    return () => element.removeEventListener("wheel", wheel);
  });

  /** The ring: under the pointer, or where the stamp is. */
  const radius = (easel.size.value / 2) * now.scale;
  const stamp = easel.stamp.value;
  const showRing = () => {
    const at =
      hover.current ?? (stamp && { x: stamp.x * now.scale + placed.left, y: stamp.y * now.scale + placed.top });
    ring.current?.setAttribute("cx", String(at?.x ?? -9999));
    ring.current?.setAttribute("cy", String(at?.y ?? -9999));
  };
  useLayoutEffect(showRing);

  const local = (event: { clientX: number; clientY: number }) => {
    const at = box.current?.getBoundingClientRect();
    return { x: event.clientX - (at?.left ?? 0), y: event.clientY - (at?.top ?? 0) };
  };
  const touch = (event: PointerEvent): Touch => {
    const at = local(event);
    const pressure = event.pointerType === "pen" && event.pressure > 0 ? event.pressure : 1;
    return { ...toPicture(at.x, at.y, place()), pressure };
  };
  const follow = (event: PointerEvent) => {
    const was = fingers.current.get(event.pointerId);
    if (!was) return;
    const to = { x: event.clientX, y: event.clientY };
    const still = [...fingers.current].find(([id]) => id !== event.pointerId)?.[1];
    if (still) {
      const far = (at: { x: number; y: number }) => Math.hypot(at.x - still.x, at.y - still.y);
      if (far(was) > 0) zoom(far(to) / far(was), ...middle((to.x + still.x) / 2, (to.y + still.y) / 2));
      pan((to.x - was.x) / 2, (to.y - was.y) / 2);
    } else if (panning.current) pan(to.x - was.x, to.y - was.y);
    fingers.current.set(event.pointerId, to);
  };
  const leave = (event: PointerEvent, lost: boolean) => {
    if (!fingers.current.delete(event.pointerId)) return;
    if (!panning.current && easel.busy) {
      if (lost) easel.giveUp();
      else if (!easel.up()) say(t(words, "noFill"));
    }
    if (fingers.current.size === 0) panning.current = false;
  };

  // -- keys ---------------------------------------------------------------------------------------------------

  const keys = (event: KeyboardEvent) => {
    const arrows: Record<string, [number, number]> = {
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowUp: [0, -1],
      ArrowDown: [0, 1],
    };
    const by = arrows[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (by) {
      // A few pixels of the screen, whatever the zoom; at least one of the picture's.
      const step = Math.max(1, Math.round((event.shiftKey ? 48 : 8) / now.scale));
      hover.current = null;
      const at = easel.nudge(by[0] * step, by[1] * step);
      bring(at);
      say(t(words, "stamp", { x: Math.round(at.x), y: Math.round(at.y), size: easel.size.value }));
    } else if (event.key === "Enter" || event.key === "x" || event.key === "X") {
      hover.current = null;
      const done = easel.press(event.key !== "Enter");
      const at = easel.stamp.value ?? { x: 0, y: 0 };
      const tool = t(words, event.key === "Enter" ? easel.tool.value : "eraser");
      say(done ? t(words, "stamped", { tool, x: Math.round(at.x), y: Math.round(at.y) }) : t(words, "noFill"));
    } else if (event.key === "+" || event.key === "=") zoom(STEP);
    else if (event.key === "-") zoom(1 / STEP);
    else if (event.key === "0") frame.value = null;
    else if (event.key === "1") zoom(1 / now.scale);
    else if (event.key === " ") space.value = true;
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  /** The stamp stays on the screen. */
  const bring = (at: { x: number; y: number }) => {
    const where = { x: at.x * now.scale + placed.left, y: at.y * now.scale + placed.top };
    const over = (value: number, most: number) => (value < 24 ? 24 - value : value > most - 24 ? most - 24 - value : 0);
    const [dx, dy] = [over(where.x, width), over(where.y, height)];
    if (frame.value && (dx !== 0 || dy !== 0)) pan(dx, dy);
  };

  const line = easel.line.value;
  return (
    <div class="ic-stage-area">
      <div
        ref={box}
        class={`ic-stage ic-easel${now.scale >= 2 ? " ic-crisp" : ""}${space.value ? " ic-panning" : ""}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: painted on with keys
        tabIndex={0}
        role="application"
        aria-label={t(words, "stage")}
        onKeyDown={keys}
        onKeyUp={(event) => {
          if (event.key === " ") space.value = false;
        }}
        onBlur={() => {
          space.value = false;
        }}
        onContextMenu={(event) => event.preventDefault()}
        onPointerDown={(event) => {
          if (event.button > 1) return;
          event.preventDefault();
          event.currentTarget.focus({ preventScroll: true });
          event.currentTarget.setPointerCapture(event.pointerId);
          fingers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
          if (fingers.current.size > 1) {
            // A second finger: this is no painting.
            easel.giveUp();
            panning.current = true;
          } else if (event.button === 1 || space.value) panning.current = true;
          else easel.down(touch(event), event.altKey);
        }}
        onPointerMove={(event) => {
          hover.current = event.pointerType === "touch" ? null : local(event);
          showRing();
          if (panning.current) follow(event);
          else if (easel.busy && fingers.current.has(event.pointerId)) {
            const all = event.getCoalescedEvents?.() ?? [];
            for (const one of all.length > 0 ? all : [event]) easel.move(touch(one));
            fingers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
          }
        }}
        onPointerUp={(event) => leave(event, false)}
        onPointerCancel={(event) => leave(event, true)}
        onPointerLeave={() => {
          hover.current = null;
          showRing();
        }}
      >
        <div
          class="ic-placed"
          style={{
            width: `${size.width * now.scale}px`,
            height: `${size.height * now.scale}px`,
            transform: `translate(calc(-50% + ${now.x}px), calc(-50% + ${now.y}px))`,
          }}
        >
          <span class="ic-under">
            <Picture page={desk} sha={reference.sha} box={512} alt="" />
          </span>
          <Picture page={desk} sha={reference.sha} box="original" alt="" />
        </div>
        <canvas ref={canvas} class="ic-overlay" style={{ opacity: easel.opacity.value }} />
        <svg class="ic-guides" aria-hidden="true">
          <circle ref={ring} r={Math.max(2, radius)} />
          {line.length > 1 && (
            <polygon
              points={line.map(({ x, y }) => `${x * now.scale + placed.left},${y * now.scale + placed.top}`).join(" ")}
            />
          )}
        </svg>
      </div>
      <div class="ic-zoom" role="toolbar" aria-label={t(page, "zoom")}>
        <Button icon="minus" look="ic-plain ic-small" label={t(page, "zoomOut")} onClick={() => zoom(1 / STEP)} />
        <button
          type="button"
          class="ic-button ic-plain ic-small ic-number"
          title={t(page, "zoomOne")}
          onClick={() => zoom(1 / now.scale)}
        >
          {Math.round(now.scale * 100)} %
        </button>
        <Button icon="plus" look="ic-plain ic-small" label={t(page, "zoomIn")} onClick={() => zoom(STEP)} />
        <Button
          icon="fit"
          look="ic-plain ic-small"
          label={t(page, "zoomFit")}
          off={frame.value === null}
          onClick={() => {
            frame.value = null;
          }}
        />
      </div>
    </div>
  );
}
