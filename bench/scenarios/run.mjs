// Compares tsmpi with what else maps tasks, two workers each: node bench/scenarios/run.mjs [tasks|uneven|generators|shared-data|pool|
// round-trip|start ...] [--rounds N] [--slow]. Programs run by turns, each once in a round; the table has the least time of each case. A peer that is
// not installed is left out, with the reason. --slow adds those that take long (dask.distributed, dask's processes,
// ipyparallel).
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = dirname(fileURLToPath(import.meta.url));
const root = dirname(dirname(folder));
const peer = name => join(folder, "peers", name);
const slow = process.argv.includes("--slow") ? ["--slow"] : [];
const ours = name => [process.execPath, join(root, "dist/tsmpirun.cjs"), "-n", "2", join(folder, name)];
// Debian's, with Debian's packages.
const python = (name, ...args) => ["/usr/bin/python3", peer(name), ...args];
const R = name => ["Rscript", peer(name)];
const mpi4py = [
  "mpirun.openmpi",
  "--allow-run-as-root",
  "--oversubscribe",
  "-n",
  "3",
  ...python("futures.py"),
];

const ipyparallel = scenario => (slow.length > 0 ? [python("ipyparallel-tasks.py", scenario)] : []);

const scenarios = {
  tasks: [ours("tasks.ts"), python("tasks.py", ...slow), mpi4py, R("tasks.R")],
  uneven: [ours("uneven.ts"), python("uneven.py", ...slow), R("uneven.R")],
  generators: [ours("generators.ts"), python("generators.py", ...slow)],
  "shared-data": [ours("shared-data.ts"), python("shared-data.py", ...slow)],
  pool: [ours("pool.ts"), python("tasks.py", ...slow), mpi4py, ...ipyparallel("tasks"), R("tasks.R")],
  "round-trip": [
    ours("round-trip.ts"),
    python("round-trip.py", ...slow),
    ...ipyparallel("round-trip"),
    R("round-trip.R"),
  ],
  start: [
    [process.execPath, join(folder, "start.mjs")],
    ...["fork", "spawn", "executor", ...(slow.length > 0 ? ["dask"] : [])].map(kind =>
      python("start.py", kind),
    ),
    ...ipyparallel("start"),
    R("start.R"),
  ],
};

const args = process.argv.slice(2);
const at = args.indexOf("--rounds");
const rounds = at < 0 ? 3 : Number(args[at + 1]);
const named = args.filter((arg, i) => !arg.startsWith("--") && (at < 0 || i !== at + 1));
const unknown = named.find(name => !(name in scenarios));
if (unknown !== undefined || !(rounds > 0)) {
  console.error(
    `expected scenarios of ${Object.keys(scenarios).join(", ")} and --rounds N; got ${args.join(" ")}`,
  );
  process.exit(2);
}

for (const name of named.length > 0 ? named : Object.keys(scenarios)) {
  const least = new Map();
  for (let round = 0; round < rounds; round++) {
    for (const command of scenarios[name]) {
      const { status, stdout, stderr, error } = spawnSync(command[0], command.slice(1), { encoding: "utf8" });
      if (status !== 0) {
        const reason = error?.message ?? stderr.trim().split("\n").at(-1);
        if (round === 0) console.error(`${command.slice(0, 2).join(" ")} ... is left out: ${reason}`);
        continue;
      }
      for (const line of stdout.split("\n").filter(line => line.startsWith("{"))) {
        const { name: label, milliseconds } = JSON.parse(line);
        least.set(label, Math.min(least.get(label) ?? Infinity, milliseconds));
      }
      if (round === 0 && stderr !== "" && command === scenarios[name][0]) console.log(stderr.trim());
    }
  }
  console.log(`${name}:`);
  for (const [label, milliseconds] of least)
    console.log(`  ${milliseconds.toFixed(milliseconds < 1 ? 4 : 2).padStart(10)} ms  ${label}`);
}
