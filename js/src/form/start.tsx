/** What it would cost, what stands in the way, Run and Cancel. */
import { useEffect, useRef } from "preact/hooks";
import { Button } from "../look/button";
import { Icon } from "../look/icons";
import { extraProblem, measure, promptLimit } from "../state/draft";
import type { Page } from "../state/page";
import { words } from "../words/page";

export function Start({ page }: { page: Page }) {
  const t = page.t.value;
  const draft = page.draft.value;
  const estimate = page.estimates.last.value;
  const under = page.under.value;
  const sending = page.runs.sending.value;
  const limit = promptLimit(page.targets.value);
  const empty = draft.prompt.trim() === "";
  const long = limit !== null && measure(draft.prompt, limit.unit) > limit.most;
  // An empty prompt is no mistake yet: the button says enough.
  const problems = (estimate?.problems ?? []).filter((one) => !(empty && one.field === "prompt"));
  const off = empty || long || extraProblem(draft.extra) !== null || problems.length > 0 || page.link.value === "gone";

  const question = page.runs.question.value;
  if (question) return <Question page={page} question={question} />;
  return (
    <div class="ic-start">
      <div class="ic-facts" aria-live="polite">
        {problems.length > 0 ? (
          problems.slice(0, 3).map((one) => (
            <p key={`${one.field} ${one.message}`} class="ic-problem">
              <Icon name="alert" /> <span>{one.message}</span>
            </p>
          ))
        ) : (
          <p class={`ic-estimate${page.estimates.asking.value ? " ic-asking" : ""}`}>
            {estimate && !empty ? (
              <>
                <strong>{estimate.price}</strong>
                <span>
                  {t(words, estimate.pictures === 1 ? "onePicture" : "somePictures", { number: estimate.pictures })}
                </span>
                {estimate.requests !== 1 && <span>{t(words, "someRequests", { number: estimate.requests })}</span>}
                {estimate.replayed > 0 && <span>{t(words, "someReplayed", { number: estimate.replayed })}</span>}
              </>
            ) : (
              <span>{t(words, "estimateNone")}</span>
            )}
          </p>
        )}
        {problems.length === 0 &&
          estimate?.notes.map((note) => (
            <p key={note} class="ic-noted">
              {note}
            </p>
          ))}
      </div>
      <div class="ic-go">
        <Button
          look="ic-main ic-run"
          {...(sending === "no" ? { icon: "run" as const } : {})}
          off={off || sending !== "no"}
          onClick={() => void page.runs.run()}
        >
          {sending !== "no" && <span class="ic-spin" aria-hidden="true" />}
          {t(
            words,
            sending === "waiting" ? "runWaiting" : sending === "asked" ? "runAsked" : under ? "runAgain" : "run",
          )}
        </Button>
        {under && (
          <Button icon="stop" look="ic-cancel" off={page.runs.pressed.value} onClick={() => void page.runs.cancel()}>
            {t(words, page.runs.cancels.value > 0 ? "cancelHard" : "cancel")}
          </Button>
        )}
      </div>
    </div>
  );
}

/** A large run is asked about; it takes the place of Run, so that a second Ctrl+Enter does not answer it. */
function Question({ page, question }: { page: Page; question: string }) {
  const t = page.t.value;
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.querySelector("button")?.focus(), []);
  return (
    <div class="ic-start" ref={box} role="group" aria-label={question}>
      <p class="ic-question">{question}</p>
      <div class="ic-go">
        <Button
          look="ic-run"
          onClick={() => {
            page.runs.question.value = null;
            page.focusPrompt.value += 1;
          }}
        >
          {t(words, "askNo")}
        </Button>
        <Button icon="run" look="ic-main ic-run" onClick={() => void page.runs.run(true)}>
          {t(words, "askYes")}
        </Button>
      </div>
    </div>
  );
}
