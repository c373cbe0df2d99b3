import { defineConfig } from "vitest/config";

// A page only where a test says so (@vitest-environment happy-dom): making one takes longer than most tests.
export default defineConfig({
  test: { include: ["tests/**/*.test.{ts,tsx}"] },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
});
