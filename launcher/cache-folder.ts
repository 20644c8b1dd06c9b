/** Where tsmpi keeps what it would otherwise make again at every start, and how it writes there. */
import { renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

export function cacheFolder(): string {
  const { TSMPI_CACHE_DIR, XDG_CACHE_HOME } = process.env;
  return join(TSMPI_CACHE_DIR || XDG_CACHE_HOME || join(homedir(), ".cache"), "tsmpi");
}

/** For node, which keeps compiled code there, by its version and the content of the files. */
export function compiledFolder(): string {
  return join(cacheFolder(), "compiled");
}

/** Whoever reads the file finds all of it, or what was there before. */
export function writeWhole(path: string, content: string | Uint8Array): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, content);
  renameSync(temporary, path);
}
