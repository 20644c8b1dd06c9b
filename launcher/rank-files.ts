/** The files of --output-dir: one for each stream of each rank. */
import { accessSync, closeSync, constants, mkdirSync, openSync, statSync, writeSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { systemErrorText } from "./system-error.ts";
import { UsageError } from "./usage-error.ts";

function unwritable(path: string, error: unknown): UsageError {
  return new UsageError(
    `--output-dir expects a folder that can be written; ${path}: ${systemErrorText(error)}`,
  );
}

/**
 * Makes nothing yet.
 * @returns folders that are missing, the outermost first
 * @throws {UsageError} when the folder is none and cannot be made one
 */
export function missingFolders(folder: string): string[] {
  const missing: string[] = [];
  for (let path = resolve(folder); ; path = dirname(path)) {
    // What is "no folder" to the system shows in the path above it.
    let isFolder: boolean | undefined;
    try {
      isFolder = statSync(path).isDirectory();
    } catch {
      missing.unshift(path);
      continue;
    }
    if (!isFolder) {
      const named = missing.length === 0 ? folder : path;
      throw new UsageError(`--output-dir expects a folder, and ${named} is a file`);
    }
    try {
      accessSync(path, constants.W_OK | constants.X_OK);
    } catch (error) {
      throw unwritable(missing.length === 0 ? folder : path, error);
    }
    return missing;
  }
}

/** Not the recursive mkdirSync, which never returns where the kernel has no such thing to make: in /proc. */
function makeFolder(folder: string): void {
  for (const path of missingFolders(folder)) {
    try {
      mkdirSync(path);
    } catch (error) {
      // Another job may make it at this moment.
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw unwritable(path, error);
    }
  }
}

export class RankFile {
  private readonly path: string;
  private readonly onProblem: (sentence: string) => void;
  private descriptor: number | undefined;

  /** @param onProblem called once, with a sentence, when the file takes nothing more */
  constructor(path: string, onProblem: (sentence: string) => void) {
    this.path = path;
    this.onProblem = onProblem;
    try {
      this.descriptor = openSync(path, "w");
    } catch (error) {
      throw unwritable(path, error);
    }
  }

  write(bytes: Uint8Array): void {
    if (this.descriptor === undefined) return;
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(this.descriptor, bytes, done);
    } catch (error) {
      this.close();
      this.onProblem(`cannot write ${this.path}: ${systemErrorText(error)}`);
    }
  }

  close(): void {
    if (this.descriptor !== undefined) closeSync(this.descriptor);
    this.descriptor = undefined;
  }
}

export interface RankFiles {
  out: RankFile;
  err: RankFile;
}

/** @throws {UsageError} when not all of them can be written */
export function openRankFiles(
  folder: string,
  ranks: number,
  onProblem: (sentence: string) => void,
): RankFiles[] {
  makeFolder(folder);
  const digits = String(ranks - 1).length;
  return Array.from({ length: ranks }, (_, rank) => {
    const path = join(folder, `rank-${String(rank).padStart(digits, "0")}`);
    return { out: new RankFile(`${path}.out`, onProblem), err: new RankFile(`${path}.err`, onProblem) };
  });
}
