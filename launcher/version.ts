import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { packageFolder } from "../src/native.ts";

export function packageVersion(): string {
  const text = readFileSync(join(packageFolder(), "package.json"), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

/**
 * Changes with everything of ours that decides what the transpiler makes of a script. The program file itself
 * stands for the version of tsmpi: so a rebuilt launcher never uses what an older one has cached.
 */
export function transpilerVersion(): string {
  const { size, mtimeMs } = statSync(import.meta.filename);
  return `${size} ${mtimeMs} ${process.version}`;
}
