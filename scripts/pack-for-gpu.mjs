// Packs what `npm run test:gpu` and bench/cuda need on a machine that has a GPU, but neither Node nor a network: this
// machine's Node (stripped, when there is `strip`), the built package and the test runner. Build first.
//
//   node scripts/pack-for-gpu.mjs [folder]     makes folder (gpu-pack) with tsmpi-gpu.tar.xz and run.sh
//   sh gpu-pack/run.sh                         there: unpacks beside itself, tests, measures
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const target = resolve(process.argv[2] ?? join(root, "gpu-pack"));
const addon = join("build", "Release", "tsmpi.node");
for (const needed of [addon, join("dist", "cuda.js"), join("dist", "bench", "cuda.mjs")]) {
  if (existsSync(join(root, needed))) continue;
  console.error(`pack-for-gpu: there is no ${needed}; build first: npm run build`);
  process.exit(1);
}

const folder = mkdtempSync(join(tmpdir(), "tsmpi-gpu-"));
try {
  const inside = join(folder, "tsmpi");
  for (const path of ["package.json", addon, "dist", join("bench", "cuda"), join("node_modules", "chai")]) {
    mkdirSync(dirname(join(inside, path)), { recursive: true });
    cpSync(join(root, path), join(inside, path), { recursive: true, dereference: true });
  }
  // The tests in one file, with the parts of mocha that they call.
  await build({
    absWorkingDir: root,
    stdin: {
      resolveDir: root,
      contents:
        'import Mocha from "mocha/lib/mocha.js"; const mocha = new Mocha({ reporter: "spec" });' +
        'mocha.suite.emit("pre-require", globalThis, null, mocha);' +
        'await import("./test/gpu/arrays.test.ts");' +
        "mocha.run(failures => { process.exitCode = failures > 0 ? 1 : 0; });",
    },
    outfile: join(inside, "gpu-tests.mjs"),
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    external: ["tsmpi", "tsmpi/*"],
    banner: {
      js: 'import { createRequire } from "node:module"; import { fileURLToPath as pathOf } from "node:url"; import { dirname as folderOf } from "node:path"; const require = createRequire(import.meta.url); const __filename = pathOf(import.meta.url); const __dirname = folderOf(__filename);',
    },
    logLevel: "warning",
  });
  cpSync(process.execPath, join(inside, "node"));
  spawnSync("strip", [join(inside, "node")]);
  mkdirSync(target, { recursive: true });
  const archive = join(target, "tsmpi-gpu.tar.xz");
  execFileSync("tar", ["-C", folder, "--use-compress-program=xz -6 -T0", "-cf", archive, "tsmpi"], {
    stdio: "inherit",
  });
  writeFileSync(
    join(target, "run.sh"),
    [
      "#!/bin/sh",
      "# Unpacks what scripts/pack-for-gpu.mjs has packed beside this file, tests it on the GPU and measures.",
      "set -e",
      'cd "$(dirname "$0")"',
      "[ -d tsmpi ] || tar -xJf tsmpi-gpu.tar.xz",
      "cd tsmpi",
      './node gpu-tests.mjs && ./node bench/cuda/run.mjs "$@"',
      "",
    ].join("\n"),
    { mode: 0o755 },
  );
  console.log(`${archive}: ${(statSync(archive).size / 2 ** 20).toFixed(1)} MiB`);
} finally {
  rmSync(folder, { recursive: true });
}
