// Writes the bundles under src/imgcell/static; with --check, fails where these are not what the sources make.
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const to = join(here, "..", "src", "imgcell", "static");
/** Each stands by itself.  Kilobytes, gzipped, of a bundle's script and style sheet together. */
const BUNDLES = [
  // Every Studio in a notebook carries it: what few need is a bundle of its own, fetched from the kernel when it is wanted.
  { name: "studio", entry: "src/index.tsx", most: 60 },
  { name: "mask", entry: "src/mask/part.tsx", most: 30 },
  { name: "compare", entry: "src/compare/index.tsx", most: 35 },
  { name: "vote", entry: "src/vote/index.tsx", most: 30 },
];

const check = process.argv.includes("--check");
for (const { name, entry, most } of BUNDLES) {
  const { outputFiles } = await build({
    absWorkingDir: here,
    entryPoints: { [name]: entry },
    outdir: to,
    bundle: true,
    format: "esm",
    target: ["chrome114", "firefox125", "safari17"],
    jsx: "automatic",
    jsxImportSource: "preact",
    minify: true,
    charset: "utf8",
    legalComments: "none",
    banner: {
      js: "/* With parts of Preact (c) 2015-present Jason Miller and @preact/signals (c) 2022-present Preact Team, both under the MIT license. */",
    },
    write: false,
  });
  let size = 0;
  for (const { path, contents } of outputFiles) {
    size += gzipSync(contents, { level: 9 }).length;
    if (!check) await writeFile(path, contents);
    else if (!(await readFile(path).catch(() => Buffer.alloc(0))).equals(contents)) {
      process.stderr.write(`${path} is not what js/ makes: run "npm run build" there, and commit it.\n`);
      process.exitCode = 1;
    }
  }
  process.stdout.write(`${name}: ${(size / 1000).toFixed(1)} kB gzipped of ${most}\n`);
  if (size > most * 1000) process.exitCode = 1;
}
