import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const here = join(import.meta.dirname, "..");
const files = (folder: string): string[] =>
  readdirSync(join(here, folder), { recursive: true, encoding: "utf8" }).map((name) => join(here, folder, name));

it("locks every package to a version and a digest, and names no place they came from", () => {
  const lock = JSON.parse(readFileSync(join(here, "package-lock.json"), "utf8"));
  const packages = Object.entries<Record<string, unknown>>(lock.packages).filter(([name]) => name !== "");
  expect(packages.length).toBeGreaterThan(20);
  for (const [, facts] of packages) {
    expect(facts).toHaveProperty("integrity");
    expect(facts).not.toHaveProperty("resolved");
  }
  const asked: Record<string, string> = { ...lock.packages[""].dependencies, ...lock.packages[""].devDependencies };
  for (const version of Object.values(asked)) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
});

it("reaches for nothing outside: no address in any source, and every selector is the Studio's own", () => {
  for (const name of files("src").filter((one) => /\.(tsx?|css)$/.test(one))) {
    const text = readFileSync(name, "utf8");
    expect(text, name).not.toMatch(/https?:\/\//);
    expect(text, name).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|\beval\(/);
    if (!name.endsWith(".css")) continue;
    const rules = text.replace(/\/\*[\s\S]*?\*\//g, "").matchAll(/(?:^|[{};])\s*([^{};@]+)\{/g);
    for (const [, selector = ""] of rules) {
      if (/^(from|to)\s*$/.test(selector)) continue;
      let depth = 0;
      const each = Array.from(selector.replace(/\s+/g, " ")).map((letter) => {
        depth += letter === "(" ? 1 : letter === ")" ? -1 : 0;
        return letter === "," && depth === 0 ? "\n" : letter;
      });
      for (const one of each
        .join("")
        .split("\n")
        .map((part) => part.trim())
        .filter(Boolean)) {
        expect(one, name).toMatch(/^\.imgcell\b/);
      }
    }
  }
});
