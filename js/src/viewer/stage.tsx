/** A picture at any size: the wheel and two fingers zoom, dragging pans, a double click goes between fitting and 1:1. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { Button } from "../look/button";
import { Picture } from "../look/picture";
import type { Page } from "../state/page";
import { words } from "../words/page";
import { type Area, type Frame, fitted, held, zoomed } from "./view";

interface Given {
  page: Page;
  sha: string;
  /** As far as it is known; the picture itself knows better. */
  expected: Area;
  alt: string;
  /** Another picture shown on the left of a line that moves: the parent. */
  other?: { sha: string; alt: string } | null;
  tools?: ComponentChildren;
}

const STEP = 1.25;

export function Stage({ page, sha, expected, alt, other, tools }: Given) {
  const t = page.t.value;
  const box = useRef<HTMLDivElement>(null);
  const stage = useSignal<Area>({ width: 0, height: 0 });
  const frame = useSignal<Frame | null>(null);
  const split = useSignal(50);
  const natural = useSignal<{ sha: string; size: Area } | null>(null);
  const size = natural.value?.sha === sha ? natural.value.size : expected;
  const fingers = useRef(new Map<number, { x: number; y: number }>());

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const measure = () => {
      stage.value = { width: element.clientWidth, height: element.clientHeight };
    };
    measure();
    const watch = new ResizeObserver(measure);
    watch.observe(element);
    return () => watch.disconnect();
  }, [stage]);
  // Another picture begins fitted.
  useEffect(() => {
    frame.value = null;
  }, [sha]);
  useEffect(() => box.current?.focus({ preventScroll: true }), []);

  const now = frame.value ?? fitted(stage.value, size);
  const zoom = (factor: number, x = 0, y = 0) => {
    frame.value = zoomed(frame.value ?? fitted(stage.value, size), factor, x, y, stage.value, size);
  };
  const middle = (x: number, y: number): [number, number] => {
    const at = box.current?.getBoundingClientRect();
    return at ? [x - at.left - at.width / 2, y - at.top - at.height / 2] : [0, 0];
  };

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    // Not passive: the notebook behind must not scroll.
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.002)), ...middle(event.clientX, event.clientY));
    };
    element.addEventListener("wheel", wheel, { passive: false });
    return () => element.removeEventListener("wheel", wheel);
  });

  const keys = (event: KeyboardEvent) => {
    const pan: Record<string, [number, number]> = {
      ArrowLeft: [64, 0],
      ArrowRight: [-64, 0],
      ArrowUp: [0, 64],
      ArrowDown: [0, -64],
    };
    const by = pan[event.key];
    if (event.key === "+" || event.key === "=") zoom(STEP);
    else if (event.key === "-") zoom(1 / STEP);
    else if (event.key === "0") frame.value = null;
    else if (event.key === "1") zoom(1 / now.scale);
    // Arrows go from picture to picture (that is the dialog's) unless there is something to pan.
    else if (by && frame.value && now.scale > fitted(stage.value, size).scale * 1.01) {
      frame.value = held({ ...now, x: now.x + by[0], y: now.y + by[1] }, stage.value, size);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const style = {
    width: `${size.width * now.scale}px`,
    height: `${size.height * now.scale}px`,
    transform: `translate(calc(-50% + ${now.x}px), calc(-50% + ${now.y}px))`,
  };
  const alone = !other;
  return (
    <div class="ic-stage-area">
      <div
        ref={box}
        class={`ic-stage${now.scale >= 2 ? " ic-crisp" : ""}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: zoom and pan by keys
        tabIndex={0}
        role="group"
        aria-label={t(words, "stage")}
        onKeyDown={keys}
        onDblClick={(event) => {
          if (frame.value) frame.value = null;
          else zoom(Math.max(1 / now.scale, 2), ...middle(event.clientX, event.clientY));
        }}
        onPointerDown={(event) => {
          if (event.button !== 0 || (event.target as HTMLElement).closest("input,button")) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          fingers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
        }}
        onPointerMove={(event) => {
          const was = fingers.current.get(event.pointerId);
          if (!was) return;
          const others = [...fingers.current].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
          const [still] = others;
          if (still) {
            const far = (at: { x: number; y: number }) => Math.hypot(at.x - still.x, at.y - still.y);
            const to = { x: event.clientX, y: event.clientY };
            if (far(was) > 0) zoom(far(to) / far(was), ...middle((to.x + still.x) / 2, (to.y + still.y) / 2));
          } else {
            frame.value = held(
              { ...now, x: now.x + event.clientX - was.x, y: now.y + event.clientY - was.y },
              stage.value,
              size,
            );
          }
          fingers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
        }}
        onPointerUp={(event) => fingers.current.delete(event.pointerId)}
        onPointerCancel={(event) => fingers.current.delete(event.pointerId)}
      >
        <div class="ic-placed" style={style}>
          <Full
            page={page}
            sha={sha}
            alt={alt}
            onShown={(one) => {
              natural.value = { sha, size: { width: one.naturalWidth, height: one.naturalHeight } };
            }}
          />
        </div>
        {other && (
          <div class="ic-half" style={{ clipPath: `inset(0 ${100 - split.value}% 0 0)` }}>
            <div class="ic-placed" style={style}>
              <Full page={page} sha={other.sha} alt={other.alt} />
            </div>
          </div>
        )}
        {other && (
          <>
            <span class="ic-split" style={{ left: `${split.value}%` }} />
            <span class="ic-corner ic-left">{t(words, "parent")}</span>
            <span class="ic-corner ic-right">{t(words, "thisOne")}</span>
          </>
        )}
      </div>
      <div class="ic-zoom" role="toolbar" aria-label={t(words, "zoom")}>
        {other && (
          <input
            type="range"
            min="0"
            max="100"
            value={split.value}
            aria-label={t(words, "splitLine")}
            onKeyDown={(event) => event.stopPropagation()}
            onInput={(event) => {
              split.value = Number(event.currentTarget.value);
            }}
          />
        )}
        <Button icon="minus" look="ic-plain ic-small" label={t(words, "zoomOut")} onClick={() => zoom(1 / STEP)} />
        <button
          type="button"
          class="ic-button ic-plain ic-small ic-number"
          title={t(words, "zoomOne")}
          onClick={() => zoom(1 / now.scale)}
        >
          {Math.round(now.scale * 100)} %
        </button>
        <Button icon="plus" look="ic-plain ic-small" label={t(words, "zoomIn")} onClick={() => zoom(STEP)} />
        <Button
          icon="fit"
          look="ic-plain ic-small"
          label={t(words, "zoomFit")}
          off={alone && frame.value === null}
          onClick={() => {
            frame.value = null;
          }}
        />
        {tools}
      </div>
    </div>
  );
}

/** The original over its thumbnail, which is likely there already: something is seen at once. */
function Full({ page, sha, alt, onShown }: FullGiven) {
  return (
    <>
      <span class="ic-under">
        <Picture key={`${sha} 512`} page={page} sha={sha} box={512} alt="" />
      </span>
      <Picture key={sha} page={page} sha={sha} box="original" alt={alt} {...(onShown ? { onShown } : {})} />
    </>
  );
}

interface FullGiven {
  page: Page;
  sha: string;
  alt: string;
  onShown?: (shown: HTMLImageElement) => void;
}
