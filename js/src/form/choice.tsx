/**
 * A field with values to choose from: one, or several that make a sweep; typed in where the model takes other values too.
 * A click or Enter chooses one and closes; the box before it (or the space bar) adds to what is chosen.
 */
import { useEffect, useRef, useState } from "preact/hooks";
import { Float } from "../look/float";
import { Icon } from "../look/icons";
import { useName } from "../look/name";
import type { Translate } from "../words/language";
import { words } from "../words/page";
import { composing } from "./keys";

export interface Option {
  value: string;
  label?: string;
  detail?: string;
  group?: string;
}

interface Given {
  t: Translate;
  label: string;
  options: readonly Option[];
  chosen: readonly string[];
  /** What holds when nothing is chosen; and how it is called in the list, where that is not the same. */
  standard: string;
  byItself?: string;
  /** More than one may be chosen. */
  several?: boolean;
  /** Other values may be typed. */
  free?: boolean;
  /** What can be typed, as an example. */
  example?: string;
  note?: string;
  /** Something must be chosen: there is no way back to "by itself". */
  needed?: boolean;
  bad?: string | undefined;
  onChoose: (values: string[]) => void;
}

export function Choice(given: Given) {
  const { t, label, options, chosen, standard, several, free, onChoose } = given;
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const named = (value: string) => options.find((option) => option.value === value)?.label ?? value;
  const text =
    chosen.length === 0
      ? standard
      : chosen.length === 1
        ? named(chosen[0] ?? "")
        : t(words, "some", { number: chosen.length });
  const id = useName();

  return (
    <div class={`ic-field${given.bad ? " ic-bad" : ""}`}>
      <button
        ref={button}
        type="button"
        class="ic-tile"
        aria-haspopup="listbox"
        aria-expanded={open}
        aria-describedby={given.bad ? `${id}-b` : undefined}
        title={chosen.length > 1 ? chosen.map(named).join(", ") : text}
        onClick={() => setOpen(!open)}
        onKeyDown={(event) => {
          if (!open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
            event.preventDefault();
            setOpen(true);
          }
        }}
      >
        <span class="ic-name">{label}</span>{" "}
        <span class={`ic-value${chosen.length === 0 ? " ic-standard" : ""}`}>{text}</span>
        <Icon name="down" />
      </button>
      {given.bad && (
        <span class="ic-unseen" id={`${id}-b`}>
          {given.bad}
        </span>
      )}
      {open && (
        <Float anchor={button} onClose={() => setOpen(false)} wide look="ic-choices">
          <List
            {...given}
            id={id}
            several={several ?? false}
            free={free ?? false}
            onDone={(values) => {
              onChoose(values);
              setOpen(false);
              button.current?.focus();
            }}
            onChoose={onChoose}
          />
        </Float>
      )}
    </div>
  );
}

interface ListGiven extends Given {
  id: string;
  several: boolean;
  free: boolean;
  onDone: (values: string[]) => void;
}

