/** Runs the real launcher, as a user does. Build first: `npm run build`. */
import { type ChildProcess, spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const packageRoot: string = dirname(dirname(fileURLToPath(import.meta.url)));
export const tsmpirun: string = join(packageRoot, "dist", "tsmpirun.cjs");

export interface LaunchOptions {
  /** Added to this process's environment; `undefined` removes a variable. */
  env?: Record<string, string | undefined>;
  /** Standard input, closed at its end; nothing when absent. */
  input?: string | Uint8Array;
  /** Standard input is a pipe that stays open: end `child.stdin`. */
  keepInput?: boolean;
  cwd?: string;
  /** Milliseconds after which the launcher is killed; 200,000 unless said. */
  timeout?: number;
  /** Started instead of the launcher with its arguments. */
  command?: readonly string[];
}

export interface Launched {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** A launcher that runs, for tests that do something to it meanwhile. */
export interface Launch {
  child: ChildProcess;
  done: Promise<Launched>;
  /** Resolves when stdout contains a text; rejects when the launcher ends first. */
  printed(text: string): Promise<void>;
}

export function start(args: readonly string[], options: LaunchOptions = {}): Launch {
  const [program, ...words] = options.command ?? [process.execPath, tsmpirun, ...args];
  const child = spawn(program, words, {
    cwd: options.cwd ?? packageRoot,
    env: { ...process.env, ...options.env },
    stdio: [options.input === undefined && !options.keepInput ? "ignore" : "pipe", "pipe", "pipe"],
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), options.timeout ?? 200_000);
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout!.on("data", (bytes: Buffer) => out.push(bytes));
  child.stderr!.on("data", (bytes: Buffer) => err.push(bytes));
  child.stdin?.on("error", () => {});
  if (!options.keepInput) child.stdin?.end(options.input);
  const text = (parts: Buffer[]): string => Buffer.concat(parts).toString();
  const done = new Promise<Launched>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stdout: text(out), stderr: text(err) });
    });
  });
  const printed = (wanted: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (!text(out).includes(wanted)) return;
        child.stdout!.off("data", look);
        resolve();
      };
      child.stdout!.on("data", look);
      child.on("close", () =>
        reject(new Error(`tsmpirun ended before "${wanted}": ${text(out)}${text(err)}`)),
      );
      look();
    });
  return { child, done, printed };
}

/** Runs a job to its end. */
export function launch(args: readonly string[], options: LaunchOptions = {}): Promise<Launched> {
  return start(args, options).done;
}
