/** Expressions as PTX, for where there is no NVRTC. */
import type { FunctionName } from "../../linalg/index.ts";
import type { Accumulation, Plan, Step } from "../expressions/plan.ts";
import { computedAs, convert, convertFor, load, store } from "./element.ts";
import type { Grouping } from "./groups.ts";
import { blockThreads, f64, Kernel } from "./kernel.ts";
import { Arithmetic } from "./math/arithmetic.ts";
import { erf, erfc } from "./math/error-functions.ts";
import { cosh, exp, exp2, expm1, sinh, tanh } from "./math/exponentials.ts";
import { lgamma } from "./math/gamma.ts";
import { acos, asin, atan, atan2 } from "./math/inverse-trigonometric.ts";
import { log, log1p, log2, log10 } from "./math/logarithms.ts";
import { cbrt, hypot, pow } from "./math/powers.ts";
import { cos, sin, tan } from "./math/trigonometric.ts";

/** How each function is written. */
const writers: {
  readonly [name in FunctionName]: (math: Arithmetic, ...operands: string[]) => string;
} = {
  negate: (math, x) => math.negate(x),
  abs: (math, x) => math.abs(x),
  sign: (math, x) => math.sign(x),
  floor: (math, x) => math.whole("rmi", x),
  ceil: (math, x) => math.whole("rpi", x),
  trunc: (math, x) => math.whole("rzi", x),
  rint: (math, x) => math.whole("rni", x),
  round: (math, x) => math.round(x),
  sqrt: (math, x) => math.sqrt(x),
  cbrt,
  exp,
  exp2,
  expm1,
  log,
  log2,
  log10,
  log1p,
  sin,
  cos,
  tan,
  asin,
  acos,
  atan,
  sinh,
  cosh,
  tanh,
  erf,
  erfc,
  lgamma,
  pow,
  atan2,
  hypot,
  add: (math, a, b) => math.add(a, b),
  subtract: (math, a, b) => math.subtract(a, b),
  multiply: (math, a, b) => math.multiply(a, b),
  divide: (math, a, b) => math.divide(a, b),
  minimum: (math, a, b) => math.extreme("min", a, b),
  maximum: (math, a, b) => math.extreme("max", a, b),
  fma: (math, a, b, c) => math.fma(a, b, c),
  isnan: (math, x) => math.isNaN(x),
  isfinite: (math, x) => math.isFinite(x),
  less: (math, a, b) => math.test("lt", a, b),
  lessEqual: (math, a, b) => math.test("le", a, b),
  equal: (math, a, b) => math.test("eq", a, b),
  notEqual: (math, a, b) => math.test("neu", a, b),
  where: (math, condition, a, b) => math.select(condition, a, b),
  not: (math, a) => math.not(a),
  and: (math, a, b) => math.both(a, b),
  or: (math, a, b) => math.either(a, b),
};

/** Neighbouring elements of all arrays, from `index` on: for each its value in every array. */
function elements(
  kernel: Kernel,
  math: Arithmetic,
  { arrays }: Plan,
  inputs: Inputs,
  index: string,
  group: Grouping,
): string[][] {
  // All loads first, so that they are on their way together.
  const loaded = arrays.map((dtype, i) =>
    load(kernel, dtype, kernel.at(inputs.arrays[i], index, dtype.bytes), group),
  );
  return Array.from({ length: group.lanes }, (_, lane) =>
    arrays.map((dtype, i) => convert(kernel, computedAs(dtype), math.type, loaded[i][lane])),
  );
}

/** Values of all steps for elements of the arrays. */
function compute(math: Arithmetic, plan: Plan, { scalars }: Inputs, arrays: readonly string[]): string[] {
  const values: string[] = [];
  for (const step of plan.steps) values.push(evaluated(math, { arrays, scalars }, step, values));
  return values;
}

/** Of a kernel the addresses of its arrays, of an element its value in each. */
interface Inputs {
  readonly arrays: readonly string[];
  readonly scalars: readonly string[];
}

