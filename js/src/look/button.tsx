import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "./icons";

interface Given {
  icon?: IconName;
  /** The icon filled: a star that is set. */
  full?: boolean;
  /** The name for screen readers and the tooltip, where the button shows an icon only. */
  label?: string;
  look?: string;
  /** Stays reachable and says why it does nothing. */
  off?: boolean;
  pressed?: boolean;
  tabIndex?: number;
  onClick: (event: MouseEvent) => void;
  children?: ComponentChildren;
}

export function Button({ icon, full, label, look = "", off, pressed, tabIndex, onClick, children }: Given) {
  const only = icon && !children ? " ic-only" : "";
  return (
    <button
      type="button"
      class={`ic-button${only} ${look}`}
      {...(label === undefined ? {} : { "aria-label": label, title: label })}
      {...(pressed === undefined ? {} : { "aria-pressed": pressed })}
      {...(tabIndex === undefined ? {} : { tabIndex })}
      aria-disabled={off ? "true" : undefined}
      onClick={(event) => {
        if (!off) onClick(event);
      }}
    >
      {icon && <Icon name={icon} full={full ?? false} />}
      {children}
    </button>
  );
}
