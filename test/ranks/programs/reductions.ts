// biome-ignore-all lint/complexity/useMathMinMax: Math.min takes no bigints.

/** Operators, what they are given, and what must come out, for the programs of the reductions. */
import {
  bitwiseAnd,
  bitwiseOr,
  bitwiseXor,
  logicalAnd,
  logicalOr,
  logicalXor,
  max,
  maxLoc,
  min,
  minLoc,
  operator,
  product,
  sum,
  type TypedArray,
  world,
} from "tsmpi";
import { type ArrayType, arrayOf, arrayTypes, integerTypes } from "./support.ts";

/** Combines ranks `from` to `to - 1` of anything, from the left. */
export function fold<T>(value: (rank: number) => T, from: number, to: number, combine: (a: T, b: T) => T): T {
  let all = value(from);
  for (let rank = from + 1; rank < to; rank++) all = combine(all, value(rank));
  return all;
}

export interface ArrayCase {
  readonly name: string;
  readonly op: any;
  readonly type: ArrayType;
  /** The array of a rank. */
  array(rank: number, length: number): TypedArray;
  /** What ranks `from` to `to - 1` make of theirs. */
  expected(length: number, from: number, to: number): TypedArray;
  /** Elements that stay together. */
  readonly grain: number;
}

type Combine = (left: any, right: any) => any;

/** Small factors, so that floating-point results are exact in every order; integers may wrap. */
const element = (rank: number, i: number): number => 1 + ((rank * 5 + i * 3) % 3);
const bit = (rank: number, i: number): number => ((rank + i) % 3 === 0 ? 0 : (rank * 7 + i) % 100);

const truth = (type: ArrayType, value: boolean): number | bigint =>
  type.name.startsWith("Big") ? BigInt(value) : Number(value);

/** As if element by element in the arrays, but faster: see `arrayOf`. */
function combineInto(left: TypedArray, right: TypedArray, combine: Combine): void {
  if (left instanceof BigInt64Array || left instanceof BigUint64Array) {
    for (let i = 0; i < left.length; i++) left[i] = combine(left[i], right[i]);
    return;
  }
  const ours = new Float64Array(left as Float64Array);
  const theirs = new Float64Array(right as Float64Array);
  for (let i = 0; i < ours.length; i++) ours[i] = combine(ours[i], theirs[i]);
  (left as Float64Array).set(ours);
}

const elementwise: [string, any, readonly ArrayType[], (type: ArrayType) => Combine, typeof element][] = [
  ["sum", sum, arrayTypes, () => (a, b) => a + b, element],
  ["product", product, arrayTypes, () => (a, b) => a * b, element],
  ["min", min, arrayTypes, () => (a, b) => (a < b ? a : b), element],
  ["max", max, arrayTypes, () => (a, b) => (a > b ? a : b), element],
  ["logicalAnd", logicalAnd, arrayTypes, type => (a, b) => truth(type, !!a && !!b), bit],
  ["logicalOr", logicalOr, arrayTypes, type => (a, b) => truth(type, !!a || !!b), bit],
  ["logicalXor", logicalXor, arrayTypes, type => (a, b) => truth(type, !!a !== !!b), bit],
  ["bitwiseAnd", bitwiseAnd, integerTypes, () => (a, b) => a & b, bit],
  ["bitwiseOr", bitwiseOr, integerTypes, () => (a, b) => a | b, bit],
  ["bitwiseXor", bitwiseXor, integerTypes, () => (a, b) => a ^ b, bit],
  ["left", (a: any, _b: any) => a, arrayTypes, () => (a, _b) => a, element],
  ["right", operator((_a: any, b: any) => b), arrayTypes, () => (_a, b) => b, element],
  [
    "larger",
    operator((a: any, b: any) => (a > b ? a : b), { commutative: true }),
    arrayTypes,
    () => (a, b) => (a > b ? a : b),
    bit,
  ],
];

