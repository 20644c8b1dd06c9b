// How the cross-validation scales: node bench/scenarios/scaling.mjs [most ranks, default: the cores] [rounds, default 3]
//
// Strong: the same work on 1, 2, 4 ... ranks; weak: as many times the work as there are ranks. Speedup is the time of one rank by
// that of several, efficiency the part of it that each rank brings. Runs by turns, of each the least time.
import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = dirname(fileURLToPath(import.meta.url));
const tsmpirun = join(folder, "../../dist/tsmpirun.cjs");
const [most = availableParallelism(), rounds = 3] = process.argv.slice(2).map(Number);
if (!(Number.isInteger(most) && most > 0 && Number.isInteger(rounds) && rounds > 0)) {
  console.error(`expected whole numbers of ranks and rounds; got ${process.argv.slice(2).join(" ")}`);
  process.exit(2);
}
const counts = [];
for (let ranks = 1; ranks < most; ranks *= 2) counts.push(ranks);
counts.push(most);

/** Milliseconds of the first call and of the best of those after it. */
function run(ranks, repeats) {
  const args = [tsmpirun, "-n", String(ranks), join(folder, "cross-validation.ts"), String(repeats)];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return stdout
    .trim()
    .split("\n")
    .map(line => JSON.parse(line).milliseconds);
}

const least = new Map();
for (let round = 0; round < rounds; round++) {
  for (const ranks of counts) {
    for (const [kind, repeats] of [
      ["strong", 1],
      ["weak", ranks],
    ]) {
      const [first, later] = run(ranks, repeats);
      const before = least.get(`${kind} ${ranks}`) ?? [Infinity, Infinity];
      least.set(`${kind} ${ranks}`, [Math.min(first, before[0]), Math.min(later, before[1])]);
    }
  }
}
for (const kind of ["strong", "weak"]) {
  console.log(`${kind.padEnd(6)}  ranks  first call, ms  later, ms  speedup  efficiency`);
  const [, alone] = least.get(`${kind} 1`);
  for (const ranks of counts) {
    const [first, later] = least.get(`${kind} ${ranks}`);
    const speedup = (alone / later) * (kind === "weak" ? ranks : 1);
    const cells = [first.toFixed(0), later.toFixed(0), speedup.toFixed(2), (speedup / ranks).toFixed(2)];
    const widths = [14, 9, 7, 10];
    console.log(
      `${String(ranks).padStart(13)}  ${cells.map((cell, i) => cell.padStart(widths[i])).join("  ")}`,
    );
  }
}
