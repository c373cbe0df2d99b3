/** Text to the clipboard, also where the page is not secure: a notebook server on another machine, over plain http. */

/**
 * Copies `text`.
 *
 * @throws Where the browser allows neither way.
 */
export async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch (why) {
    if (!copyByHand(text)) throw why;
  }
}

/** The old way: what is selected in a box that nobody sees. A window over the page lets nothing outside it be selected. */
function copyByHand(text: string): boolean {
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
  const box = document.createElement("textarea");
  box.value = text;
  box.readOnly = true;
  box.style.cssText = "position:fixed;top:0;left:0;opacity:0";
  (active?.closest("dialog") ?? document.body).append(box);
  try {
    box.select();
    return document.execCommand("copy");
  } catch {
    return false;
  } finally {
    box.remove();
    if (active instanceof HTMLElement) active.focus({ preventScroll: true });
  }
}
