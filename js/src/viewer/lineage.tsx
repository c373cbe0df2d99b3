/** The chain of edits under a picture: every step can be looked at, and a new branch begins at any of them. */
import { Icon } from "../look/icons";
import { Picture } from "../look/picture";
import type { Step } from "../protocol";
import type { Page } from "../state/page";
import { words } from "../words/page";

interface Given {
  page: Page;
  steps: readonly Step[];
  current: string;
  onStep: (step: Step) => void;
}

export function Lineage({ page, steps, current, onStep }: Given) {
  const t = page.t.value;
  return (
    <nav class="ic-lineage" aria-label={t(words, "lineage")}>
      <ol>
        {steps.map((step, index) => (
          <li key={step.id}>
            {index > 0 && (
              <span class="ic-link" title={step.modified ? t(words, "modified") : ""}>
                {step.mask_sha && <Icon name="mask" />}
                <Icon name="right" />
              </span>
            )}
            <button
              type="button"
              class="ic-step"
              aria-current={step.id === current ? "step" : undefined}
              title={step.prompt || t(words, "given")}
              aria-label={t(words, "stepName", {
                number: index + 1,
                prompt: step.prompt || t(words, "given"),
                more: [step.mask_sha ? t(words, "withMask") : "", step.modified ? t(words, "modified") : ""]
                  .filter(Boolean)
                  .join(", "),
              })}
              onClick={() => onStep(step)}
            >
              {step.sha ? <Picture page={page} sha={step.sha} box={256} alt="" /> : <span class="ic-pixels ic-lost" />}
            </button>
            <span class="ic-under-step" aria-hidden="true">
              {step.prompt || t(words, "given")}
            </span>
          </li>
        ))}
      </ol>
    </nav>
  );
}
