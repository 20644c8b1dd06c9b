/** Errors of the functions on random arguments, by mpmath: what bench/expressions/accuracy.ts prints. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { call } from "../../../src/linalg/expressions/expression.ts";
import { functionInfo } from "../../../src/linalg/expressions/functions.ts";
import { type FunctionName, sync } from "../../../src/linalg/index.ts";
import { packageRoot } from "../../launch.ts";
import { accuracies, type Range } from "./accuracy.ts";
import type { Type } from "./samples.ts";

export interface Measured {
  readonly name: FunctionName;
  readonly type: Type;
  /** The largest error in units in the last place, and the arguments where it is. */
  readonly worst: number;
  readonly at: number[] | undefined;
}

function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function draw({ low, high, logarithmic, signed }: Range, random: () => number): number {
  const value = low + random() * (high - low);
  const size = logarithmic ? 2 ** value : value;
  return signed && random() < 0.5 ? -size : size;
}

/** Looks at so many arguments in every range of every function. */
export function measure(count: number, seed = 1): Measured[] {
  const random = generator(seed);
  const requests = Object.entries(accuracies).flatMap(([key, { ranges }]) =>
    (["float64", "float32"] as const).map(type => {
      const name = key as FunctionName;
      const operands = functionInfo(name).takes.map(() => {
        const drawn = ranges.flatMap(range => Array.from({ length: count }, () => draw(range, random)));
        return type === "float64" ? Float64Array.from(drawn) : Float32Array.from(drawn);
      });
      const results = sync.evaluate(call(name, ...operands), { dtype: type });
      const usable = Array.from(results, (result, index) => ({
        result,
        x: operands.map(operand => operand[index]),
      }))
        // Subnormal results are rounded twice; what overflows has no last place.
        .filter(
          ({ result }) => Number.isFinite(result) && Math.abs(result) > (type === "float64" ? 1e-307 : 1e-37),
        );
      return { function: name, type, x: usable.map(({ x }) => x), y: usable.map(({ result }) => result) };
    }),
  );
  return judged(requests);
}

/** Results of one function for scripts/reference.py. */
export interface Request {
  readonly function: FunctionName;
  readonly type: Type;
  readonly x: readonly (readonly number[])[];
  readonly y: readonly number[];
  /** Of results that are smaller the unit in the last place is that of this one. */
  readonly least?: number;
}

/** The errors of results, by mpmath. */
export function judged(requests: readonly Request[]): Measured[] {
  const { stdout, stderr, status } = spawnSync(
    "python3",
    [join(packageRoot, "scripts/reference.py"), "errors"],
    {
      input: requests.map(request => JSON.stringify(request)).join("\n"),
      encoding: "utf8",
      maxBuffer: 1 << 28,
    },
  );
  if (status !== 0) throw new Error(`scripts/reference.py: ${stderr}`);
  const lines = stdout.trim().split("\n");
  return requests.map((request, index) => {
    const { worst, at } = JSON.parse(lines[index]);
    return { name: request.function, type: request.type, worst, at: at ?? undefined };
  });
}

/** Whether there is mpmath. */
export const hasMpmath = (): boolean => spawnSync("python3", ["-c", "import mpmath"]).status === 0;
