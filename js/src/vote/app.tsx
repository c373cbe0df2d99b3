/** One view of a vote: the question, two pictures side by side, four answers, and how far it has come. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Button } from "../look/button";
import { useOwnKeys, useWholeScreen } from "../look/own";
import { Pane } from "../panes";
import { Outcome } from "./results";
import { CHOICES, type Choice, type Voting } from "./state";
import { words } from "./words";

const KEYS: Record<string, Choice | "undo"> = {
  ArrowLeft: "left",
  a: "left",
  ArrowRight: "right",
  d: "right",
  ArrowDown: "tie",
  s: "tie",
  t: "tie",
  ArrowUp: "bad",
  x: "bad",
  b: "bad",
  Backspace: "undo",
  u: "undo",
  z: "undo",
};
const SIGNS: Record<Choice, string> = { left: "←", tie: "↓", bad: "↑", right: "→" };

interface Given {
  state: Voting;
  root: HTMLElement;
}

export function App({ state, root }: Given) {
  const t = state.t.value;
  const box = useRef<HTMLDivElement>(null);
  const whole = useSignal(false);

  useEffect(() => {
    root.lang = state.language.value === "zh" ? "zh-CN" : "en";
  });
  useOwnKeys(root);
  useWholeScreen(root, whole);

  /** What was pressed is gone then, and the next key must not go to the notebook. */
  const stay = (done: void | Promise<void>) => {
    void Promise.resolve(done).then(() => requestAnimationFrame(() => box.current?.focus({ preventScroll: true })));
  };

  const keys = (event: KeyboardEvent) => {
    const target = event.target as HTMLElement;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || target.closest("input")) return;
    const done = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (event.key === "Escape" && (state.results.value || state.wondering.value)) stay(state.back());
    else if (!done || state.results.value || state.wondering.value) return;
    // A key that is held down is one vote.
    else if (!event.repeat) void (done === "undo" ? state.undo() : state.vote(done));
    event.preventDefault();
    event.stopPropagation();
  };

  const turn = state.turn.value;
  const notice = state.notice.value;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys of what is in it
    <div ref={box} class={`ic-vote${whole.value ? " ic-fills" : ""}`} tabIndex={-1} onKeyDown={keys}>
      <Head state={state} root={root} whole={whole.value} />
      {notice && (
        <div class="ic-vote-notice" role="alert">
          <p>
            {notice.text} {notice.hint && <span class="ic-vote-soft">{notice.hint}</span>}
          </p>
          <Button
            icon="close"
            look="ic-plain ic-small"
            label={t(words, "close")}
            onClick={() => {
              state.notice.value = null;
            }}
          />
        </div>
      )}
      {state.results.value ? (
        <Outcome results={state.results.value} t={t} />
      ) : (
        <Stage state={state} stay={stay} wheel={() => whole.value || box.current?.matches(":focus-within") === true} />
      )}
      {turn && <Foot state={state} stay={stay} />}
      <div class="ic-unseen" role="status" aria-live="polite">
        {state.spoken.value}
      </div>
    </div>
  );
}

function Head({ state, root, whole }: Given & { whole: boolean }) {
  const t = state.t.value;
  return (
    <div class="ic-vote-head">
      <h2 dir="auto">{state.question.value ?? t(words, "question")}</h2>
      <input
        class="ic-input"
        aria-label={t(words, "rater")}
        placeholder={t(words, "rater")}
        maxLength={100}
        dir="auto"
        spellcheck={false}
        autocomplete="off"
        value={state.turn.value?.rater ?? ""}
        onChange={(event) => void state.rate(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && !event.isComposing) event.currentTarget.blur();
        }}
      />
      {document.fullscreenEnabled && (
        <Button
          icon="fit"
          look="ic-plain ic-small"
          label={t(words, whole ? "screenOff" : "screen")}
          onClick={() => void (whole ? document.exitFullscreen() : root.requestFullscreen()).catch(() => {})}
        />
      )}
      <Button
        icon="language"
        look="ic-plain ic-small"
        label={t(words, "language")}
        onClick={() => state.speak(state.language.value === "zh" ? "en" : "zh")}
      />
    </div>
  );
}

type Stay = (done: void | Promise<void>) => void;

function Stage({ state, stay, wheel }: { state: Voting; stay: Stay; wheel: () => boolean }) {
  const t = state.t.value;
  const plates = state.plates.value;
  const off = state.busy.value || !state.there.value;
  return (
    <>
      <div class={`ic-vote-stage${state.busy.value ? " ic-vote-busy" : ""}`}>
        {plates ? (
          (["left", "right"] as const).map((side) => (
            <Pane
              key={side}
              shared={state.shared}
              plate={plates[side]}
              label={t(words, side === "left" ? "leftPicture" : "rightPicture")}
              look="ic-vote-pane"
              wheel={wheel}
            />
          ))
        ) : (
          <p class="ic-vote-soft">{t(words, state.slow.value ? "waiting" : "loading")}</p>
        )}
      </div>
      {state.wondering.value ? (
        <div class="ic-vote-ask" role="group" aria-label={t(words, "seeResults")}>
          <p>
            <b>{t(words, "seeResults")}</b> {t(words, "seeHint")}
          </p>
          <Button onClick={() => stay(state.look())}>{t(words, "show")}</Button>
          <Button look="ic-main" onClick={() => stay(state.back())}>
            {t(words, "cancel")}
          </Button>
        </div>
      ) : (
        <div class="ic-vote-choices" role="group" aria-label={t(words, "choices")} title={t(words, "keys")}>
          {CHOICES.map((choice) => (
            <Button key={choice} look={`ic-vote-${choice}`} off={off} onClick={() => void state.vote(choice)}>
              <span aria-hidden="true">{SIGNS[choice]}</span> {t(words, choice)}
            </Button>
          ))}
        </div>
      )}
    </>
  );
}

function Foot({ state, stay }: { state: Voting; stay: Stay }) {
  const t = state.t.value;
  const turn = state.turn.value;
  if (!turn) return null;
  const shown = state.results.value !== null;
  const facts = [
    t(words, "round", {
      round: turn.round,
      place: shown ? turn.place : Math.min(turn.place + 1, turn.pairs),
      pairs: turn.pairs,
    }),
    ...(turn.raters > 1 && turn.done > 0 ? [t(words, "yours", { number: turn.done })] : []),
    ...(turn.votes > 0
      ? [
          t(words, turn.raters > 1 ? "all" : turn.votes > 1 ? "allOne" : "allFirst", {
            number: turn.votes,
            raters: turn.raters,
          }),
        ]
      : []),
    ...(turn.more === null
      ? []
      : [turn.more === 0 ? t(words, "enough") : t(words, "more", { number: Number(turn.more.toPrecision(2)) })]),
    ...(turn.seen && !shown ? [t(words, "seen")] : []),
  ];
  return (
    <div class="ic-vote-foot">
      <progress max={turn.pairs} value={turn.place} aria-label={facts[0]} />
      <p class="ic-vote-soft">{state.slow.value ? t(words, "waiting") : facts.join(" · ")}</p>
      {!shown && (
        <Button icon="undo" look="ic-small" off={turn.done === 0 || state.busy.value} onClick={() => void state.undo()}>
          {t(words, "undo")}
        </Button>
      )}
      {shown ? (
        <Button look="ic-small ic-main" onClick={() => stay(state.back())}>
          {t(words, "back")}
        </Button>
      ) : (
        <Button look="ic-small" off={turn.votes === 0 || state.busy.value} onClick={() => stay(state.wonder())}>
          {t(words, "results")}
        </Button>
      )}
    </div>
  );
}
