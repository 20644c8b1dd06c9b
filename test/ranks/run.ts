/** Runs a program of `programs/` on some ranks and expects every one of them to print its "ok" line. */
import { join } from "node:path";
import { expect } from "chai";
import { type Launched, launch, packageRoot } from "../launch.ts";

/** Alone, the least job, an odd one, and more ranks than cores with and without a power of two. */
export const sizes: readonly number[] = [1, 2, 3, 5, 8];

export interface RunOptions {
  /** Options of the launcher. */
  launcher?: readonly string[];
  args?: readonly string[];
  /** Seconds after which the launcher ends the job and says what its ranks wait for. */
  seconds?: number;
  env?: Record<string, string>;
}

export function programPath(program: string): string {
  return join(packageRoot, "test", "ranks", "programs", `${program}.ts`);
}

/** Launches a program and leaves the judgement of how it ended to the caller. */
export function launchProgram(program: string, ranks: number, options: RunOptions = {}): Promise<Launched> {
  const { launcher = [], args = [], seconds = 200, env } = options;
  return launch(
    [...launcher, "-n", String(ranks), "--timeout", String(seconds), programPath(program), ...args],
    {
      env,
      timeout: (seconds + 10) * 1000,
    },
  );
}

export async function run(program: string, ranks: number, options: RunOptions = {}): Promise<Launched> {
  const launched = await launchProgram(program, ranks, options);
  const { code, signal, stdout, stderr } = launched;
  const what = `${program} ${options.args?.join(" ") ?? ""} on ${ranks} ranks`;
  if (code !== 0) throw new Error(`${what} ended with ${signal ?? code}:\n${stdout}${stderr}`);
  const lines = stdout.split("\n").filter(line => /^rank \d+ ok$/.test(line));
  const expected = Array.from({ length: ranks }, (_, rank) => `rank ${rank} ok`);
  expect(lines.sort(), `${what}:\n${stdout}${stderr}`).to.deep.equal(expected.sort());
  return launched;
}

/** One test for each number of ranks. */
export function onRanks(
  ranks: readonly number[],
  program: string,
  title: string,
  options?: RunOptions,
): void {
  for (const n of ranks) it(`${title} (${n} ranks)`, async () => void (await run(program, n, options)));
}
