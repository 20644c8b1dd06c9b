/** tsmpi/launch: jobs started by a program that is not itself a rank. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ArgumentError } from "../errors.ts";
import { packageFolder } from "../native.ts";

export interface LaunchOptions {
  /** Number of ranks; default: the cores that this process may use. */
  ranks?: number;
  /** Arguments of the script: its `process.argv` from the third on. */
  args?: readonly string[];
  /** Further options of tsmpirun: `["--hosts", "a:4,b:4", "--timeout", "60"]`. */
  options?: readonly string[];
  /** Added to this process's environment; `undefined` takes a variable away. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Working folder of the ranks, from which the script is looked up; default: that of this process. */
  cwd?: string;
  /** What rank 0 reads from its standard input; default: nothing. */
  input?: string | Uint8Array;
  /** collect: in the result (default); inherit: what ranks print goes where this process prints. */
  output?: "collect" | "inherit";
  /** Ends the job, as SIGTERM to tsmpirun does. */
  signal?: AbortSignal;
}

/** How a job has ended. */
export interface Launched {
  /** tsmpirun's exit code: 0, or that of the rank which failed first. */
  readonly code: number;
  /** What the ranks have printed, line by line as it came; empty with `output: "inherit"`. */
  readonly stdout: string;
  /** The same of standard error, with the report of a job that has failed. */
  readonly stderr: string;
}

/**
 * Runs a script on ranks of its own, as `tsmpirun -n RANKS SCRIPT ARGS` does, and resolves when all of them have ended, whether or
 * not the job has failed: look at `code`. This process takes no part in the job; it goes on meanwhile.
 * @param script file name, or URL: `new URL("fit.ts", import.meta.url)` for one beside the caller
 * @throws {ArgumentError} bad options
 * @throws the reason of `signal`, when that has ended the job
 */
export async function launch(script: string | URL, options: LaunchOptions = {}): Promise<Launched> {
  const { ranks, args = [], options: further = [], env, cwd, input, output = "collect", signal } = options;
  if (typeof script !== "string" && !(script instanceof URL)) {
    throw new ArgumentError(`launch: script must be a file name or a URL; got ${typeof script}.`);
  }
  if (ranks !== undefined && !(Number.isSafeInteger(ranks) && ranks > 0)) {
    throw new ArgumentError(`launch: ranks must be a whole number from 1; got ${String(ranks)}.`);
  }
  if (output !== "collect" && output !== "inherit") {
    throw new ArgumentError(`launch: output must be collect or inherit; got ${String(output)}.`);
  }
  signal?.throwIfAborted();
  const file = typeof script === "string" ? script : fileURLToPath(script);
  const count = ranks === undefined ? [] : ["-n", String(ranks)];
  const command = [join(packageFolder(), "dist/tsmpirun.cjs"), ...count, ...further, file, ...args];
  const to = output === "collect" ? "pipe" : "inherit";
  const child = spawn(process.execPath, command, {
    cwd,
    env: { ...process.env, ...env },
    stdio: [input === undefined ? "ignore" : "pipe", to, to],
  });
  // A job may end without reading all of it.
  child.stdin?.on("error", () => {});
  child.stdin?.end(input);
  const printed: { stdout: Buffer[]; stderr: Buffer[] } = { stdout: [], stderr: [] };
  child.stdout?.on("data", (bytes: Buffer) => printed.stdout.push(bytes));
  child.stderr?.on("data", (bytes: Buffer) => printed.stderr.push(bytes));
  const stop = (): void => void child.kill("SIGTERM");
  signal?.addEventListener("abort", stop, { once: true });
  try {
    const code = await new Promise<number>((resolve, reject) => {
      child.on("error", reject);
      // tsmpirun ends by itself on SIGTERM; one that was killed outright has no code.
      child.on("close", exitCode => resolve(exitCode ?? 1));
    });
    signal?.throwIfAborted();
    const text = (parts: Buffer[]): string => Buffer.concat(parts).toString();
    return { code, stdout: text(printed.stdout), stderr: text(printed.stderr) };
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}
