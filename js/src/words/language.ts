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
 * The host's language. JupyterLab and Notebook write their locale on the page, and that is that; other hosts' pages (and
 * kernels without a locale) say "en" whatever the person reads, so there one Chinese voice is enough, and then the browser's.
 * Chinese in any spelling is Simplified Chinese here; everything else is English.
 */
export function hostLanguage(host: { page: string; jupyter: boolean; kernel: string; browser: string }): Language {
  const chinese = (one: string) => /^zh\b/i.test(one.replace("_", "-"));
  if (host.jupyter && host.page !== "") return chinese(host.page) ? "zh" : "en";
  return [host.page, host.kernel, host.browser].some(chinese) ? "zh" : "en";
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
