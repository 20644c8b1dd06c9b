/** Compiles the addon for arm64 Linux on another machine, with the cross compiler of Debian or Ubuntu. */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const compiler = "aarch64-linux-gnu-g++";

/** Whether this machine is another one, and the compiler is there. */
export function canCross() {
  return process.arch !== "arm64" && spawnSync(compiler, ["--version"], { stdio: "ignore" }).status === 0;
}

/** Puts the addon for arm64 among the binaries that the package ships. */
export function buildForArm64() {
  // node-gyp builds in the folder of binding.gyp, where this machine's own addon lies: so in another with the same files.
  const folder = mkdtempSync(join(root, "node_modules", ".arm64-"));
  try {
    for (const name of ["binding.gyp", "native", "node_modules", "package.json"]) {
      symlinkSync(join(root, name), join(folder, name));
    }
    const { status } = spawnSync("npm", ["run", "build:native", "--", "--arch=arm64"], {
      cwd: folder,
      stdio: ["ignore", "ignore", "inherit"],
      env: {
        ...process.env,
        CC: "aarch64-linux-gnu-gcc",
        CXX: compiler,
        LINK: compiler,
        AR: "aarch64-linux-gnu-ar",
      },
    });
    if (status !== 0) throw new Error("the addon could not be built for arm64; the messages above say why");
    const target = join(root, "prebuilds", "linux-arm64");
    mkdirSync(target, { recursive: true });
    // Not written over: a process may run it.
    rmSync(join(target, "tsmpi.node"), { force: true });
    copyFileSync(join(folder, "build", "Release", "tsmpi.node"), join(target, "tsmpi.node"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
