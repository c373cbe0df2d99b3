/** What just happened, for a while; it lies over what is there, so that nothing moves. */
import { Button } from "./look/button";
import { Icon } from "./look/icons";
import type { Page } from "./state/page";
import { words } from "./words/page";

export function Told({ page }: { page: Page }) {
  const notice = page.notice.value;
  if (!notice) return null;
  return (
    <div class={`ic-notice${notice.bad ? " ic-bad" : ""}`}>
      {notice.bad && <Icon name="alert" />}
      <p>
        {notice.text} {notice.hint && <span class="ic-noted">{notice.hint}</span>}
      </p>
      {notice.action && (
        <Button look="ic-small" onClick={notice.action.act}>
          {notice.action.label}
        </Button>
      )}
      <Button
        icon="close"
        look="ic-plain ic-small"
        label={page.t.value(words, "close")}
        onClick={() => {
          page.notice.value = null;
        }}
      />
    </div>
  );
}

/** The same and more, for a screen reader. */
export function Spoken({ page }: { page: Page }) {
  return (
    <div class="ic-unseen" role="status" aria-live="polite">
      {page.spoken.value}
    </div>
  );
}
