/** `tsmpi build-native`: compiles the addon in the package's own folder. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { packageFolder } from "../src/native.ts";

/** Programs that the build needs: what must be on the PATH (one of them), and what to install. */
const TOOLS: [commands: string[], what: string][] = [
  [["python3", "python"], "Python 3"],
  [["make", "gmake"], "make"],
  [[process.env.CXX ?? "g++", "c++", "clang++"], "a C++ compiler (g++)"],
];

function onPath(command: string): boolean {
  if (command.includes("/")) return existsSync(command);
  return (process.env.PATH ?? "")
    .split(":")
    .some(folder => folder !== "" && existsSync(join(folder, command)));
}

/**
 * Where node's headers lie beside the running node, as in Debian's /usr and in the archives of nodejs.org.
 * Without it node-gyp downloads them, which fails on a machine without the internet.
 */
function headersFolder(): string | undefined {
  const folder = dirname(dirname(process.execPath));
  return existsSync(join(folder, "include", "node", "node_api.h")) ? folder : undefined;
}

export function buildNative(args: string[]): number {
  if (args.length > 0) {
    process.stderr.write(`tsmpi: build-native takes no arguments, and ${args[0]} came\n`);
    return 2;
  }
  const missing = TOOLS.filter(([commands]) => !commands.some(onPath)).map(([, what]) => what);
  if (missing.length > 0) {
    process.stderr.write(
      `tsmpi: building the addon needs ${missing.join(", ")}, not found on the PATH; ` +
        "on Debian or Ubuntu: apt-get install python3 make g++\n",
    );
    return 1;
  }
  const environment = { ...process.env };
  environment.npm_config_nodedir ??= headersFolder();
  const result = spawnSync("npm", ["run", "build:native"], {
    cwd: packageFolder(),
    env: environment,
    stdio: "inherit",
  });
  if (result.error !== undefined) {
    process.stderr.write(`tsmpi: npm could not be started: ${result.error.message}\n`);
    return 1;
  }
  if (result.status !== 0) {
    process.stderr.write("tsmpi: the addon was not built; the compiler's messages above say why\n");
    return 1;
  }
  process.stdout.write("tsmpi: the addon is built\n");
  return 0;
}
