/**
 * Whether a key belongs to an input method. Safari ends the composition before the Enter that confirms it: 229 tells.
 */
export function composing(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === 229;
}

/**
 * Whether a key of ours must be kept from the host: a notebook's command mode takes single letters (d d deletes the cell!),
 * Ctrl+Enter, and Ctrl+V. What is the host's stays the host's: saving, its palette, its tabs.
 */
export function ours(event: KeyboardEvent): boolean {
  if (!event.ctrlKey && !event.metaKey) return true;
  return /^(Enter|[zyavZYAV0+=-]|Arrow.*|Backspace)$/.test(event.key);
}
