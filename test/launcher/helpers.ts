import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const folders: string[] = [];

/** A new folder with the given files; removed by `removeFolders`. */
export function folderWith(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "tsmpi-test-"));
  folders.push(folder);
  writeFiles(folder, files);
  return folder;
}

export function writeFiles(folder: string, files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}

export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

let marks = 0;

/** An environment variable by which all processes of one job can be found, whatever became of their parents. */
export function newMark(): { env: Record<string, string>; text: string } {
  const text = `${process.pid}-${Date.now()}-${marks++}`;
  return { env: { TSMPI_TEST_MARK: text }, text };
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

/** Processes of a marked job that are alive; a zombie counts as gone (PID 1 reaps late here). */
export function survivors(mark: string): number[] {
  return processes(pid => read(`/proc/${pid}/environ`).includes(`TSMPI_TEST_MARK=${mark}`));
}

/** Processes of a process group that are alive. */
export function membersOf(group: number): number[] {
  return processes(pid => /\) . \d+ (\d+) /.exec(read(`/proc/${pid}/stat`))?.[1] === String(group));
}

/** Guard shells that watch one of the given process groups. */
export function guardsOf(groups: readonly number[]): number[] {
  return processes(pid => {
    const words = read(`/proc/${pid}/cmdline`).split("\0");
    return words.includes("tsmpirun-guard") && groups.some(group => words.includes(String(group)));
  });
}

function processes(matches: (pid: string) => boolean): number[] {
  return readdirSync("/proc")
    .filter(name => /^\d+$/.test(name))
    .filter(pid => matches(pid) && !/\) [ZX] /.test(read(`/proc/${pid}/stat`)) && existsSync(`/proc/${pid}`))
    .map(Number);
}

export async function until(condition: () => boolean, milliseconds = 15_000): Promise<boolean> {
  const end = Date.now() + milliseconds;
  for (;;) {
    const began = performance.now();
    if (condition()) return true;
    if (Date.now() > end) return false;
    // To look through all processes takes long, and what is waited for may need this core.
    await sleep(Math.max(20, 4 * (performance.now() - began)));
  }
}

export const sleep = (milliseconds: number): Promise<void> =>
  new Promise(resolve => setTimeout(resolve, milliseconds));

/** A script that stays alive: prints "up" and waits. */
export const STAY = "console.log('up'); setInterval(() => {}, 1000);\n";