const allCases: readonly ArrayCase[] = [
  ...elementwise.flatMap(([name, op, types, combineFor, elementOf]) =>
    types.map((type): ArrayCase => {
      const combine = combineFor(type);
      const array = (rank: number, length: number): TypedArray =>
        arrayOf(type, length, i => elementOf(rank, i));
      return {
        name: `${name} of ${type.name}`,
        op,
        type,
        array,
        grain: 1,
        // Stored after each step, so that integers wrap (or clamp) as they do in an array.
        expected: (length, from, to) =>
          fold(
            rank => array(rank, length),
            from,
            to,
            (left, right) => {
              combineInto(left, right, combine);
              return left;
            },
          ),
      };
    }),
  ),
  // Digits written one behind the other: wrong as soon as two ranks are combined in the wrong order.
  {
    name: "digits in rank order",
    op: (a: number, b: number) => a * 10 ** String(b).length + b,
    type: Float64Array as ArrayType,
    array: (rank, length) => arrayOf(Float64Array as ArrayType, length, i => 1 + ((rank + i) % 9)),
    expected: (length, from, to) =>
      arrayOf(Float64Array as ArrayType, length, i =>
        Number(Array.from({ length: to - from }, (_, k) => 1 + ((from + k + i) % 9)).join("")),
      ),
    grain: 1,
  },
  ...(
    [
      ["minLoc", minLoc, (a: number, b: number) => a < b],
      ["maxLoc", maxLoc, (a: number, b: number) => a > b],
    ] as const
  ).flatMap(([name, op, better]) =>
    arrayTypes.map((type): ArrayCase => {
      // Value and index by turns; equal values on several ranks.
      const value = (rank: number, i: number): number => ((rank + 1) * (i + 2)) % 4;
      const index = (rank: number, i: number): number => (rank * 3 + i) % 50;
      const make = (length: number, pick: (i: number) => [number, number]): TypedArray =>
        arrayOf(type, length, at => pick(at >> 1)[at & 1]);
      return {
        name: `${name} of ${type.name}`,
        op,
        type,
        grain: 2,
        array: (rank, length) => make(length, i => [value(rank, i), index(rank, i)]),
        expected: (length, from, to) =>
          make(length, i =>
            fold<[number, number]>(
              rank => [value(rank, i), index(rank, i)],
              from,
              to,
              (a, b) => (better(b[0], a[0]) || (a[0] === b[0] && b[1] < a[1]) ? b : a),
            ),
          ),
      };
    }),
  ),
];

export interface ValueCase {
  readonly name: string;
  readonly op: any;
  value(rank: number): unknown;
  combine: Combine;
}

interface Matrix {
  a: number;
  b: number;
  c: number;
  d: number;
}

const multiply = (x: Matrix, y: Matrix): Matrix => ({
  a: (x.a * y.a + x.b * y.c) % 10007,
  b: (x.a * y.b + x.b * y.d) % 10007,
  c: (x.c * y.a + x.d * y.c) % 10007,
  d: (x.c * y.b + x.d * y.d) % 10007,
});

const pairwise =
  (combine: Combine): Combine =>
  (a, b) =>
    a.map((item: any, i: number) => combine(item, b[i]));
const lower: Combine = (a, b) => (b.value < a.value || (b.value === a.value && b.index < a.index) ? b : a);
const higher: Combine = (a, b) => (b.value > a.value || (b.value === a.value && b.index < a.index) ? b : a);

