/** The mask editor: a window over everything, with the picture, the tools, and what to do with the mask. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { composing } from "../form/keys";
import { Button } from "../look/button";
import { Dialog } from "../look/dialog";
import { Icon } from "../look/icons";
import { type Item, Menu } from "../look/menu";
import { useName } from "../look/name";
import { LIMITS, type MaskFacts, type Problem, type Variable } from "../protocol";
import type { MaskEditorGiven } from "../slots";
import { percent } from "../words/amounts";
import { words as page } from "../words/page";
import { Dirt, Easel, TOOLS, type Tool } from "./easel";
import { decode, encode } from "./png";
import { Stage } from "./stage";
import { words } from "./words";

const TOOL_KEYS: Record<string, Tool> = { b: "brush", e: "eraser", r: "rectangle", l: "lasso", g: "flood" };

export function MaskEditor({ desk, reference, mask, onClose }: MaskEditorGiven) {
  const t = desk.t.value;
  const id = useName();
  const [made] = useState(() => {
    const dirt = new Dirt();
    const draw = { soon: () => {} };
    const easel = new Easel(reference.width, reference.height, (box) => {
      dirt.add(box);
      draw.soon();
    });
    return { dirt, draw, easel };
  });
  const { easel, draw, dirt } = made;
  const spoken = useSignal("");
  const problem = useSignal("");
  const sending = useSignal(false);
  const leaving = useSignal(false);
  const name = useSignal("");
  const saved = useSignal<readonly MaskFacts[]>([]);
  const variables = useSignal<readonly Variable[]>([]);
  /** The mask as the kernel has it, and the step at which it was so. */
  const kept = useRef<{ facts: MaskFacts | null; at: number }>({ facts: mask, at: 0 });
  const alive = useRef(true);
  const say = (sentence: string) => {
    spoken.value = sentence;
  };
  const failed = (why: unknown) => {
    // Not by its class: the page's is another bundle's.
    const known = (why as { problem?: Problem } | null)?.problem;
    problem.value = known?.message ? [known.message, known.hint].filter(Boolean).join(" ") : t(words, "failed");
  };
  const { plane } = easel;
  const step = easel.steps.value;
  const changed = kept.current.at !== step;

  /** Onto the plane; the mask the kernel has is then the one that is shown. */
  const load = async (facts: MaskFacts) => {
    try {
      const fits = await decode(await desk.pixels.blob(facts.sha, "original"), plane);
      if (!alive.current) return;
      if (!fits) {
        problem.value = t(words, "wrongSize");
        return;
      }
      easel.loaded();
      kept.current = { facts, at: easel.steps.value };
      problem.value = "";
      say(t(words, "marked", { number: percent(plane.share) }));
    } catch (why) {
      failed(why);
    }
  };
  const begun = useRef(() => {});
  begun.current = () => {
    if (mask && mask.width === reference.width && mask.height === reference.height) void load(mask);
  };
  useEffect(() => {
    begun.current();
    return () => {
      alive.current = false;
    };
  }, []);

  const list = () =>
    desk.channel.ask("masks", {}).then(
      ({ ok }) => {
        saved.value = ok.masks.filter(({ width, height }) => width === plane.width && height === plane.height);
      },
      () => {},
    );
  const changes = desk.variablesChanged.value;
  useEffect(() => {
    void list();
    desk.channel.ask("variables", {}).then(
      ({ ok }) => {
        const fits = (one: Variable) => one.width === plane.width && one.height === plane.height && one.count === 1;
        variables.value = ok.variables.filter(fits);
      },
      () => {},
    );
  }, [changes]);

  const take = async (kind: "load-mask" | "mask-from-variable", from: string) => {
    try {
      const { ok } = await desk.channel.ask(kind, { name: from, reference: reference.key });
      await load(ok.mask);
    } catch (why) {
      failed(why);
    }
  };

  /** What is painted, in the kernel: one PNG, once. Null where nothing is marked. */
  const send = async (): Promise<MaskFacts | null> => {
    if (plane.empty) return null;
    if (kept.current.facts && kept.current.at === easel.steps.value) return kept.current.facts;
    const at = easel.steps.value;
    const bytes = await encode(plane);
    if (bytes.length > LIMITS.mask)
      throw Object.assign(new Error("too large"), { problem: { message: t(words, "tooLarge"), hint: null } });
    const { ok } = await desk.channel.ask("mask", { reference: reference.key, data: null }, { bytes });
    kept.current = { facts: ok.mask, at };
    return ok.mask;
  };
  const doing = async (act: () => Promise<void>) => {
    if (sending.value) return;
    sending.value = true;
    problem.value = "";
    try {
      await act();
    } catch (why) {
      failed(why);
    } finally {
      sending.value = false;
    }
  };
  const done = () =>
    doing(async () => {
      const facts = await send();
      if (desk.chosen.value[0] !== reference.key) {
        problem.value = t(words, "notFirst");
        return;
      }
      desk.setMask(facts);
      onClose();
    });
  const save = () =>
    doing(async () => {
      const wanted = name.value.trim();
      const facts = wanted ? await send() : null;
      if (!facts) {
        problem.value = wanted ? t(words, "nothing") : "";
        return;
      }
      const { ok } = await desk.channel.ask("save-mask", { mask: facts.mask, name: wanted });
      name.value = "";
      say(t(words, "savedAs", { name: ok.name }));
      problem.value = "";
      await list();
    });
  const close = () => {
    if (!changed || sending.value) onClose();
    else leaving.value = true;
  };
  const undo = () => say(easel.undo() ? t(words, "undone") : "");
  const redo = () => say(easel.redo() ? t(words, "redone") : "");
  const invert = () => {
    easel.invert();
    say(t(words, "inverted"));
  };

  const keys = (event: KeyboardEvent) => {
    if (composing(event)) return;
    if (event.target instanceof HTMLElement && event.target.closest("input:not([type=range]), [role=menu]")) return;
    const key = event.key.toLowerCase();
    const tool = TOOL_KEYS[key];
    if (event.ctrlKey || event.metaKey) {
      if (key === "z") event.shiftKey ? redo() : undo();
      else if (key === "y") redo();
      else return;
    } else if (event.altKey) return;
    else if (tool) {
      easel.tool.value = tool;
      say(t(words, tool));
    } else if (key === "i") invert();
    else if (key === "[" || key === "]") {
      easel.resize(key === "[" ? 1 / 1.2 : 1.2);
      say(`${t(words, "size")}: ${t(words, "pixels", { number: easel.size.value })}`);
    } else return;
    event.preventDefault();
  };

  const items: Item[] = [
    ...saved.value.map(
      (one): Item => ({
        icon: "mask",
        label: t(words, "saved", { name: one.name }),
        onPick: () => void take("load-mask", one.name),
      }),
    ),
    ...variables.value.map(
      (one): Item => ({
        icon: "code",
        label: t(words, "variable", { name: one.name }),
        onPick: () => void take("mask-from-variable", one.name),
      }),
    ),
  ];
  const root = Math.sqrt(easel.largest);
  const area = easel.tool.value !== "brush" && easel.tool.value !== "eraser";

  return (
    <Dialog label={t(words, "title")} look="ic-viewer ic-masking" onClose={close} onKeyDown={keys}>
      <header class="ic-bar">
        <strong class="ic-mask-title">{t(words, "title")}</strong>
        <span class="ic-space" />
        <Button icon="undo" look="ic-plain" label={`${t(page, "undo")} (Ctrl+Z)`} off={!plane.canUndo} onClick={undo} />
        <Button
          icon="redo"
          look="ic-plain"
          label={`${t(words, "redo")} (Ctrl+Shift+Z)`}
          off={!plane.canRedo}
          onClick={redo}
        />
        <Button look="ic-main" off={sending.value} onClick={() => void done()}>
          {t(words, sending.value ? "sending" : "done")}
        </Button>
        <Button icon="close" look="ic-plain" label={t(page, "close")} onClick={close} />
      </header>
      {leaving.value && (
        <div class="ic-leave" role="alert">
          <span>{t(words, "leave")}</span>
          <Button look="ic-small" onClick={onClose}>
            {t(words, "leaveYes")}
          </Button>
          <Button
            look="ic-small ic-main"
            onClick={() => {
              leaving.value = false;
            }}
          >
            {t(words, "leaveNo")}
          </Button>
        </div>
      )}
      {problem.value && (
        <p class="ic-problem ic-mask-problem" role="alert">
          <Icon name="alert" />
          {problem.value}
        </p>
      )}
      <div class="ic-see">
        <Stage desk={desk} reference={reference} easel={easel} dirt={dirt} draw={draw} say={say} />
        <aside class="ic-about ic-mask-tools">
          <div class="ic-toolbox" role="toolbar" aria-label={t(words, "tools")}>
            {TOOLS.map((tool) => (
              <Button
                key={tool}
                look="ic-small"
                pressed={easel.tool.value === tool}
                onClick={(event) => {
                  easel.tool.value = tool;
                  // Who works with a mouse paints next, or holds the space bar to pan.
                  const dialog = event.detail > 0 ? (event.target as HTMLElement).closest("dialog") : null;
                  dialog?.querySelector<HTMLElement>(".ic-easel")?.focus({ preventScroll: true });
                }}
              >
                {t(words, tool)}
              </Button>
            ))}
          </div>
          {area && (
            <label class="ic-check">
              <input
                type="checkbox"
                checked={easel.subtract.value}
                onChange={(event) => {
                  easel.subtract.value = event.currentTarget.checked;
                }}
              />
              {t(words, "subtract")}
            </label>
          )}
          <Slider
            label={t(words, "size")}
            value={Math.sqrt(easel.size.value) / root}
            text={t(words, "pixels", { number: easel.size.value })}
            onInput={(value) => {
              easel.size.value = Math.max(1, Math.round((value * root) ** 2));
            }}
          />
          <Slider
            label={t(words, "hardness")}
            value={easel.hardness.value}
            text={t(words, "percent", { number: Math.round(easel.hardness.value * 100) })}
            onInput={(value) => {
              easel.hardness.value = value;
            }}
          />
          <Slider
            label={t(words, "opacity")}
            value={easel.opacity.value}
            text={t(words, "percent", { number: Math.round(easel.opacity.value * 100) })}
            onInput={(value) => {
              easel.opacity.value = Math.max(0.1, value);
            }}
          />
          <div class="ic-toolbox">
            <Button look="ic-small" onClick={invert}>
              {t(words, "invert")}
            </Button>
            <Button
              look="ic-small"
              onClick={() => {
                easel.clear();
                say(t(words, "cleared"));
              }}
            >
              {t(words, "clear")}
            </Button>
            {items.length > 0 && (
              <Menu label={t(words, "load")} text={t(words, "load")} look="ic-small" items={items} />
            )}
          </div>
          <p class="ic-soft ic-mask-share">
            {plane.share > 0 ? t(words, "marked", { number: percent(plane.share) }) : t(words, "nothing")}
          </p>
          <form
            class="ic-save"
            onSubmit={(event) => {
              event.preventDefault();
              void save();
            }}
          >
            <label class="ic-name" for={`${id}-name`}>
              {t(words, "saveTitle")}
            </label>
            <input
              id={`${id}-name`}
              class="ic-input"
              maxLength={100}
              autocomplete="off"
              value={name.value}
              onInput={(event) => {
                name.value = event.currentTarget.value;
              }}
            />
            <button type="submit" class="ic-button" aria-disabled={name.value.trim() === ""}>
              {t(words, "save")}
            </button>
          </form>
          <details class="ic-mask-keys">
            <summary>{t(words, "keysTitle")}</summary>
            <p>{t(words, "keys")}</p>
            <p>{t(words, "keysStamp")}</p>
          </details>
        </aside>
      </div>
      <div class="ic-unseen" role="status" aria-live="polite">
        {spoken.value}
      </div>
    </Dialog>
  );
}

interface SliderGiven {
  label: string;
  /** 0 to 1. */
  value: number;
  text: string;
  onInput: (value: number) => void;
}

function Slider({ label, value, text, onInput }: SliderGiven) {
  return (
    <label class="ic-slider">
      <span>{label}</span>
      <span class="ic-number">{text}</span>
      <input
        type="range"
        min="0"
        max="1"
        step="0.01"
        value={value}
        aria-label={label}
        aria-valuetext={text}
        onInput={(event) => onInput(Number(event.currentTarget.value))}
      />
    </label>
  );
}
