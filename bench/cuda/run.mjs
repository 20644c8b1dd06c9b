// A GPU's figures beside PyTorch's, in turns: `node bench/cuda/run.mjs [rounds]`, after `npm run build`. One table; each
// figure is the least of all rounds. What has been measured so far also is in gpu-results.json in the current folder (or
// CUDA_BENCH_RESULTS) after each turn, whatever happens to the next. CUDA_BENCH_N and CUDA_BENCH_ELEMENTS make the work
// smaller, CUDA_BENCH_SECONDS ends a turn that takes longer (180). Plain JavaScript, for machines that have nothing but
// Node and the built package (scripts/pack-for-gpu.mjs).
import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const rounds = Number(process.argv[2] ?? 3);
const seconds = Number(process.env.CUDA_BENCH_SECONDS ?? 180);
const results = resolve(process.env.CUDA_BENCH_RESULTS ?? "gpu-results.json");
const bundle = join(root, "dist", "bench", "cuda.mjs");
if (!existsSync(bundle)) {
  console.error("bench/cuda: build first: npm run build");
  process.exit(1);
}
const cuda = await import(join(root, "dist", "cuda.js"));
const reason = cuda.reason() ?? cuda.reason("cublas");
if (reason !== undefined) {
  console.error(`nothing to measure: ${reason}`);
  process.exit(1);
}

/** What issue and docs promise, as the least ratio of PyTorch's time to ours. */
const targets = {
  "matmul-float32": 0.97,
  "matmul-tf32": 0.97,
  "matmul-bfloat16": 0.97,
  "matmul-float64": 0.97,
  "batched-64": 0.95,
  "exp+3sin": 2,
  "upload-pinned": 0.9,
  "download-pinned": 0.9,
};

const { driver, cublas, nvrtc, nccl, devices } = cuda.info();
const found = {
  date: new Date().toISOString(),
  device: devices[0],
  driver,
  cublas,
  nvrtc,
  nccl,
  rounds: 0,
  /** Milliseconds by row. */
  tsmpi: {},
  pytorch: {},
  /** Lines that say something else: PyTorch's version, the sizes from which linalg uses the GPU. */
  /** @type {string[]} */
  notes: [],
  /** @type {string[]} */
  failures: [],
};

const keep = (list, line) => list.includes(line) || list.push(line);

function measure(who, command, args) {
  const { status, signal, stdout, stderr, error } = spawnSync(command, args, {
    encoding: "utf8",
    cwd: root,
    timeout: seconds * 1000,
    killSignal: "SIGKILL",
  });
  for (const line of (stdout ?? "").trim().split("\n")) {
    const [name, ...words] = line.split(" ");
    const milliseconds = Number(words[0]);
    if (name === "#") keep(found.notes, words.join(" "));
    else if (name === "!") keep(found.failures, `${who}: ${words.join(" ")}`);
    else if (Number.isFinite(milliseconds) && words.length === 1)
      found[who][name] = Math.min(found[who][name] ?? Infinity, milliseconds);
  }
  if (status === 0) return;
  const last = stderr?.trim().split("\n").at(-1);
  const why =
    signal === "SIGKILL" ? `ended after ${seconds} s` : last || error?.message || `status ${status}`;
  keep(found.failures, `${who}: ${why}`);
}

function save() {
  writeFileSync(results, `${JSON.stringify(found, undefined, 2)}\n`);
}

for (let round = 0; round < rounds; round++) {
  measure("tsmpi", process.execPath, [bundle]);
  save();
  measure("pytorch", process.env.PYTHON ?? "python3", [join(root, "bench", "cuda", "peer.py")]);
  found.rounds = round + 1;
  save();
}

/** @param {string} otherwise what it means that there is none */
const version = ({ version, path }, otherwise = "") =>
  version === undefined ? `none${otherwise}` : `${version} (${path})`;
console.log(`${found.date.slice(0, 10)}, ${devices[0].name}, driver for CUDA ${driver.version}`);
console.log(
  `cuBLAS ${version(cublas)}, NVRTC ${version(nvrtc, ": expressions as PTX")}, NCCL ${version(nccl)}`,
);
for (const note of found.notes) console.log(note);
for (const failure of found.failures) console.log(`failed: ${failure}`);
console.log("\n| work | tsmpi, ms | PyTorch, ms | PyTorch / tsmpi | target |\n|---|---|---|---|---|");
const names = new Set([...Object.keys(targets), ...Object.keys(found.tsmpi), ...Object.keys(found.pytorch)]);
for (const name of names) {
  const [mine, peer] = [found.tsmpi[name], found.pytorch[name]];
  const target = targets[name];
  const ratio = peer / mine;
  const cells = [
    name,
    mine?.toFixed(3) ?? "failed",
    peer?.toFixed(3) ?? "",
    Number.isNaN(ratio) ? "" : ratio.toFixed(2),
    target === undefined ? "" : `${target}${ratio < target ? ", missed" : ""}`,
  ];
  console.log(`| ${cells.join(" | ")} |`);
}
const bandwidth = found.tsmpi.copy / found.tsmpi["exp+3sin"];
if (bandwidth > 0)
  console.log(`\nexp+3sin runs at ${(100 * bandwidth).toFixed(0)} % of the copy's bandwidth (target 85 %)`);
console.log(`\nall of it: ${results}`);
if (Object.keys(found.tsmpi).length === 0) process.exit(1);
