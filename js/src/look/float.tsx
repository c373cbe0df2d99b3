/** Something small over the page: in the top layer, beside what opened it, gone on Escape, on a click elsewhere, on scroll. */
import type { ComponentChildren, RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

interface Given {
  anchor: RefObject<HTMLElement | null>;
  onClose: () => void;
  look?: string;
  /** At least as wide as its anchor. */
  wide?: boolean;
  children: ComponentChildren;
}

const GAP = 4;
const EDGE = 8;

export function Float({ anchor, onClose, look = "", wide, children }: Given) {
  const box = useRef<HTMLDivElement>(null);
  const close = useRef(onClose);
  close.current = onClose;

  useLayoutEffect(() => {
    const float = box.current;
    const by = anchor.current;
    if (!float || !by) return;
    float.showPopover?.();
    const place = () => {
      const at = by.getBoundingClientRect();
      if (wide) float.style.minWidth = `${at.width}px`;
      float.style.maxWidth = `${innerWidth - 2 * EDGE}px`;
      float.style.maxHeight = "";
      const below = innerHeight - at.bottom - GAP - EDGE;
      const above = at.top - GAP - EDGE;
      const wanted = Math.min(float.scrollHeight + 2, 400);
      const under = below >= wanted || below >= above;
      const height = Math.min(wanted, Math.max(under ? below : above, 96));
      float.style.maxHeight = `${height}px`;
      float.style.top = `${Math.max(EDGE, under ? at.bottom + GAP : at.top - GAP - height)}px`;
      float.style.left = `${Math.max(EDGE, Math.min(at.left, innerWidth - float.offsetWidth - EDGE))}px`;
    };
    place();
    const watch = new ResizeObserver(place);
    watch.observe(float);
    return () => watch.disconnect();
  }, [anchor, wide]);

  useEffect(() => {
    const inside = (target: EventTarget | null) =>
      target instanceof Node && (box.current?.contains(target) || anchor.current?.contains(target));
    const leave = (event: Event) => {
      if (!inside(event.composedPath()[0] ?? event.target)) close.current();
    };
    addEventListener("pointerdown", leave, true);
    addEventListener("scroll", leave, true);
    addEventListener("resize", leave);
    return () => {
      removeEventListener("pointerdown", leave, true);
      removeEventListener("scroll", leave, true);
      removeEventListener("resize", leave);
    };
  }, [anchor]);

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape, from whatever is in it
    <div
      ref={box}
      popover="manual"
      class={`ic-float ${look}`}
      onKeyDown={(event) => {
        if (event.key === "Escape") {
          event.stopPropagation();
          event.preventDefault();
          close.current();
          anchor.current?.focus();
        }
      }}
    >
      {children}
    </div>
  );
}