function evaluated(
  math: Arithmetic,
  { arrays, scalars }: Inputs,
  step: Step,
  values: readonly string[],
): string {
  // In a register, since some instructions take no constants.
  if (step.op === "constant") return math.copy(step.value);
  if (step.op === "scalar") return scalars[step.index];
  if (step.op === "array") return arrays[step.index];
  const operands = step.from.map(from => values[from]);
  if (step.op === "toNumber") return math.select(operands[0], 1, 0);
  if (step.op === "toCondition") return math.test("neu", operands[0], 0);
  return writers[step.op](math, ...operands);
}

function begin(
  name: string,
  plan: Plan,
): { kernel: Kernel; math: Arithmetic; count: string; target: string; inputs: Inputs } {
  const kernel = new Kernel(name);
  const math = new Arithmetic(kernel, plan.wide ? "f64" : "f32");
  const count = kernel.parameter("count", "u64");
  const target = kernel.parameter("target", "u64");
  const arrays = plan.arrays.map((_, i) => kernel.parameter(`array${i}`, "u64"));
  const scalars = Array.from({ length: plan.scalars }, (_, i) => kernel.parameter(`scalar${i}`, math.type));
  return { kernel, math, count, target, inputs: { arrays, scalars } };
}

/** target[i] = expression of element i. Parameters: count, target, arrays, scalars. */
export function elementwise(name: string, plan: Plan, grouping: Grouping): string {
  const { kernel, math, count, target, inputs } = begin(name, plan);
  const { step, dtype } = plan.output!;
  kernel.strideByGroups(count, grouping, (index, group) => {
    const values = elements(kernel, math, plan, inputs, index, group).map(arrays =>
      convertFor(kernel, math.type, dtype, compute(math, plan, inputs, arrays)[step]),
    );
    store(kernel, dtype, kernel.at(target, index, dtype.bytes), values);
  });
  return kernel.toString();
}

/** The running value of one thread: of arguments the place, too. */
interface Running {
  readonly how: Accumulation;
  readonly value: string;
  readonly place: string | undefined;
}

/** Whether (value, place) comes before what is kept: NaN before all, the first among equals. */
function comesBefore(
  kernel: Kernel,
  math: Arithmetic,
  kept: Running,
  value: string,
  place: string | undefined,
): string {
  const comparison = kept.how === "min" || kept.how === "argmin" ? "ltu" : "gtu";
  const number = math.test("num", kept.value, kept.value);
  const better = kernel.make("pred", "and.pred", math.test(comparison, value, kept.value), number);
  if (place === undefined) return better;
  const nans = kernel.make("pred", "and.pred", math.isNaN(value), kernel.make("pred", "not.pred", number));
  const equal = kernel.make("pred", "or.pred", nans, math.test("eq", value, kept.value));
  const earlier = kernel.make("pred", "setp.lt.u64", place, kept.place!);
  return kernel.make("pred", "or.pred", better, kernel.make("pred", "and.pred", equal, earlier));
}

function include(
  kernel: Kernel,
  math: Arithmetic,
  kept: Running,
  value: string,
  place: string | undefined,
): void {
  if (kept.how === "sum") {
    kernel.emit(`add.rn.f64 ${kept.value}, ${kept.value}, ${value}`);
    return;
  }
  const before = comesBefore(kernel, math, kept, value, place);
  kernel.emit(`@${before} mov.${math.type} ${kept.value}, ${value}`);
  if (place !== undefined) kernel.emit(`@${before} mov.u64 ${kept.place}, ${place}`);
}

/**
 * One number for each block of threads and accumulator, in float64: target[block x accumulators + i]. Each thread goes
 * over its elements; then halves of the block are put together. Parameters as of `elementwise`.
 */
