/** The tray: pictures that an edit is about, in their order, and every way in which one gets there. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Button } from "../look/button";
import { Icon } from "../look/icons";
import { type Item, Menu } from "../look/menu";
import { CARD_DRAG, type Desk, type ReferencesGiven } from "../slots";
import { dimensions, percent } from "../words/amounts";
import { words as page } from "../words/page";
import { CHIP_DRAG, Chip } from "./chip";
import { placeOf } from "./order";
import { type Coming, type Tray, trayOf } from "./tray";
import { words } from "./words";

export function References({ desk, root, onMask }: ReferencesGiven) {
  const t = desk.t.value;
  const tray = trayOf(desk);
  const over = useSignal(false);
  const gap = useSignal<{ place: number; behind: boolean } | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const keys = desk.chosen.value;
  const known = desk.references.value;
  const coming = tray.coming.value;
  const limits = desk.limits.value;
  const none = limits?.most === 0;

  const changed = desk.variablesChanged.value;
  useEffect(() => void tray.lookForVariables(), [tray, changed]);
  useTaking(root, tray, over, gap);

  const files = () => input.current?.click();
  const items: Item[] = [{ icon: "picture", label: t(words, "files"), onPick: files }];
  if (typeof globalThis.navigator?.clipboard?.read === "function") {
    items.push({ icon: "copy", label: t(words, "paste"), onPick: () => void pasted(desk, tray) });
  }
  for (const [index, variable] of tray.variables.value.entries()) {
    const { name, kind, count } = variable;
    const label = t(words, count > 1 ? "variableOfSome" : "variable", {
      name,
      kind,
      count,
      size: dimensions(variable),
    });
    items.push({ icon: "code", label, apart: index === 0, onPick: () => void tray.fromVariable(name) });
  }
  const add = (
    <Menu
      icon="plus"
      label={t(words, "add")}
      look={keys.length + coming.length > 0 ? "ic-add" : "ic-plain"}
      items={items}
    />
  );

  return (
    <div class={`ic-tray${over.value ? " ic-over-tray" : ""}`} role="group" aria-label={t(page, "references")}>
      <input
        ref={input}
        type="file"
        accept="image/*"
        multiple
        hidden
        aria-hidden="true"
        tabIndex={-1}
        onChange={(event) => {
          tray.take(Array.from(event.currentTarget.files ?? []));
          // The same file again is a change, too.
          event.currentTarget.value = "";
        }}
      />
      {keys.length + coming.length === 0 ? (
        <div class="ic-invite">
          <button type="button" class="ic-invite-button" onClick={files}>
            <Icon name="picture" />
            <span>{t(words, over.value ? "letGo" : none ? "takesNone" : "invite")}</span>
          </button>
          {add}
        </div>
      ) : (
        <ol class="ic-chosen" aria-label={t(page, "references")}>
          {keys.map((key, place) => (
            <Chip
              key={key}
              desk={desk}
              tray={tray}
              reference={known.get(key)}
              name={key}
              place={place}
              most={keys.length}
              gap={gap.value?.place === place ? (gap.value.behind ? "behind" : "before") : null}
              onMask={onMask}
            />
          ))}
          {coming
            .filter(({ way }) => way.state !== "failed")
            .map((one) => (
              <OnItsWay key={one.id} desk={desk} tray={tray} coming={one} />
            ))}
          <li class="ic-last">{add}</li>
        </ol>
      )}
      {coming.map((one) => (
        <Refused key={one.id} desk={desk} tray={tray} coming={one} />
      ))}
      {none && keys.length > 0 && (
        <p class="ic-problem">
          <Icon name="alert" />
          {t(words, "takesNone")}
        </p>
      )}
      {limits && limits.most > 0 && keys.length > limits.most && (
        <p class="ic-problem">
          <Icon name="alert" />
          {t(words, "takesFewer", { most: limits.most, number: keys.length })}
        </p>
      )}
      <MaskRow desk={desk} onMask={onMask} />
    </div>
  );
}

function MaskRow({ desk, onMask }: Pick<ReferencesGiven, "desk" | "onMask">) {
  const t = desk.t.value;
  const first = desk.references.value.get(desk.chosen.value[0] ?? "");
  const mask = desk.mask.value;
  // A mask from a cell is said, and can be taken away, where none can be painted, too.
  if (!first || !(mask || desk.masks.value)) return null;
  return (
    <div class="ic-mask-row">
      {mask && <span class="ic-soft">{t(words, "masked", { share: percent(mask.share) })}</span>}
      {desk.masks.value ? (
        onMask && (
          <Button icon="mask" look="ic-small" onClick={() => onMask(first)}>
            {t(words, mask ? "editMask" : "paintMask")}
          </Button>
        )
      ) : (
        <span class="ic-problem">{t(words, "maskNotTaken")}</span>
      )}
      {mask && (
        <Button
          icon="close"
          look="ic-plain ic-small"
          label={t(words, "removeMask")}
          onClick={() => desk.setMask(null)}
        />
      )}
      {mask && (
        <label class="ic-check">
          <input
            type="checkbox"
            checked={desk.keep.value}
            onChange={(event) => desk.setKeep(event.currentTarget.checked)}
          />
          <span>{t(words, "keep")}</span>
        </label>
      )}
    </div>
  );
}

interface ComingGiven {
  desk: Desk;
  tray: Tray;
  coming: Coming;
}

function OnItsWay({ desk, tray, coming }: ComingGiven) {
  const t = desk.t.value;
  const { way, name } = coming;
  if (way.state === "failed") return null;
  const share = way.state === "sent" ? Math.round(way.share * 100) : way.state === "checking" ? 100 : 0;
  const state = t(words, way.state, { share });
  return (
    <li class="ic-chip ic-coming" title={t(words, "uploading", { name, state })}>
      <span
        class="ic-way"
        role="progressbar"
        aria-label={name}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={share}
        aria-valuetext={state}
      >
        <span style={{ width: `${share}%` }} />
      </span>
      <span class="ic-coming-name" aria-hidden="true">
        {name}
      </span>
      <span class="ic-badge ic-number" aria-hidden="true">
        {state}
      </span>
      <button
        type="button"
        class="ic-chip-remove"
        aria-label={t(words, "giveUp", { name })}
        title={t(words, "giveUp", { name })}
        onClick={() => tray.drop(coming.id)}
      >
        <Icon name="close" />
      </button>
    </li>
  );
}

function Refused({ desk, tray, coming }: ComingGiven) {
  const t = desk.t.value;
  const { way, name, id } = coming;
  if (way.state !== "failed") return null;
  return (
    <div class="ic-problem ic-refused">
      <Icon name="alert" />
      <p>
        {name && !way.problem.message.includes(name) ? `${name}: ` : ""}
        {way.problem.message} {way.problem.hint && <span class="ic-noted">{way.problem.hint}</span>}
      </p>
      {way.again && (
        <Button icon="retry" look="ic-plain ic-small" label={t(words, "again")} onClick={() => tray.again(id)} />
      )}
      <Button
        icon="close"
        look="ic-plain ic-small"
        label={t(words, "dismiss", { name })}
        onClick={() => tray.drop(id)}
      />
    </div>
  );
}

type Held<T> = { value: T };

/** Drops and pastes anywhere in the page's root. */
function useTaking(
  root: HTMLElement,
  tray: Tray,
  over: Held<boolean>,
  gap: Held<{ place: number; behind: boolean } | null>,
): void {
  useEffect(() => {
    const ours = (event: DragEvent) =>
      [CHIP_DRAG, CARD_DRAG, "Files"].find((type) => event.dataTransfer?.types.includes(type));
    const chipAt = (event: DragEvent) => {
      const found = event.composedPath().find((one) => one instanceof HTMLElement && one.dataset.place !== undefined);
      if (!(found instanceof HTMLElement)) return null;
      const at = found.getBoundingClientRect();
      return { place: Number(found.dataset.place), behind: event.clientX > at.left + at.width / 2 };
    };
    const drag = (event: DragEvent) => {
      const type = ours(event);
      if (!type || !event.dataTransfer) return;
      // A drop that nobody takes makes the browser leave the page for the file.
      event.preventDefault();
      event.stopPropagation();
      const chip = type === CHIP_DRAG;
      event.dataTransfer.dropEffect = chip ? "move" : "copy";
      const to = chip ? chipAt(event) : null;
      if (to?.place !== gap.value?.place || to?.behind !== gap.value?.behind) gap.value = to;
      over.value = !chip;
    };
    const end = () => {
      over.value = false;
      gap.value = null;
    };
    const leave = (event: DragEvent) => {
      if (!(event.relatedTarget instanceof Node) || !root.contains(event.relatedTarget)) end();
    };
    const drop = (event: DragEvent) => {
      const type = ours(event);
      const { dataTransfer } = event;
      if (!type || !dataTransfer) return;
      event.preventDefault();
      event.stopPropagation();
      const to = chipAt(event);
      end();
      if (type === CHIP_DRAG) {
        const key = dataTransfer.getData(CHIP_DRAG);
        if (to) tray.moveTo(key, (keys) => placeOf(keys, key, to.place, to.behind));
      } else if (type === CARD_DRAG) void tray.fromCard(dataTransfer.getData(CARD_DRAG));
      else tray.take(Array.from(dataTransfer.files));
    };
    const paste = (event: ClipboardEvent) => {
      const files = Array.from(event.clipboardData?.files ?? []).filter((file) => file.type.startsWith("image/"));
      const typing = event.composedPath().some((one) => one instanceof Element && one.matches("input, textarea"));
      // Office programs put a picture of the text beside the text: who types wants the text.
      if (files.length === 0 || (typing && event.clipboardData?.types.includes("text/plain"))) return;
      event.preventDefault();
      event.stopPropagation();
      tray.take(files);
    };
    root.addEventListener("dragenter", drag);
    root.addEventListener("dragover", drag);
    root.addEventListener("dragleave", leave);
    root.addEventListener("dragend", end);
    root.addEventListener("drop", drop);
    root.addEventListener("paste", paste);
    return () => {
      root.removeEventListener("dragenter", drag);
      root.removeEventListener("dragover", drag);
      root.removeEventListener("dragleave", leave);
      root.removeEventListener("dragend", end);
      root.removeEventListener("drop", drop);
      root.removeEventListener("paste", paste);
    };
  }, [root, tray, over, gap]);
}

/** The menu's way to paste: the browser asks the person first. */
async function pasted(desk: Desk, tray: Tray): Promise<void> {
  const t = desk.t.value;
  const hint = t(words, "pasteHint");
  try {
    const files: File[] = [];
    for (const item of await navigator.clipboard.read()) {
      const type = item.types.find((one) => one.startsWith("image/"));
      if (type) files.push(new File([await item.getType(type)], `clipboard.${type.slice(6)}`, { type }));
    }
    if (files.length > 0) tray.take(files);
    else desk.report({ message: t(words, "nothingToPaste"), hint, kind: "InvalidJobError" });
  } catch {
    desk.report({ message: t(words, "pasteRefused"), hint, kind: "InvalidJobError" });
  }
}
