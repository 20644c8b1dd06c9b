/**
 * Remembers transpiled scripts: per script a manifest that lists the content of everything that went in, and
 * the result under a name made from that content. A result is never changed once written, so a job that
 * starts while another one transpiles a newer version still loads what it chose.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { cacheFolder, writeWhole } from "./cache-folder.ts";
import { contentHash } from "./hash.ts";
import { systemErrorText } from "./system-error.ts";
import type { Transpiled } from "./transpile.ts";
import { UsageError } from "./usage-error.ts";

const DAY = 24 * 3600 * 1000;
/** Unused for this long: gone. */
const KEEP = 30 * DAY;
/** An older version of the same script may still be starting somewhere, but not for this long. */
const KEEP_SUPERSEDED = DAY;

interface Manifest {
  entry: string;
  /** Path, length and hash of each input. */
  inputs: [path: string, bytes: number, hash: string][];
  absent: string[];
  externals: string[];
  output: string;
}

export interface Runnable {
  /** The file that node is given. */
  file: string;
  transpiled: boolean;
  /** "cached", "transpiled in 34 ms" or "run as it is", for --verbose. */
  how: string;
  /** Files outside of the script that it imports by their paths. */
  externals: readonly string[];
  /** A folder to remove when the job has ended, where the cache cannot be written. */
  temporary: string | undefined;
}

function unchanged(manifest: Manifest): boolean {
  for (const [path, bytes, hash] of manifest.inputs) {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats?.size !== bytes || contentHash(readFileSync(path)) !== hash) return false;
  }
  return !manifest.absent.some(existsSync) && manifest.externals.every(existsSync);
}

/** The cached result, when everything that it was made from is still the same. */
function lookUp(manifestPath: string, folder: string, entry: string): Runnable | undefined {
  try {
    const manifest = JSON.parse(readFileSync(manifestPath, "utf8")) as Manifest;
    const output = join(folder, manifest.output);
    if (manifest.entry !== entry || !unchanged(manifest)) return undefined;
    const stats = statSync(output, { throwIfNoEntry: false });
    if (stats === undefined) return undefined;
    if (Date.now() - stats.mtimeMs > DAY) {
      const now = new Date();
      for (const path of [manifestPath, output, `${output}.map`]) utimesSync(path, now, now);
    }
    return {
      file: output,
      transpiled: true,
      how: "cached",
      externals: manifest.externals,
      temporary: undefined,
    };
  } catch {
    // Missing, damaged, or of an input that cannot be read: the transpiler will say what is wrong.
    return undefined;
  }
}

function prune(folder: string, key: string, current: string): void {
  const now = Date.now();
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const age = now - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? now);
    const superseded = name.startsWith(`${key}-`) && !name.startsWith(current);
    if (age > KEEP || (superseded && age > KEEP_SUPERSEDED) || (name.endsWith(".tmp") && age > DAY)) {
      rmSync(path, { force: true, recursive: true });
    }
  }
}

function writableFolder(): { folder: string; temporary: boolean } {
  const folder = cacheFolder();
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const probe = join(folder, `${process.pid}.tmp`);
    writeFileSync(probe, "");
    rmSync(probe);
    return { folder, temporary: false };
  } catch {
    return { folder: makeTemporary(folder), temporary: true };
  }
}

/** @param instead of this one */
function makeTemporary(instead: string): string {
  try {
    return mkdtempSync(join(tmpdir(), "tsmpi-"));
  } catch (error) {
    throw new UsageError(
      `a folder for the transpiled script was expected, and neither ${instead} nor ${tmpdir()} can be written ` +
        `(${systemErrorText(error)}); name one with TSMPI_CACHE_DIR or TMPDIR`,
    );
  }
}

/**
 * @param entry absolute path of a script that needs transpiling
 * @param versions what else decides the result: versions of tsmpi and of node (esbuild's is among the inputs)
 * @param whole with the packages that it imports
 */
export async function transpileCached(entry: string, versions: string, whole = false): Promise<Runnable> {
  const key = contentHash(Buffer.from(`${versions}\0${entry}${whole ? "\0whole" : ""}`));
  const known = cacheFolder();
  const cached = lookUp(join(known, `${key}.json`), known, entry);
  if (cached !== undefined) return cached;

  const started = performance.now();
  const { transpile } = await import("./transpile.ts");
  const { folder, temporary } = writableFolder();
  try {
    const result: Transpiled = await transpile(entry, folder, whole);
    const inputs = result.inputs.map((path): Manifest["inputs"][number] => {
      const content = readFileSync(path);
      return [path, content.length, contentHash(content)];
    });
    const output = `${key}-${contentHash(result.code)}.mjs`;
    const link = `//# sourceMappingURL=${output}.map\n`;
    writeWhole(join(folder, `${output}.map`), result.map);
    writeWhole(join(folder, output), Buffer.concat([result.code, Buffer.from(link)]));
    const { absent, externals } = result;
    const manifest: Manifest = { entry, inputs, absent, externals, output };
    writeWhole(join(folder, `${key}.json`), JSON.stringify(manifest));
    if (!temporary) prune(folder, key, basename(output, ".mjs"));
    const milliseconds = (performance.now() - started).toFixed(0);
    return {
      file: join(folder, output),
      transpiled: true,
      how: `transpiled in ${milliseconds} ms${result.warnings === "" ? "" : `\n${result.warnings.trimEnd()}`}`,
      externals,
      temporary: temporary ? folder : undefined,
    };
  } catch (error) {
    if (temporary) rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}
