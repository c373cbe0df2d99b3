/** Whether the host is dark, and when that changes. */

/** Of a color as browsers compute it, 0 (black) to 1; null where it says nothing. */
export function lightness(color: string): number | null {
  const found = /rgba?\(([\d.]+)[, ]+([\d.]+)[, ]+([\d.]+)(?:[,/ ]+([\d.]+))?/.exec(color);
  if (!found || found[4] === "0") return null;
  const [r = 0, g = 0, b = 0] = found.slice(1, 4).map(Number);
  return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
}

export function dark(): boolean {
  const { body, documentElement: page } = document;
  const jupyter = body.dataset.jpThemeLight;
  if (jupyter) return jupyter === "false";
  if (body.classList.contains("vscode-dark") || body.dataset.vscodeThemeKind?.includes("dark")) return true;
  if (body.classList.contains("vscode-light")) return false;
  if (page.classList.contains("dark") || body.classList.contains("dark") || body.classList.contains("dark-theme"))
    return true;
  const seen = lightness(getComputedStyle(body).backgroundColor) ?? lightness(getComputedStyle(page).backgroundColor);
  if (seen !== null) return seen < 0.5;
  const scheme = getComputedStyle(page).colorScheme;
  if (scheme === "dark" || scheme === "light") return scheme === "dark";
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

export function followScheme(root: HTMLElement): () => void {
  const set = () => {
    root.dataset.scheme = dark() ? "dark" : "light";
  };
  set();
  const watch = new MutationObserver(set);
  for (const element of [document.documentElement, document.body]) {
    watch.observe(element, {
      attributes: true,
      attributeFilter: ["class", "style", "data-jp-theme-light", "data-jp-theme-name", "data-theme"],
    });
  }
  const media = matchMedia("(prefers-color-scheme: dark)");
  media.addEventListener("change", set);
  return () => {
    watch.disconnect();
    media.removeEventListener("change", set);
  };
}