function List({
  t,
  id,
  label,
  options,
  chosen,
  standard,
  byItself,
  several,
  free,
  example,
  note,
  needed,
  onChoose,
  onDone,
}: ListGiven) {
  const [typed, setTyped] = useState("");
  const box = useRef<HTMLDivElement>(null);
  const needle = typed.trim().toLowerCase();
  const extra = chosen.filter((value) => !options.some((option) => option.value === value)).map((value) => ({ value }));
  const all: Option[] = [...options, ...extra];
  const found = all.filter((option) =>
    `${option.label ?? ""} ${option.value} ${option.detail ?? ""}`.toLowerCase().includes(needle),
  );
  const exact = all.some((option) => option.value === typed.trim());
  const rows: (Option & { clear?: boolean; fresh?: boolean })[] = [
    ...(needed || needle ? [] : [{ value: "", label: byItself ?? standard, clear: true }]),
    ...found,
    ...(free && typed.trim() && !exact ? [{ value: typed.trim(), fresh: true }] : []),
  ];
  const [at, setAt] = useState(() =>
    Math.max(
      0,
      rows.findIndex((row) => (chosen.length === 0 ? row.clear : chosen[0] === row.value)),
    ),
  );
  const here = Math.min(at, rows.length - 1);
  const search = free || all.length > 8;

  useEffect(() => {
    box.current?.querySelector<HTMLElement>(search ? "input" : "[role=listbox]")?.focus();
  }, [search]);
  useEffect(() => {
    box.current?.querySelector(`#${CSS.escape(`${id}-o${here}`)}`)?.scrollIntoView({ block: "nearest" });
  }, [here, id]);

  const toggle = (value: string) => {
    if (value === "") onChoose([]);
    else if (!chosen.includes(value)) onChoose([...chosen, value]);
    else if (!needed || chosen.length > 1) onChoose(chosen.filter((one) => one !== value));
    setTyped("");
  };
  const pick = (row: Option & { clear?: boolean }) => onDone(row.clear ? [] : [row.value]);

  const keys = (event: KeyboardEvent) => {
    if (composing(event)) return;
    const row = rows[here];
    const typing = event.target instanceof HTMLInputElement;
    const to =
      event.key === "ArrowDown"
        ? Math.min(here + 1, rows.length - 1)
        : event.key === "ArrowUp"
          ? Math.max(here - 1, 0)
          : event.key === "Home" && !typing
            ? 0
            : event.key === "End" && !typing
              ? rows.length - 1
              : null;
    if (to !== null) {
      event.preventDefault();
      setAt(to);
    } else if (event.key === "Enter" && row) {
      event.preventDefault();
      if (several && (event.ctrlKey || event.metaKey)) toggle(row.value);
      else pick(row);
    } else if (event.key === " " && row && several && (!typing || typed === "")) {
      event.preventDefault();
      toggle(row.value);
    }
  };

  let group: string | undefined;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys of the box and of the list in it
    <div ref={box} onKeyDown={keys}>
      {search && (
        <input
          class="ic-input ic-type"
          type="text"
          role="combobox"
          aria-label={label}
          aria-expanded="true"
          aria-controls={`${id}-list`}
          aria-activedescendant={rows[here] ? `${id}-o${here}` : undefined}
          autocomplete="off"
          spellcheck={false}
          placeholder={
            free ? (example ? t(words, "typeExample", { example }) : t(words, "typeOther")) : t(words, "typeFilter")
          }
          value={typed}
          onInput={(event) => {
            setTyped(event.currentTarget.value);
            setAt(0);
          }}
        />
      )}
      <div
        id={`${id}-list`}
        role="listbox"
        aria-label={label}
        aria-multiselectable={several}
        tabIndex={search ? -1 : 0}
        aria-activedescendant={rows[here] ? `${id}-o${here}` : undefined}
      >
        {rows.map((row, index) => {
          const on = row.clear ? chosen.length === 0 : chosen.includes(row.value);
          const head = row.group !== group && row.group ? row.group : null;
          group = row.group;
          return (
            <>
              {head && (
                <div class="ic-group" role="presentation">
                  {head}
                </div>
              )}
              {/* biome-ignore lint/a11y/useFocusableInteractive: the list has the focus and names the row as its active descendant */}
              {/* biome-ignore lint/a11y/useKeyWithClickEvents: the list takes the keys */}
              <div
                id={`${id}-o${index}`}
                role="option"
                aria-selected={on}
                class={`ic-option${index === here ? " ic-here" : ""}`}
                onClick={() => pick(row)}
                onPointerMove={() => setAt(index)}
              >
                {/* biome-ignore lint/a11y/noStaticElementInteractions: a larger aim for what the space bar does */}
                {/* biome-ignore lint/a11y/useKeyWithClickEvents: the list takes the keys */}
                <span
                  class={`ic-tick${several && !row.clear ? " ic-square" : ""}${on ? " ic-on" : ""}`}
                  onClick={(event) => {
                    if (!several || row.clear) return;
                    event.stopPropagation();
                    toggle(row.value);
                  }}
                >
                  {on && <Icon name="check" />}
                </span>
                <span class="ic-label">
                  {row.fresh ? t(words, "typeUse", { value: row.value }) : (row.label ?? row.value)}
                </span>
                {row.detail && <span class="ic-detail">{row.detail}</span>}
              </div>
            </>
          );
        })}
        {rows.length === 0 && <div class="ic-group">{t(words, "nothingFound")}</div>}
      </div>
      {(several || note) && (
        <p class="ic-hint">
          {note} {several && t(words, "sweepHint")}
        </p>
      )}
    </div>
  );
}
