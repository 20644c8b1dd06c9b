/**
 * exp(x) + 3 sin(x) of float32, beside NumPy in three passes, NumPy blocked for the cache by hand, and numexpr and
 * torch where they are installed: `npx tsx bench/expressions/speed.ts [elements] [rounds]`, 1e8 and 7 unless said.
 * The contenders take turns; each figure is the least of its rounds. PYTHON names the interpreter.
 */
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Expression, exp, Matrix, setThreads, sin, sync } from "../../src/linalg/index.ts";
import { native } from "../../src/native.ts";

const elements = Number(process.argv[2] ?? 1e8);
const rounds = Number(process.argv[3] ?? 7);

const python = spawn(
  process.env.PYTHON ?? "python3",
  [join(dirname(fileURLToPath(import.meta.url)), "peers.py"), `${elements}`],
  { stdio: ["pipe", "pipe", "inherit"] },
);
const answers = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
const answer = async (): Promise<string> => (await answers.next()).value;

const x = Matrix.zeros(1, elements, "float32").data as Float32Array;
for (let i = 0; i < elements; i++) x[i] = (i % 1000) * 0.01 - 5;
const y = (Matrix.zeros(1, elements, "float32").data as Float32Array).fill(1);

/** Milliseconds for one run of ours. */
function time(threads: number, f: (x: Expression) => Expression): number {
  setThreads(threads);
  const start = performance.now();
  sync.mapInto(y, x, f);
  return performance.now() - start;
}

const [names, versions] = (await answer()).split("|");
const peers = names.split(";");
const ours: { [name: string]: (x: Expression) => Expression } = {
  tsmpi: x => exp(x).add(sin(x).mul(3)),
  // As many bytes read and written, and nothing to compute: the bound that memory sets.
  "tsmpi, x + 1": x => x.add(1),
};
const best = new Map<string, number>();
const note = (name: string, threads: number, milliseconds: number) => {
  const key = `${name} ${threads}`;
  best.set(key, Math.min(best.get(key) ?? Number.POSITIVE_INFINITY, milliseconds));
};
for (let round = 0; round < rounds; round++) {
  for (const threads of [1, 2]) {
    for (const [name, f] of Object.entries(ours)) note(name, threads, time(threads, f));
    for (const name of peers) {
      python.stdin.write(`${name} ${threads}\n`);
      note(name, threads, Number(await answer()) * 1000);
    }
  }
}
python.stdin.end();

console.log(`${elements} elements, ${native().expressionLevel()}; ${versions}; least of ${rounds}\n`);
console.log("| | 1 thread, ms | 2 threads, ms | x tsmpi, 1 thread | 2 threads |\n|---|---|---|---|---|");
for (const name of [...Object.keys(ours), ...peers]) {
  const [one, two] = [1, 2].map(threads => best.get(`${name} ${threads}`)!);
  const ratio = (threads: number, milliseconds: number) =>
    (milliseconds / best.get(`tsmpi ${threads}`)!).toFixed(2);
  console.log(`| ${name} | ${one.toFixed(1)} | ${two.toFixed(1)} | ${ratio(1, one)} | ${ratio(2, two)} |`);
}