export const valueCases: readonly ValueCase[] = [
  { name: "sum of numbers", op: sum, value: rank => rank + 0.5, combine: (a, b) => a + b },
  { name: "sum of bigints", op: sum, value: rank => 2n ** 80n + BigInt(rank), combine: (a, b) => a + b },
  { name: "sum of lists", op: sum, value: rank => [rank, 1, -rank], combine: pairwise((a, b) => a + b) },
  { name: "sum of empty lists", op: sum, value: () => [], combine: a => a },
  { name: "product of numbers", op: product, value: rank => rank - 1.5, combine: (a, b) => a * b },
  { name: "product of bigints", op: product, value: rank => BigInt(rank) - 20n, combine: (a, b) => a * b },
  { name: "min of numbers", op: min, value: rank => (rank * 5) % 7, combine: (a, b) => Math.min(a, b) },
  { name: "max of numbers", op: max, value: rank => -((rank * 5) % 7), combine: (a, b) => Math.max(a, b) },
  {
    name: "max with NaN",
    op: max,
    value: rank => (rank === 1 ? NaN : rank),
    combine: (a, b) => Math.max(a, b),
  },
  {
    name: "min of bigints",
    op: min,
    value: rank => BigInt((rank * 5) % 7) * 2n ** 70n,
    combine: (a, b) => (a < b ? a : b),
  },
  { name: "max of lists", op: max, value: rank => [rank, -rank], combine: pairwise(Math.max) },
  { name: "logicalAnd", op: logicalAnd, value: rank => rank !== 1, combine: (a, b) => a && b },
  { name: "logicalOr", op: logicalOr, value: rank => rank === 2, combine: (a, b) => a || b },
  { name: "logicalXor", op: logicalXor, value: rank => rank % 2 === 0, combine: (a, b) => a !== b },
  {
    name: "logicalOr of lists",
    op: logicalOr,
    value: rank => [rank === 1, false],
    combine: pairwise((a, b) => a || b),
  },
  { name: "bitwiseAnd", op: bitwiseAnd, value: rank => 0xff ^ (1 << rank), combine: (a, b) => a & b },
  { name: "bitwiseOr", op: bitwiseOr, value: rank => 1 << rank, combine: (a, b) => a | b },
  {
    name: "bitwiseOr of long numbers",
    op: bitwiseOr,
    value: rank => 2 ** (40 + rank),
    combine: (a, b) => Number(BigInt(a) | BigInt(b)),
  },
  {
    name: "bitwiseXor of bigints",
    op: bitwiseXor,
    value: rank => 3n << BigInt(60 + rank),
    combine: (a, b) => a ^ b,
  },
  { name: "minLoc", op: minLoc, value: rank => ({ value: Math.abs(rank - 2), index: rank }), combine: lower },
  { name: "maxLoc", op: maxLoc, value: rank => ({ value: rank % 2, index: 10 - rank }), combine: higher },
  {
    name: "maxLoc of bigints",
    op: maxLoc,
    value: rank => ({ value: BigInt(rank) ** 30n, index: rank }),
    combine: higher,
  },
  {
    name: "strings in rank order",
    op: (a: string, b: string) => a + b,
    value: rank => `<${rank}>`,
    combine: (a, b) => a + b,
  },
  {
    name: "lists in rank order",
    op: (a: number[], b: number[]) => [...a, ...b],
    value: rank => [rank],
    combine: (a, b) => [...a, ...b],
  },
  {
    name: "matrices in rank order",
    op: multiply,
    value: rank => ({ a: rank + 1, b: 2, c: rank, d: 5 }),
    combine: multiply,
  },
  {
    name: "maps, in any order",
    op: operator((a: Map<string, number>, b: Map<string, number>) => new Map([...a, ...b].sort()), {
      commutative: true,
    }),
    value: rank => new Map([[`key ${rank}`, rank]]),
    combine: (a, b) => new Map([...a, ...b].sort()),
  },
  {
    name: "objects with arrays",
    op: (a: any, b: any) => ({
      n: a.n + b.n,
      low: Math.min(a.low, b.low),
      bins: a.bins.map((bin: number, i: number) => bin + b.bins[i]),
    }),
    value: rank => ({ n: 1, low: 5 - rank, bins: new Float64Array([rank, 1]) }),
    combine: (a, b) => ({
      n: a.n + b.n,
      low: Math.min(a.low, b.low),
      bins: a.bins.map((bin: number, i: number) => bin + b.bins[i]),
    }),
  },
];

/** All of them on few ranks; where ranks share a core, or messages take long, others for each number of ranks. */
export const arrayCases: readonly ArrayCase[] =
  world.size > 3 || !world.sharesMemory ? allCases.filter((_, i) => i % 4 === world.size % 4) : allCases;

/**
 * Short lengths for all; for some cases, others for each number of ranks, those on both sides of where arrays are cut
 * into blocks (32 KiB).
 */
export function lengthsOf(test: ArrayCase): number[] {
  const { type, grain } = test;
  const lengths = [0, 2, 2 * world.size + 2];
  if (grain === 1) lengths.push(1, 7);
  const cut = (32 * 1024) / type.BYTES_PER_ELEMENT;
  if (allCases.indexOf(test) % 8 === world.size % 8) lengths.push(cut - 2, cut + 10);
  return lengths;
}
