/** Above the pictures: search, what is shown, in what order, which language. */
import { Button } from "../look/button";
import { Icon } from "../look/icons";
import { Menu } from "../look/menu";
import { FILTERS, SORTS } from "../state/list";
import type { Page } from "../state/page";
import { words } from "../words/page";

export function Tools({ page }: { page: Page }) {
  const t = page.t.value;
  const { text, filter, sort } = page.view.value;
  const busy = page.busy.value;
  const language = page.language.value;
  return (
    <div class="ic-tools-bar" role="toolbar" aria-label={t(words, "tools")}>
      <label class="ic-search">
        <Icon name="search" />
        <span class="ic-unseen">{t(words, "search")}</span>
        <input
          class="ic-input"
          type="search"
          value={text}
          placeholder={t(words, "search")}
          spellcheck={false}
          onInput={(event) => page.look({ text: event.currentTarget.value.slice(0, 500) })}
          onKeyDown={(event) => {
            if (event.key === "Escape" && text) {
              event.stopPropagation();
              page.look({ text: "" });
            }
          }}
        />
      </label>
      <Menu
        label={t(words, "filter")}
        text={t(words, `filter_${FILTERS.find((one) => one === filter) ?? "all"}`)}
        look="ic-plain ic-small"
        items={FILTERS.map((one) => ({
          label: t(words, `filter_${one}`),
          checked: one === filter,
          onPick: () => page.look({ filter: one }),
        }))}
      />
      <Menu
        label={t(words, "sort")}
        text={t(words, `sort_${SORTS.find((one) => one === sort) ?? "new"}`)}
        look="ic-plain ic-small"
        items={SORTS.map((one) => ({
          label: t(words, `sort_${one}`),
          checked: one === sort,
          onPick: () => page.look({ sort: one }),
        }))}
      />
      <span class="ic-space" />
      {busy.calls.length > 0 && (
        <span class="ic-number ic-soft" title={busy.message}>
          {t(words, "progress", { number: busy.done, most: busy.pictures })}
        </span>
      )}
      <Button
        icon="language"
        look="ic-plain ic-small"
        label={language === "zh" ? "English" : "简体中文"}
        onClick={() => page.setLanguage(language === "zh" ? "en" : "zh")}
      />
    </div>
  );
}
