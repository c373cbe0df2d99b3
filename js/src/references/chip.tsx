/** One reference in the tray: a picture with its number, a menu, and a place in an order. */
import { useRef } from "preact/hooks";
import { Icon } from "../look/icons";
import { type Item, Menu } from "../look/menu";
import { Picture } from "../look/picture";
import type { Reference } from "../protocol";
import type { Desk } from "../slots";
import { dimensions } from "../words/amounts";
import { words as page } from "../words/page";
import { plain, type Tray } from "./tray";
import { words } from "./words";

/** What a chip puts into a drag, so that no other drag is taken for one. */
export const CHIP_DRAG = "application/x-imgcell-reference";

interface Given {
  desk: Desk;
  tray: Tray;
  reference: Reference | undefined;
  name: string;
  place: number;
  most: number;
  /** Where a chip that is dragged would come. */
  gap: "before" | "behind" | null;
  onMask: (reference: Reference) => void;
}

export function Chip({ desk, tray, reference, name, place, most, gap, onMask }: Given) {
  const t = desk.t.value;
  const box = useRef<HTMLLIElement>(null);
  const number = place + 1;
  const shown = reference ? plain(reference.name) : "";
  const label = reference
    ? t(words, "chip", { number, name: shown, size: dimensions(reference) })
    : t(page, "image", { number });
  /** The chip keeps the focus where it goes; where it is removed, its neighbor gets it. */
  const keep = (to: number) => {
    const list = box.current?.parentElement;
    requestAnimationFrame(() => {
      const chips = list?.querySelectorAll<HTMLElement>(".ic-chip-button");
      (chips?.[Math.min(to, chips.length - 1)] ?? list?.parentElement?.querySelector<HTMLElement>("button"))?.focus();
    });
  };
  const move = (to: number) => {
    if (to < 0 || to >= most) return;
    tray.move(name, to);
    keep(to);
  };
  const remove = () => {
    tray.remove(name);
    keep(place);
  };
  const items: Item[] = [];
  if (place === 0 && reference && desk.masks.value) {
    items.push({
      icon: "mask",
      label: t(words, desk.mask.value ? "editMask" : "paintMask"),
      onPick: () => onMask(reference),
    });
  }
  if (place > 0) items.push({ icon: "left", label: t(words, "earlier"), onPick: () => move(place - 1) });
  if (place < most - 1) items.push({ icon: "right", label: t(words, "later"), onPick: () => move(place + 1) });
  items.push({ icon: "delete", label: t(words, "remove"), apart: items.length > 0, onPick: remove });

  return (
    <li
      ref={box}
      class={`ic-chip${gap ? ` ic-gap-${gap}` : ""}`}
      data-place={place}
      draggable
      title={[label, ...(reference?.notes ?? [])].join("\n")}
      onDragStart={(event) => {
        event.dataTransfer?.setData(CHIP_DRAG, name);
        if (event.dataTransfer) event.dataTransfer.effectAllowed = "move";
      }}
      onKeyDown={(event) => {
        const { target } = event;
        if (!(target instanceof HTMLElement) || !target.matches(".ic-chip-button")) return;
        if (event.key === "ArrowLeft" && event.shiftKey) move(place - 1);
        else if (event.key === "ArrowRight" && event.shiftKey) move(place + 1);
        else if (event.key === "ArrowLeft" && place > 0) keep(place - 1);
        else if (event.key === "ArrowRight" && place < most - 1) keep(place + 1);
        else if (event.key === "Delete" || event.key === "Backspace") remove();
        else return;
        event.preventDefault();
        event.stopPropagation();
      }}
    >
      <Menu label={label} look="ic-chip-button" items={items}>
        {reference ? (
          <Picture page={desk} sha={reference.sha} box={256} alt="" />
        ) : (
          <span class="ic-pixels ic-empty" aria-hidden="true" />
        )}
        <span class="ic-badge" aria-hidden="true">
          {t(page, "image", { number })}
        </span>
        {place === 0 && desk.mask.value && (
          <span class="ic-has-mask" aria-hidden="true">
            <Icon name="mask" />
          </span>
        )}
      </Menu>
      <button
        type="button"
        class="ic-chip-remove"
        // The keyboard has Delete and the menu: one stop for each picture is enough.
        tabIndex={-1}
        aria-label={`${t(words, "remove")}: ${label}`}
        title={t(words, "remove")}
        onClick={remove}
      >
        <Icon name="close" />
      </button>
    </li>
  );
}
