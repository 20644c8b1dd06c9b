// Packs what `npm run test:gpu` and bench/cuda need on a machine that has a GPU, but neither Node nor a network: this
// machine's Node (stripped, when there is `strip`), the built package and the test runner. Build first.
//
//   node scripts/pack-for-gpu.mjs [folder]     makes folder (gpu-pack) with tsmpi-gpu.tar.xz and run.sh
//   sh gpu-pack/run.sh                         there: unpacks beside itself, tests, measures
import { execFileSync, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
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

/** These packages and all that they depend on. */
function closure(...names) {
  const found = new Set(names);
  for (const name of found) {
    const { dependencies = {} } = JSON.parse(
      readFileSync(join(root, "node_modules", name, "package.json"), "utf8"),
    );
    for (const other of Object.keys(dependencies)) found.add(other);
  }
  return found;
}

const folder = mkdtempSync(join(tmpdir(), "tsmpi-gpu-"));
try {
  const inside = join(folder, "tsmpi");
  for (const path of ["package.json", addon, "dist", join("bench", "cuda")]) {
    mkdirSync(dirname(join(inside, path)), { recursive: true });
    cpSync(join(root, path), join(inside, path), { recursive: true, dereference: true });
  }
  for (const name of closure("mocha", "chai")) {
    cpSync(join(root, "node_modules", name), join(inside, "node_modules", name), { recursive: true });
  }
  const tests = ["arrays", "expressions", "auto", "ranks"].map(name => [
    `test/gpu/${name}.test.ts`,
    `gpu-${name}.test`,
  ]);
  await build({
    absWorkingDir: root,
    entryPoints: Object.fromEntries([
      ...tests.map(([path, name]) => [name, path]),
      ["gpu-ranks", "test/gpu/programs/ranks.ts"],
    ]),
    outdir: inside,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    packages: "external",
    external: ["tsmpi", "tsmpi/*"],
    tsconfigRaw: {},
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
      "# tar needs xz, which there may be none of; Python has its own.",
      "[ -d tsmpi ] || tar -xJf tsmpi-gpu.tar.xz || python3 -m tarfile -e tsmpi-gpu.tar.xz",
      "cd tsmpi",
      "# The libraries may lie in wheels of the python3 here, which need not say so by where it lies.",
      "python=$(python3 -c 'import sys; print(sys.prefix)') && export VIRTUAL_ENV=\"$python\"",
      "# What is found goes to the folder OUT, here unless said.",
      "out=$(printenv OUT || pwd)",
      "# A run for each file of tests, so that none of them loses what others find; the figures come in any case.",
      "for test in gpu-*.test.mjs; do",
      '  timeout 300 ./node node_modules/mocha/bin/mocha.js --no-config --reporter spec "$test" || echo "FAILED: $test ($?)"',
      'done 2>&1 | tee "$out/gpu-tests.txt"',
      'export CUDA_BENCH_RESULTS="$out/gpu-results.json"',
      '{ ./node bench/cuda/run.mjs "$@" || echo "FAILED: figures"; } 2>&1 | tee "$out/gpu-table.txt"',
      '! grep -q "^FAILED" "$out/gpu-tests.txt" "$out/gpu-table.txt"',
      "",
    ].join("\n"),
    { mode: 0o755 },
  );
  console.log(`${archive}: ${(statSync(archive).size / 2 ** 20).toFixed(1)} MiB`);
} finally {
  rmSync(folder, { recursive: true });
}
