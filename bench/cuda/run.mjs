// A GPU's figures beside PyTorch's, in turns: `node bench/cuda/run.mjs [rounds]`, after `npm run build`. One table; each
// figure is the least of all rounds. CUDA_BENCH_N and CUDA_BENCH_ELEMENTS make the work smaller. Plain JavaScript, for
// machines that have nothing but Node and the built package (scripts/pack-for-gpu.mjs).
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const rounds = Number(process.argv[2] ?? 3);
const bundle = join(root, "dist", "bench", "cuda.mjs");
const cuda = await import(join(root, "dist", "cuda.js"));

const reason = cuda.reason() ?? cuda.reason("cublas");
if (reason !== undefined) {
  console.error(`nothing to measure: ${reason}`);
  process.exit(1);
}
if (!existsSync(bundle)) {
  console.error("bench/cuda: build first: npm run build");
  process.exit(1);
}

/** Milliseconds by name. */
function measure(command, args, into) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8", cwd: root });
  if (status !== 0) return stderr?.trim().split("\n").at(-1) ?? `there is no ${command}`;
  for (const line of stdout.trim().split("\n")) {
    const [name, milliseconds] = line.split(" ");
    if (name !== "#") into.set(name, Math.min(into.get(name) ?? Infinity, Number(milliseconds)));
  }
  return undefined;
}

const [ours, theirs] = [new Map(), new Map()];
let missing;
for (let round = 0; round < rounds; round++) {
  const failed = measure(process.execPath, [bundle], ours);
  if (failed !== undefined) throw new Error(failed);
  missing ??= measure(process.env.PYTHON ?? "python3", [join(root, "bench", "cuda", "peer.py")], theirs);
}

const { driver, cublas, nvrtc, devices } = cuda.info();
console.log(
  `${new Date().toISOString().slice(0, 10)}, ${devices[0].name}, driver for CUDA ${driver.version}`,
);
console.log(`cuBLAS ${cublas.version ?? cublas}, NVRTC ${nvrtc.version ?? "none: expressions as PTX"}`);
if (missing !== undefined) console.log(`no PyTorch: ${missing}`);
console.log("\n| work | tsmpi, ms | PyTorch, ms | PyTorch / tsmpi |\n|---|---|---|---|");
for (const [name, mine] of ours) {
  const peer = theirs.get(name);
  const cells = [
    name,
    mine.toFixed(3),
    peer?.toFixed(3) ?? "",
    peer === undefined ? "" : (peer / mine).toFixed(2),
  ];
  console.log(`| ${cells.join(" | ")} |`);
}
