/**
 * tsmpi/linalg beside NumPy on the same OpenBLAS: npx tsx bench/linalg/run.ts [--threads 1,2] [--works dgemm,dqr:1000]
 * [--rounds 7] [--quick]
 *
 * Servers, each in its own process, do the same work by turns: tsmpi on the library that it finds, tsmpi on its own
 * kernels, NumPy (PYTHON, or /usr/bin/python3), and products also PyTorch where that Python has it. The least time of
 * the rounds is shown, and how many times as fast as NumPy that is.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    threads: { type: "string", default: "1,2" },
    works: { type: "string", default: "" },
    rounds: { type: "string", default: "7" },
    /** Leaves out what takes seconds. */
    quick: { type: "boolean", default: false },
  },
});

const here = dirname(fileURLToPath(import.meta.url));

interface Server {
  child: ChildProcess;
  title: string;
  time(work: string): Promise<number>;
}

async function start(command: string, args: string[], env: Record<string, string>): Promise<Server> {
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ["pipe", "pipe", "inherit"],
    cwd: join(here, "..", ".."),
  });
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${command} ${args.join(" ")} has ended`);
    return value;
  };
  const title = (await next()).replace("ready ", "");
  return {
    child,
    title,
    async time(work) {
      child.stdin!.write(`${work}\n`);
      return Number(await next());
    },
  };
}

/** Work, size, calls a batch, rounds as a share of those asked for. */
const works: [name: string, size: number, calls: number, share: number][] = [
  ["dgemm", 16, 3000, 3],
  ["ddot", 1000, 3000, 3],
  ["dgemm", 64, 300, 3],
  ["dgemm", 256, 10, 2],
  ["dgemm", 1024, 1, 1],
  ["dgemm", 2048, 1, 1],
  ["dgemm", 4096, 1, 0.3],
  ["sgemm", 1024, 1, 1],
  ["sgemm", 2048, 1, 1],
  ["sgemm", 4096, 1, 0.3],
  ["sgemm", 10000, 1, 0.1],
  ["dsolve", 1000, 1, 1],
  ["dqr", 1000, 1, 1],
  ["dsvd", 500, 1, 1],
  ["deigh", 500, 1, 1],
  ["dcholesky", 2000, 1, 1],
  ["dcholesky", 6000, 1, 0.3],
];

function shown(seconds: number): string {
  if (seconds < 1e-3) return `${(seconds * 1e6).toFixed(2)} us`;
  if (seconds < 1) return `${(seconds * 1e3).toFixed(1)} ms`;
  return `${seconds.toFixed(2)} s`;
}

const wanted = values.works === "" ? undefined : values.works.split(",");
const chosen = works.filter(
  ([name, size]) =>
    (wanted === undefined || wanted.includes(name) || wanted.includes(`${name}:${size}`)) &&
    !(values.quick && size > 2048),
);

for (const threads of values.threads.split(",")) {
  const env = { OMP_NUM_THREADS: threads, OPENBLAS_NUM_THREADS: threads };
  const node = ["--require", "tsx/cjs", "--import", "tsx/esm", join(here, "server.ts")];
  const python = process.env.PYTHON ?? "/usr/bin/python3";
  const servers = await Promise.all([
    start(process.execPath, node, env),
    start(process.execPath, node, { ...env, TSMPI_BLAS: "own" }),
    start(python, [join(here, "numpy-server.py")], env),
  ]);
  const torch = await start(python, [join(here, "numpy-server.py"), "torch"], env);
  const hasTorch = torch.title !== "missing";
  console.log(
    `${threads} thread${threads === "1" ? "" : "s"}: tsmpi on ${servers[0].title}, tsmpi on ${servers[1].title}, ` +
      `NumPy ${servers[2].title}, ${hasTorch ? `PyTorch ${torch.title}` : "no PyTorch"}`,
  );
  console.log("work             library        own      NumPy    PyTorch   library/NumPy  own/NumPy");
  for (const [name, size, calls, share] of chosen) {
    const rounds = Math.max(1, Math.round(Number(values.rounds) * share));
    const contenders = hasTorch && name.endsWith("gemm") ? [...servers, torch] : servers;
    const best = contenders.map(() => Number.POSITIVE_INFINITY);
    for (let round = 0; round < rounds; round++) {
      for (const [i, server] of contenders.entries()) {
        best[i] = Math.min(best[i], await server.time(`${name} ${size} ${calls}`));
        // OpenBLAS's threads spin for some 30 ms after a call, and would take a core from whoever comes next.
        await setTimeout(60);
      }
    }
    const [library, own, numpy, pytorch] = best;
    const ratio = (time: number): string => (numpy / time).toFixed(2);
    console.log(
      `${`${name} ${size}`.padEnd(14)} ${shown(library).padStart(10)} ${shown(own).padStart(10)} ${shown(numpy).padStart(10)} ${(pytorch === undefined ? "-" : shown(pytorch)).padStart(10)} ${ratio(library).padStart(12)} x ${ratio(own).padStart(9)} x`,
    );
  }
  for (const { child } of [...servers, torch]) child.kill();
}
