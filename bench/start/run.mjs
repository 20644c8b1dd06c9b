// What it costs to start 8 ranks that do nothing, beside eight bare node processes and other MPIs.
//   npm run build && node bench/start/run.mjs [rounds] [ranks]
// Every round runs each contender once, in turn, so that a slow moment of the machine hits all of them; the
// figure that counts is the median of the rounds' ratios to eight `node -e 0` started at once.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const rounds = Number(process.argv[2] ?? 15);
const ranks = process.argv[3] ?? "8";
const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const folder = mkdtempSync(join(tmpdir(), "tsmpi-start-"));
const absent = [];

const environment = {
  ...process.env,
  OMPI_ALLOW_RUN_AS_ROOT: "1",
  OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1",
};

function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: environment,
      stdio: ["ignore", "ignore", "pipe"],
      cwd: folder,
    });
    let errors = "";
    child.stderr.on("data", data => (errors += data));
    child.on("error", reject);
    child.on("close", code =>
      code === 0 ? resolve() : reject(new Error(`${command} ended with ${code}: ${errors}`)),
    );
  });
}

function write(name, text) {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function compile(compiler, name) {
  const source = write(
    "empty.c",
    "#include <mpi.h>\nint main(int c, char** v) { MPI_Init(&c, &v); return MPI_Finalize(); }\n",
  );
  const program = join(folder, name);
  execFileSync(compiler, [source, "-o", program], { stdio: "ignore" });
  return program;
}

const tsmpirun = join(root, "dist", "tsmpirun.cjs");
if (!existsSync(tsmpirun)) throw new Error("dist/tsmpirun.cjs is missing; build it with: npm run build");
write("package.json", '{ "type": "module" }');
const emptyTs = write("empty.ts", "export {};\n");
const emptyJs = write("empty.js", "");
const helloTs = write("world.ts", 'import { world } from "tsmpi";\nif (world.size < 1) throw new Error();\n');
const emptyPy = write("empty.py", "from mpi4py import MPI\n");

const bare = "eight `node -e 0` at once".replace("eight", ranks);
const contenders = new Map([
  [bare, () => Promise.all(Array.from({ length: Number(ranks) }, () => run(process.execPath, ["-e", "0"])))],
  [
    `${ranks} x node empty.mjs at once`,
    () => Promise.all(Array.from({ length: Number(ranks) }, () => run(process.execPath, [emptyJs]))),
  ],
  [`tsmpirun -n ${ranks} empty.ts`, () => run(tsmpirun, ["-n", ranks, emptyTs])],
  [`tsmpirun -n ${ranks} world.ts (imports tsmpi)`, () => run(tsmpirun, ["-n", ranks, helloTs])],
]);

function peer(name, prepare) {
  try {
    contenders.set(name, prepare());
  } catch (error) {
    absent.push(`${name}: left out, ${String(error.message).split("\n")[0]}`);
  }
}

const oversubscribed = ["--oversubscribe", "-n", ranks];
const commandOf = names => {
  for (const name of names) {
    try {
      return execFileSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim();
    } catch {}
  }
  throw new Error(`none of ${names.join(", ")} is installed`);
};
peer(`Open MPI mpirun -n ${ranks}, empty C program`, () => {
  const mpirun = commandOf(["mpirun.openmpi", "mpirun"]);
  const program = compile(commandOf(["mpicc.openmpi", "mpicc"]), "empty-openmpi");
  return () => run(mpirun, [...oversubscribed, program]);
});
peer(`Open MPI mpirun -n ${ranks}, empty mpi4py program`, () => {
  const mpirun = commandOf(["mpirun.openmpi", "mpirun"]);
  execFileSync("/usr/bin/python3", ["-c", "import mpi4py"], { stdio: "pipe" });
  return () => run(mpirun, [...oversubscribed, "/usr/bin/python3", emptyPy]);
});
peer(`MPICH mpiexec -n ${ranks}, empty C program`, () => {
  const mpiexec = commandOf(["mpiexec.mpich"]);
  const program = compile(commandOf(["mpicc.mpich"]), "empty-mpich");
  return () => run(mpiexec, ["-n", ranks, program]);
});

const times = new Map();
for (let round = -1; round < rounds; round++) {
  for (const [name, start] of contenders) {
    const begun = performance.now();
    try {
      await start();
    } catch (error) {
      absent.push(`${name}: left out, ${String(error.message).split("\n")[0]}`);
      contenders.delete(name);
      continue;
    }
    // The first round fills caches.
    if (round >= 0) times.set(name, [...(times.get(name) ?? []), performance.now() - begun]);
  }
}
rmSync(folder, { recursive: true, force: true });

const median = values => [...values].sort((a, b) => a - b)[values.length >> 1];
console.log(`${rounds} rounds, node ${process.version}, ${ranks} ranks`);
console.log(`${"".padEnd(50)}${"median ms".padStart(10)}${"best ms".padStart(9)}${"ratio".padStart(7)}`);
for (const [name, list] of times) {
  const ratio = median(list.map((time, i) => time / times.get(bare)[i]));
  const cells = [
    median(list).toFixed(0).padStart(10),
    Math.min(...list)
      .toFixed(0)
      .padStart(9),
    ratio.toFixed(2).padStart(7),
  ];
  console.log(name.padEnd(50) + cells.join(""));
}
for (const line of absent) console.log(line);
