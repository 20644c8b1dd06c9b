/** What is compared with R: how R writes it, and how it is written here. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { MRG32k3a } from "../../src/random/index.ts";

export interface RCall {
  r: string;
  ours(n: number): ArrayLike<number>;
}

/** Each goes on where the one before it has left `rng`. */
export function rCalls(): RCall[] {
  let rng = new MRG32k3a(0);
  const seeded = (seed: number) => {
    rng = new MRG32k3a(seed);
    return rng.randomSeed;
  };
  const leap = (next: MRG32k3a) => {
    rng = next;
    return rng.randomSeed;
  };
  return [
    ...[1, 123, 0, -7, 2 ** 31 - 1].map(seed => ({
      r: `{ set.seed(${seed}); state() }`,
      ours: () => seeded(seed),
    })),
    { r: "{ set.seed(42); state() }", ours: () => seeded(42) },
    { r: "runif(n)", ours: n => rng.runif(n) },
    { r: "runif(9, -1, 3)", ours: () => Array.from({ length: 9 }, () => rng.runif(undefined, -1, 3)) },
    { r: "runif(n, 2, 5)", ours: n => rng.runif(n, 2, 5) },
    { r: "rnorm(n)", ours: n => rng.rnorm(n) },
    { r: "rnorm(5, 10, 3)", ours: () => Array.from({ length: 5 }, () => rng.rnorm(undefined, 10, 3)) },
    { r: "rexp(n)", ours: n => rng.rexp(n) },
    { r: "rexp(3, 2.5)", ours: () => rng.rexp(3, 2.5) },
    { r: "sample(n)", ours: n => rng.sample(n) },
    { r: "sample(100000, 20)", ours: () => rng.sample(100_000, 20) },
    { r: "{ go_on_with(next_stream(state())); state() }", ours: () => leap(rng.nextStream()) },
    { r: "{ go_on_with(next_substream(state())); state() }", ours: () => leap(rng.nextSubstream()) },
    {
      r: "{ go_on_with(next_stream(next_stream(state()))); state() }",
      ours: () => leap(rng.nextStream().nextStream()),
    },
    { r: "runif(3)", ours: () => rng.runif(3) },
    { r: "state()", ours: () => rng.randomSeed },
  ];
}

/** Undefined when there is no R. */
export function rAnswers(n: number): number[][] | undefined {
  const script = fileURLToPath(new URL("evaluate.R", import.meta.url));
  const { stdout, stderr, status, error } = spawnSync("Rscript", ["--vanilla", script, String(n)], {
    input: `${rCalls()
      .map(({ r }) => r)
      .join("\n")}\n`,
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  if (error !== undefined) return undefined;
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as number[][];
}
