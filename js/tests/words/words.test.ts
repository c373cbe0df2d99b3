import { describe, expect, it } from "vitest";
import { card } from "../../harness/facts";
import { bytes, costOf, elapsed, lines, money, seconds } from "../../src/words/amounts";
import { hostLanguage, translator } from "../../src/words/language";
import { words } from "../../src/words/page";

const t = translator("en");

describe("words", () => {
  const holes = (sentence: string) => (sentence.match(/\{\w+\}/g) ?? []).sort();

  it("have the same holes in both languages, and nothing is left untranslated", () => {
    for (const name of Object.keys(words.en) as (keyof typeof words.en)[]) {
      expect(words.zh[name], name).toMatch(/./);
      expect(holes(words.zh[name]), name).toEqual(holes(words.en[name]));
    }
  });

  it("are filled in, and what is not given stays", () => {
    expect(t(words, "place", { number: 2, most: 9 })).toBe("2 of 9");
    expect(translator("zh")(words, "place", { number: 2 })).toBe("第 2 / {most} 张");
  });
});

describe("the host's language", () => {
  const host = { page: "en", jupyter: false, kernel: "en", browser: "en-US" };

  it.each([
    [{ ...host, jupyter: true, page: "zh-CN" }, "zh"],
    [{ ...host, jupyter: true, page: "en", browser: "zh-CN" }, "en"],
    [{ ...host, browser: "zh-Hans" }, "zh"],
    [{ ...host, kernel: "zh_CN" }, "zh"],
    [{ ...host, page: "zh-TW" }, "zh"],
    [{ ...host, page: "" }, "en"],
    [{ ...host, page: "", browser: "zha" }, "en"],
  ] as const)("of %o is %s", (given, language) => {
    expect(hostLanguage(given)).toBe(language);
  });
});

describe("amounts", () => {
  it("show money as people write it, and never nothing for what is not known", () => {
    expect(money({ amount: 0.042, currency: "USD" })).toBe("$0.042");
    expect(money({ amount: 1.5, currency: "CNY" })).toBe("¥1.50");
    expect(money({ amount: 2, currency: "XTS" })).toBe("2.00 XTS");
    expect(costOf(t, null)).toBe("cost unknown");
    expect(costOf(t, { amount: 0, currency: "USD", basis: "free" })).toBe("free");
    expect(money({ amount: 0.12345, currency: "USD" })).toBe("$0.1235");
    expect(money({ amount: 0.00003, currency: "USD" })).toBe("< $0.0001");
    expect(costOf(t, { amount: 0.02, currency: "USD", basis: "estimated" })).toBe("≈ $0.02");
    expect(costOf(t, { amount: 0.02, currency: "USD", basis: "computed" })).toBe("$0.02");
  });

  it("show time and bytes", () => {
    expect([seconds(4.21), seconds(42), seconds(125)]).toEqual(["4.2 s", "42.0 s", "125.0 s"]);
    expect([elapsed(0, 9900), elapsed(0, 125_000), elapsed(10_000, 0)]).toEqual(["9 s", "2:05", "0 s"]);
    expect([bytes(10), bytes(1500), bytes(1_940_000)]).toEqual(["10 B", "2 kB", "1.9 MB"]);
  });

  it("show the size that was asked where another came", () => {
    const other = card(3, {
      asked: { size: "1920x1080" },
      got: { width: 1536, height: 1024, format: "PNG", bytes: 1 },
    });
    expect(lines(t, other)[0]).toBe("gpt-image-2 · 1920×1080 → 1536×1024");
    expect(lines(t, card(3))[0]).toBe("gpt-image-2 · 1024×1024");
    expect(lines(t, card(3, { asked: { size: "auto" } }))[0]).toBe("gpt-image-2 · 1024×1024");
  });
});
