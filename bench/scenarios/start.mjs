// Eight workers that each run a task, from the command to its exit: node bench/scenarios/start.mjs
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = dirname(fileURLToPath(import.meta.url));
const tsmpirun = join(folder, "../../dist/tsmpirun.cjs");
let best = Infinity;
for (let i = 0; i < 3; i++) {
  const began = performance.now();
  const { status, stderr } = spawnSync(tsmpirun, ["-n", "9", join(folder, "start.ts")]);
  if (status !== 0) throw new Error(String(stderr));
  best = Math.min(best, performance.now() - began);
}
console.log(JSON.stringify({ name: "tsmpirun -n 9, from command to exit", milliseconds: best }));
