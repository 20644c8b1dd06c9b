/** Finds programs of the machine and compiles the peers. */
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { packageFolder } from "../../src/native.ts";

/** Why a peer is left out. */
export class Missing extends Error {}

export function peerSource(name: string): string {
  return join(packageFolder(), "bench", "peers", name);
}

export function findCommand(...names: string[]): string | undefined {
  for (const name of names) {
    for (const folder of (process.env.PATH ?? "").split(delimiter)) {
      if (folder === "") continue;
      const path = join(folder, name);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {}
    }
  }
  return undefined;
}

/** What a program prints, or undefined when it fails. */
export function outputOf(
  command: string,
  args: string[],
  environment: Record<string, string> = {},
): string | undefined {
  const result = spawnSync(command, args, { encoding: "utf8", env: { ...process.env, ...environment } });
  return result.status === 0 ? result.stdout : undefined;
}

/** @throws {Missing} with the compiler's message */
export function compile(compiler: string, flags: string[], source: string, program: string): void {
  const result = spawnSync(compiler, [...flags, source, "-o", program], { encoding: "utf8" });
  if (result.status === 0) return;
  const message = result.error?.message ?? result.stderr.trim().split("\n")[0];
  throw new Missing(`${compiler} does not compile ${source}: ${message}`);
}
