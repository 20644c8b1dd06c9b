/** Bundled and run by ../kernels.ts. */

import Benchmark from "benchmark";
import { type Dtype, dtypes } from "../../src/codec/dtype.ts";
import {
  type ElementOperator,
  elementKernel,
  type Kernel,
  locKernel,
} from "../../src/collectives/kernels.ts";
import { withNative } from "../../src/collectives/native-kernels.ts";
import * as operators from "../../src/collectives/operators.ts";
import { native } from "../../src/native.ts";

const sizes = [16, 64, 256, 1024, 16_384, 1_000_000];
const all = process.argv.includes("--all");
const builtIn = Object.values(operators).filter(
  (value): value is operators.Operator => value instanceof operators.Operator,
);
const chosenOperators = all ? builtIn : [operators.sum, operators.max, operators.bitwiseAnd];
const usual = ["Float64Array", "Float32Array", "Int32Array", "BigInt64Array", "Uint8Array", "Float16Array"];

function script(op: operators.Operator, dtype: Dtype): Kernel | undefined {
  if (op.code >= 11) return locKernel(op === operators.minLoc ? "<" : ">");
  return elementKernel(op.name as ElementOperator, dtype);
}

function numbers(dtype: Dtype, length: number): any {
  const array = new dtype.create(length);
  const convert = dtype.name.startsWith("Big") ? BigInt : Number;
  for (let i = 0; i < length; i++) array[i] = convert((i * 7) % 100) as never;
  return array;
}

/** Nanoseconds a call, of the best sample: what other processes on the machine take is no matter of the kernels. */
function time(work: () => void): number {
  const bench = new Benchmark(work, { maxTime: 0.05, minTime: 0.01, minSamples: 5 });
  bench.run();
  return Math.min(...bench.stats.sample) * 1e9;
}

interface Times {
  script: number;
  native: number;
}

/** Where the two times meet, if each is a price for the call and one for every element. */
function crossover(of: Map<number, Times>): number {
  const short = of.get(64)!;
  const long = of.get(1024)!;
  const slope = (which: keyof Times) => (long[which] - short[which]) / (1024 - 64);
  const gain = slope("script") - slope("native");
  return gain <= 0 ? Number.POSITIVE_INFINITY : 64 + (short.native - short.script) / gain;
}

const cell = (text: string) => text.padStart(13);
console.log(
  `${native().reduceLevel()}; GB/s read and written: TypeScript, native; elements from which native is faster`,
);
console.log(["".padEnd(24), ...sizes.map(size => cell(`${size}`)), cell("crossover")].join(""));
for (const dtype of dtypes) {
  if (dtype === undefined || !(all || usual.includes(dtype.name))) continue;
  for (const op of chosenOperators) {
    const loop = script(op, dtype);
    if (loop === undefined) continue;
    const fast = withNative(op.code, dtype, loop, 0);
    const times = new Map<number, Times>();
    for (const size of sizes) {
      const [target, left, right] = [numbers(dtype, size), numbers(dtype, size), numbers(dtype, size)];
      times.set(size, {
        script: time(() => loop(target, left, right)),
        native: time(() => fast(target, left, right)),
      });
    }
    const row = sizes.map(size => {
      const rate = (which: keyof Times) => (3 * size * dtype.bytes) / times.get(size)![which];
      return cell(`${rate("script").toFixed(1)} ${rate("native").toFixed(1).padStart(6)}`);
    });
    const from = cell(crossover(times).toFixed(0));
    console.log(`${op.name} ${dtype.name}`.padEnd(24) + row.join("") + from);
  }
}
