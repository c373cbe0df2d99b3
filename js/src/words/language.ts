/** English and Simplified Chinese, as the host has it or as the person chose. */

export type Language = "en" | "zh";
export type Words = Record<string, string>;
export type Both<W extends Words> = { readonly en: W; readonly zh: Readonly<Record<keyof W, string>> };
/** `t(words, "name", { number: 2 })`; `{number}` in the sentence becomes 2. */
export type Translate = <W extends Words>(
  words: Both<W>,
  name: keyof W & string,
  given?: Record<string, string | number>,
) => string;

export function translator(language: Language): Translate {
  return (words, name, given) => {
    const sentence: string = words[language][name] ?? words.en[name] ?? name;
    return given ? sentence.replace(/\{(\w+)\}/g, (whole, key: string) => String(given[key] ?? whole)) : sentence;
  };
}

/**
 * The host's language. JupyterLab and Notebook write their locale on the page; other hosts' pages often say "en" whatever
 * the person reads, so that "en" there gives way to what the kernel and then the browser speak.
 * Chinese in any spelling is Simplified Chinese here; everything else is English.
 */
export function hostLanguage(host: {
  page: string;
  jupyter: boolean;
  kernel: string;
  browser: readonly string[];
}): Language {
  const page = host.jupyter || !/^en\b/i.test(host.page) ? host.page : "";
  const said = [page, host.kernel, ...host.browser].find((one) => one !== "");
  return said && /^zh\b/i.test(said.replace("_", "-")) ? "zh" : "en";
}

/** Where the person's own choice is kept; some hosts forbid storage. */
const KEPT = "imgcell.language";

export function keptLanguage(): Language | null {
  try {
    const kept = localStorage.getItem(KEPT);
    return kept === "en" || kept === "zh" ? kept : null;
  } catch {
    return null;
  }
}

export function keepLanguage(language: Language): void {
  try {
    localStorage.setItem(KEPT, language);
  } catch {
    // A frame without storage: the choice holds until the page is left.
  }
}
