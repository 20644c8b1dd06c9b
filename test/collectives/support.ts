import { type Dtype, dtypes, type TypedArray } from "../../src/codec/dtype.ts";
import { limits, useRules } from "../../src/collectives/choice.ts";
import type { Rules } from "../../src/collectives/rules.ts";
import { type Program, type SendMode, Simulator, values } from "./simulator.ts";

export const sizes = [1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17];
export const modes: readonly SendMode[] = ["eager", "rendezvous", "mixed"];
export const available = dtypes.filter((dtype): dtype is Dtype => dtype !== undefined);

/** An array of a type from the numbers that `element` gives. */
export function arrayOf(dtype: Dtype, length: number, element: (index: number) => number): TypedArray {
  const array = new dtype.create(length);
  for (let index = 0; index < length; index++) {
    const value = element(index);
    array[index] = dtype.name.startsWith("Big") ? BigInt(value) : value;
  }
  return array;
}

export function doubles(length: number, element: (index: number) => number): Float64Array {
  return Float64Array.from({ length }, (_, index) => element(index));
}

/** The program's results, the same in every mode and order of events; `program` makes its own inputs. */
export function simulateAll<T>(
  size: number,
  program: Program<T>,
  check: (results: T[]) => void,
  rounds = 2,
): void {
  for (const mode of modes) {
    for (let seed = 1; seed <= rounds; seed++) {
      check(values(new Simulator(size, { mode, seed: seed * 31 + size }).run(program)));
    }
  }
}

/** Runs `body` with some limits of the choice of algorithms changed. */
export function withLimits(changed: Partial<typeof limits>, body: () => void): void {
  const before = { ...limits };
  Object.assign(limits, changed);
  try {
    body();
  } finally {
    Object.assign(limits, before);
  }
}

/** Runs `body` with rules for the choice of algorithms that come before the library's. */
export function withRules(rules: Rules, body: () => void): void {
  useRules(rules);
  try {
    body();
  } finally {
    useRules({});
  }
}

/** Runs `body` so that reductions cut arrays of at least so many bytes, and these into short segments. */
export function withLong(minBytes: number, body: () => void): void {
  const maxBytes = minBytes - 1;
  const scans = [
    { algorithm: "recursive-doubling", maxBytes },
    { algorithm: "gather", maxBytes },
    { algorithm: "chain" },
    { algorithm: "exchange" },
  ];
  const reductions: Rules = {
    reduce: [
      { algorithm: "binomial", maxBytes },
      { algorithm: "gather", maxBytes },
      { algorithm: "rabenseifner" },
      { algorithm: "exchange" },
    ],
    allreduce: [
      { algorithm: "recursive-doubling", maxBytes },
      { algorithm: "gather", maxBytes },
      { algorithm: "rabenseifner", powerOfTwo: true },
      { algorithm: "ring" },
      { algorithm: "rabenseifner" },
      { algorithm: "exchange" },
    ],
    scan: scans,
    exscan: scans,
  };
  withLimits({ scanSegment: 24, exchangedBlock: 48 }, () => withRules(reductions, body));
}

/** As even as can be, the first ones longer: block borders by another way than the library's. */
export function evenBlock(length: number, size: number, rank: number): [number, number] {
  let from = 0;
  for (let r = 0; r < rank; r++) from += Math.ceil((length - r) / size);
  return [from, from + Math.ceil((length - rank) / size)];
}

/** Every root for small worlds, three for large ones. */
export function rootsOf(size: number): number[] {
  const all = Array.from({ length: size }, (_, root) => root);
  return size <= 9 ? all : [0, 5, size - 1];
}
