/** A button with a menu: arrows, Home, End and first letters move; Escape gives the focus back. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Float } from "./float";
import { Icon, type IconName } from "./icons";

export interface Item {
  icon?: IconName;
  label: string;
  /** Of a choice: whether this is the one. */
  checked?: boolean;
  /** A line above it. */
  apart?: boolean;
  onPick: () => void;
}

interface Given {
  label: string;
  icon?: IconName;
  text?: string;
  look?: string;
  tabIndex?: number;
  items: readonly Item[];
  /** What the button shows instead of icon and text. */
  children?: ComponentChildren;
}

export function Menu({ label, icon, text, look = "", tabIndex, items, children }: Given) {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLDivElement>(null);

  useEffect(() => {
    if (!open) return;
    const first =
      list.current?.querySelector<HTMLElement>("[aria-checked=true]") ?? list.current?.querySelector("button");
    first?.focus();
  }, [open]);

  const move = (event: KeyboardEvent) => {
    const all = Array.from(list.current?.querySelectorAll<HTMLElement>("button") ?? []);
    const at = all.findIndex((one) => one.matches(":focus"));
    let to = -1;
    if (event.key === "ArrowDown") to = (at + 1) % all.length;
    else if (event.key === "ArrowUp") to = (at - 1 + all.length) % all.length;
    else if (event.key === "Home") to = 0;
    else if (event.key === "End") to = all.length - 1;
    else if (event.key === "Tab") setOpen(false);
    else if (event.key.length === 1 && event.key !== " ") {
      const letter = event.key.toLowerCase();
      to =
        [...all.keys()]
          .map((i) => (at + 1 + i) % all.length)
          .find((i) => all[i]?.textContent?.trim().toLowerCase().startsWith(letter)) ?? -1;
    }
    if (to >= 0) {
      event.preventDefault();
      event.stopPropagation();
      all[to]?.focus();
    }
  };

  return (
    <>
      <button
        ref={button}
        type="button"
        class={`ic-button ${text ? "" : "ic-only"} ${look}`}
        aria-haspopup="menu"
        aria-expanded={open}
        {...(text ? { "aria-label": `${label}: ${text}` } : { "aria-label": label })}
        title={label}
        {...(tabIndex === undefined ? {} : { tabIndex })}
        onClick={(event) => {
          event.stopPropagation();
          setOpen(!open);
        }}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown" && !open) {
            event.preventDefault();
            event.stopPropagation();
            setOpen(true);
          }
        }}
      >
        {icon && <Icon name={icon} />}
        {text && <span>{text}</span>}
        {text && <Icon name="down" />}
        {children}
      </button>
      {open && (
        <Float anchor={button} onClose={() => setOpen(false)} look="ic-menu">
          <div ref={list} role="menu" tabIndex={-1} aria-label={label} onKeyDown={move}>
            {items.map((item) => (
              <>
                {item.apart && <hr />}
                <button
                  type="button"
                  role={item.checked === undefined ? "menuitem" : "menuitemradio"}
                  {...(item.checked === undefined ? {} : { "aria-checked": item.checked })}
                  tabIndex={-1}
                  onClick={(event) => {
                    event.stopPropagation();
                    setOpen(false);
                    button.current?.focus();
                    item.onPick();
                  }}
                >
                  {item.checked === undefined ? (
                    item.icon && <Icon name={item.icon} />
                  ) : (
                    <span class="ic-tick">{item.checked && <Icon name="check" />}</span>
                  )}
                  {item.label}
                </button>
              </>
            ))}
          </div>
        </Float>
      )}
    </>
  );
}
