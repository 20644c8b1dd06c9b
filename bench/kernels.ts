/**
 * The reduction kernels, TypeScript beside native: `npx tsx bench/kernels.ts [--all]`. The measuring runs in a bundle
 * of its own, as the library does in use: tsx makes CommonJS of the sources, in which loops are slower.
 */

import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const folder = dirname(fileURLToPath(import.meta.url));
// Below the repository, where the bundle finds the addon and the benchmark package.
const bundle = join(folder, "..", "dist", "bench", "kernels.mjs");
await build({
  entryPoints: [join(folder, "kernels", "measure.ts")],
  outfile: bundle,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  packages: "external",
  logLevel: "warning",
});
const { status } = spawnSync(process.execPath, [bundle, ...process.argv.slice(2)], { stdio: "inherit" });
process.exitCode = status ?? 1;