export function reduction(name: string, plan: Plan, grouping: Grouping): string {
  const { kernel, math, count, target, inputs } = begin(name, plan);
  const wide = new Arithmetic(kernel, "f64");
  const running = plan.accumulators.map(({ how }): Running => {
    if (how === "sum") return { how, value: kernel.make("f64", "mov.f64", f64(0)), place: undefined };
    const start = how.endsWith("min") ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
    const value = math.copy(start);
    // Beyond all places, so that the first element, be it infinite, comes before it.
    return { how, value, place: how.startsWith("arg") ? kernel.make("b64", "mov.u64", -1) : undefined };
  });
  kernel.strideByGroups(count, grouping, (index, group) => {
    for (const [lane, arrays] of elements(kernel, math, plan, inputs, index, group).entries()) {
      const values = compute(math, plan, inputs, arrays);
      for (const [i, { of, how }] of plan.accumulators.entries()) {
        const [a, b] = of.map(step => values[step]);
        if (how === "sum") {
          const widened = [a, b].map(x => x && convert(kernel, math.type, "f64", x));
          include(
            kernel,
            wide,
            running[i],
            b === undefined ? widened[0] : wide.multiply(widened[0], widened[1]),
            undefined,
          );
        } else {
          const place = running[i].place && kernel.make("b64", "add.u64", index, lane);
          include(kernel, math, running[i], a, place);
        }
      }
    }
  });
  finish(kernel, math, running, target);
  return kernel.toString();
}

/** Puts the threads of a block together, one accumulator after the other. */
function finish(kernel: Kernel, math: Arithmetic, running: readonly Running[], target: string): void {
  kernel.shared("values", blockThreads * 8);
  kernel.shared("places", blockThreads * 8);
  const lane = kernel.make("b32", "mov.u32", "%tid.x");
  const offset = kernel.make("b64", "cvt.u64.u32", kernel.make("b32", "shl.b32", lane, 3));
  const [values, places] = ["values", "places"].map(name =>
    kernel.make("b64", "add.u64", kernel.make("b64", "mov.u64", name), offset),
  );
  for (const [i, kept] of running.entries()) {
    const type = kept.how === "sum" ? "f64" : math.type;
    const put = (): void => {
      kernel.emit(`st.shared.${type} [${values}], ${kept.value}`);
      if (kept.place !== undefined) kernel.emit(`st.shared.u64 [${places}], ${kept.place}`);
    };
    put();
    for (let half = blockThreads / 2; half >= 1; half /= 2) {
      const end = kernel.newLabel();
      kernel.emit("bar.sync 0");
      const idle = kernel.make("pred", "setp.ge.u32", lane, half);
      kernel.emit(`@${idle} bra ${end}`);
      const value = kernel.make(type, `ld.shared.${type}`, `[${values}+${half * 8}]`);
      const place = kept.place && kernel.make("b64", "ld.shared.u64", `[${places}+${half * 8}]`);
      include(kernel, math, kept, value, place);
      put();
      kernel.label(end);
    }
    const others = kernel.newLabel();
    const notFirst = kernel.make("pred", "setp.ne.u32", lane, 0);
    kernel.emit(`@${notFirst} bra ${others}`);
    const block = kernel.make("b64", "cvt.u64.u32", kernel.make("b32", "mov.u32", "%ctaid.x"));
    const slot = kernel.make(
      "b64",
      "mad.lo.u64",
      block,
      running.length * (slotBytes / 8),
      i * (slotBytes / 8),
    );
    const at = kernel.at(target, slot, 8);
    kernel.emit(`st.global.f64 [${at}], ${convert(kernel, type, "f64", kept.value)}`);
    if (kept.place !== undefined) {
      kernel.emit(`st.global.f64 [${at}+8], ${kernel.make("f64", "cvt.rn.f64.u64", kept.place)}`);
    }
    kernel.label(others);
    kernel.emit("bar.sync 0");
  }
}

/** What a block leaves for each accumulator: a value and a place, which only arguments have. */
export const slotBytes = 16;
