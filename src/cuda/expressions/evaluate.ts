/** Runs expressions of `tsmpi/linalg` on a device: one kernel for each, however many functions it is made of. */
import { createHash } from "node:crypto";
import { describe } from "../../describe.ts";
import { ArgumentError } from "../../index.ts";
import { type OptionNames, requireKnownOptions } from "../../known-options.ts";
import { Expression, type Parsed, parameter, parse, Reduction } from "../../linalg/index.ts";
import { DeviceArray, empty, requireDeviceArray } from "../array.ts";
import type { Device } from "../device.ts";
import type { Dtype } from "../dtype.ts";
import { type Image, mostParameters, type Parameter } from "../modules.ts";
import { elementwise, reduction, slotBytes } from "../ptx/expression.ts";
import { type Grouping, groupingOf, groupingToRead, type Laid, lanesOf } from "../ptx/groups.ts";
import { sameShape, show } from "../shape.ts";
import { elementwiseC, reductionC } from "./cuda-c.ts";
import { compileC } from "./nvrtc.ts";
import { type Accumulation, finishes, type Leaf, type Plan, Planner, parametersOf } from "./plan.ts";

export interface EvaluateOptions {
  /**
   * The type to compute in: "float32" if a float32, float16 or bfloat16 takes part and nothing but such and integers of
   * 8 and 16 bits stand beside it, and otherwise "float64", unless said.
   */
  dtype?: "float32" | "float64";
}

/** Values of parameters: arrays of one shape on one device, and numbers, which are the same for all elements. */
export type Bindings = { readonly [parameter: string]: DeviceArray | number };

/** What an expression makes: numbers, or of a condition zeros and ones. */
type Computed = DeviceArray<"float64" | "float32" | "uint8">;

/** A reduction, or several by name, which are made in one pass. */
export type Reductions = Reduction | { readonly [name: string]: Reduction };

export type Reduced<R> = R extends Reduction ? number : { -readonly [name in keyof R]: number };

type Arrays = DeviceArray | readonly DeviceArray[];

type Arguments<A> = A extends readonly DeviceArray[] ? { [index in keyof A]: Expression } : [Expression];

/** What takes part in a kernel, checked. */
interface Operands {
  readonly device: Device;
  readonly shape: readonly number[];
  readonly size: number;
  readonly wide: boolean;
  readonly leaves: Map<string, Leaf>;
  readonly arrays: readonly DeviceArray[];
  readonly scalars: readonly number[];
}

/** Arrays and numbers of a kernel; the count and the target are two parameters more. */
const mostOperands = mostParameters - 2;

const evaluateOptions: OptionNames<EvaluateOptions> = { dtype: true };

const narrow = ["int8", "uint8", "int16", "uint16"];
const singles = ["float32", "float16", "bfloat16"];

function isWide(arrays: readonly DeviceArray[], { dtype }: EvaluateOptions): boolean {
  if (dtype !== undefined) {
    if (dtype === "float32" || dtype === "float64") return dtype === "float64";
    throw new ArgumentError(`dtype: expected "float32" or "float64", but got ${String(dtype)}`);
  }
  const types = arrays.map(array => array.dtype as string);
  return !(
    types.some(type => singles.includes(type)) &&
    types.every(type => singles.includes(type) || narrow.includes(type))
  );
}

function operandsOf(
  routine: string,
  outcomes: readonly (Expression | Reduction)[],
  bindings: Bindings,
  options: EvaluateOptions,
): Operands {
  requireKnownOptions(routine, options, evaluateOptions);
  if (typeof bindings !== "object" || bindings === null) {
    throw new ArgumentError(
      `${routine}: values are given by name, such as { x: array }; got ${describe(bindings)}`,
    );
  }
  const names = parametersOf(outcomes);
  if (names.length > mostOperands) {
    throw new ArgumentError(
      `${routine}: ${names.length} arrays and numbers take part, and a kernel has room for ${mostOperands}; do it in steps`,
    );
  }
  const leaves = new Map<string, Leaf>();
  const arrays: DeviceArray[] = [];
  const scalars: number[] = [];
  for (const name of names) {
    const value = Object.hasOwn(bindings, name) ? bindings[name] : undefined;
    if (typeof value === "number") {
      leaves.set(name, "scalar");
      scalars.push(value);
    } else if (value instanceof DeviceArray) {
      leaves.set(name, { array: value.type });
      arrays.push(value);
    } else {
      const came =
        value === undefined
          ? "nothing"
          : ArrayBuffer.isView(value)
            ? "a typed array (upload it)"
            : typeof value;
      throw new ArgumentError(`${routine}: ${name} must be a device array or a number, but is ${came}`);
    }
  }
  const [model] = arrays;
  if (model === undefined) {
    throw new ArgumentError(
      `${routine}: no array takes part, so there is no number of elements; full() makes an array of one value`,
    );
  }
  for (const array of arrays) {
    if (array.device !== model.device || !sameShape(array.shape, model.shape)) {
      throw new ArgumentError(
        `${routine}: all arrays must lie on one device and have one shape, but there are ${model.toString()} and ${array.toString()}`,
      );
    }
  }
  return {
    device: model.device,
    shape: model.shape,
    size: model.size,
    wide: isWide(arrays, options),
    leaves,
    arrays,
    scalars,
  };
}

/** Calls `work` with where the arrays lie, copied first if they are views with gaps. */
function withDense<T>(arrays: readonly DeviceArray[], work: (laid: readonly Laid[]) => T): T {
  const copies: DeviceArray[] = [];
  try {
    return work(
      arrays.map(array => {
        if (array.isDense) return [array.type, array.readAddress];
        const copy = array.copy();
        copies.push(copy);
        return [copy.type, copy.readAddress];
      }),
    );
  } finally {
    for (const copy of copies) copy.free();
  }
}

function launch(
  form: "elementwise" | "reduction",
  { plan, scalars }: Planned,
  grouping: Grouping,
  { device, size, wide }: Operands,
  target: number,
  arrays: readonly Laid[],
  blocks: number,
): void {
  const key = JSON.stringify([form, plan, grouping], (_, value: unknown) =>
    typeof value === "number" && !Number.isSafeInteger(value)
      ? String(value)
      : Object.is(value, -0)
        ? "-0"
        : value,
  );
  const name = `expression_${createHash("sha256").update(key).digest("hex").slice(0, 20)}`;
  const values: Parameter[] = [
    ["u64", size],
    ["u64", target],
    ...arrays.map(([, address]) => ["u64", address] as const),
    ...scalars.map(value => [wide ? "f64" : "f32", value] as const),
  ];
  device.modules.launch(name, () => compiled(form, name, plan, grouping, device), blocks, values);
}

/** By NVRTC, whose functions are CUDA's own; where there is none, as PTX. */
function compiled(
  form: "elementwise" | "reduction",
  name: string,
  plan: Plan,
  grouping: Grouping,
  device: Device,
): Image {
  const [inC, inPtx] = form === "elementwise" ? [elementwiseC, elementwise] : [reductionC, reduction];
  return compileC(inC(name, plan, grouping), device) ?? inPtx(name, plan, grouping);
}

/** A plan, and the values of its scalars. */
interface Planned {
  readonly plan: Plan;
  readonly scalars: readonly number[];
}

function planOf(
  { wide, leaves, arrays, scalars }: Operands,
  fill: (planner: Planner) => Plan["output"],
): Planned {
  const planner = new Planner(leaves, mostOperands - leaves.size);
  const output = fill(planner);
  const { steps, accumulators, given } = planner;
  const all = [...scalars, ...given];
  const types: Dtype[] = arrays.map(array => array.type);
  return { plan: { wide, arrays: types, scalars: all.length, steps, output, accumulators }, scalars: all };
}

function expressionOf(routine: string, source: Parsed | string): Expression {
  const parsed = typeof source === "string" ? parse(source) : source;
  if (parsed instanceof Expression) return parsed;
  const hint = parsed instanceof Reduction ? "a reduction, which reduce takes" : describe(parsed);
  throw new ArgumentError(`${routine}: expected an expression, but got ${hint}`);
}

/**
 * The expression for every element, into an array that lies dense and has the shape of the others; it may be one that
 * takes part. What is computed is converted to its type. Does not wait.
 */
export function evaluateInto(
  target: DeviceArray,
  source: Parsed | string,
  bindings: Bindings,
  options: EvaluateOptions = {},
): void {
  store("evaluateInto", target, expressionOf("evaluateInto", source), bindings, options);
}

/** @param routine for errors */
function store(
  routine: string,
  target: DeviceArray,
  expression: Expression,
  bindings: Bindings,
  options: EvaluateOptions,
): void {
  requireDeviceArray(routine, "the target", target);
  const operands = operandsOf(routine, [expression], bindings, options);
  const { device, shape, size } = operands;
  if (target.device !== device || !sameShape(target.shape, shape) || !target.isDense) {
    throw new ArgumentError(
      `${routine}: ${target.toString()} must lie dense on device ${device.index} and have the shape ${show(shape)}`,
    );
  }
  const plan = planOf(operands, planner => ({ step: planner.as("number", expression), dtype: target.type }));
  const to = target.writeAddress;
  for (const array of operands.arrays) checkApart(routine, target, array);
  if (size === 0) return;
  withDense(operands.arrays, laid => {
    const grouping = groupingOf([[target.type, to], ...laid]);
    const blocks = device.modules.blocksFor(size / grouping.lanes);
    launch("elementwise", plan, grouping, operands, to, laid, blocks);
  });
}

/** In place is fine, element for element; another view of the same memory would be read after it was written. */
function checkApart(routine: string, target: DeviceArray, array: DeviceArray): void {
  const same = array.isDense && array.readAddress === target.readAddress && array.dtype === target.dtype;
  if (same || !array.isDense || !array.overlaps(target)) return;
  throw new ArgumentError(
    `${routine}: the target overlaps an array that is read; it may be the same array, or one apart`,
  );
}

/**
 * The expression for every element, as a new array: float32 or float64, or for conditions uint8. `source` is made by
 * the functions of `tsmpi/linalg`, or a text such as "exp(x) + a * sin(x)"; its parameters are given by name. A number
 * given for a parameter may change from call to call without a new kernel, and so may most that stand in the expression: but
 * for small whole ones, halves and what is equal to another. Does not wait.
 */
export function evaluate(
  source: Parsed | string,
  bindings: Bindings,
  options: EvaluateOptions = {},
): Computed {
  return computed("evaluate", expressionOf("evaluate", source), bindings, options);
}

/** @param routine for errors */
function computed(
  routine: string,
  expression: Expression,
  bindings: Bindings,
  options: EvaluateOptions,
): Computed {
  const { device, shape, wide } = operandsOf(routine, [expression], bindings, options);
  const numbers = wide ? "float64" : "float32";
  const target = empty(shape, { dtype: expression.kind === "condition" ? "uint8" : numbers, device });
  try {
    store(routine, target, expression, bindings, options);
    return target;
  } catch (error) {
    target.free();
    throw error;
  }
}

/** What a function makes of parameters that stand for arrays. */
function apply<O>(
  routine: string,
  arrays: Arrays,
  f: (...elements: Expression[]) => O,
): { made: O; bindings: Bindings } {
  const list = (Array.isArray(arrays) ? arrays : [arrays]) as readonly DeviceArray[];
  for (const [i, array] of list.entries())
    requireDeviceArray(routine, list === arrays ? `array ${i} of the list` : "the first argument", array);
  if (typeof f !== "function") {
    throw new ArgumentError(
      `${routine}: the function of the elements must be a function; got ${describe(f)}`,
    );
  }
  const names = list.map((_, i) => `argument${i + 1}`);
  const made = f(...names.map(name => parameter(name)));
  return { made, bindings: Object.fromEntries(list.map((array, i) => [names[i], array])) };
}

/** JavaScript's own operators make text or NaN of expressions, and their texts would be parsed. */
function madeExpression(routine: string, made: unknown): Expression {
  if (made instanceof Expression) return made;
  const hint = made instanceof Reduction ? "; reduce takes reductions" : "";
  throw new ArgumentError(
    `${routine}: the function must give an expression, such as x.add(1) for x + 1; it gave ${describe(made)}${hint}`,
  );
}

/** A function of the elements of an array, or of several of one shape, as a new array: `map(x, x => exp(x).mul(2))`. */
export function map<const A extends Arrays>(
  arrays: A,
  f: (...elements: Arguments<A>) => Expression,
  options: EvaluateOptions = {},
): Computed {
  const { made, bindings } = apply("map", arrays, f as (...elements: Expression[]) => Expression);
  return computed("map", madeExpression("map", made), bindings, options);
}

/** The same into an array, which may be one of those. */
export function mapInto<const A extends Arrays>(
  target: DeviceArray,
  arrays: A,
  f: (...elements: Arguments<A>) => Expression,
  options: EvaluateOptions = {},
): void {
  const { made, bindings } = apply("mapInto", arrays, f as (...elements: Expression[]) => Expression);
  store("mapInto", target, madeExpression("mapInto", made), bindings, options);
}

/**
 * One number, or several by name, of all elements: `await reduce(x, x => ({ sum: x.sum(), most: x.max() }))`, in one
 * pass. Sums are made in float64, in an order that depends on the types of the arrays, the number of elements and the
 * device's number of multiprocessors, and nothing else.
 */
export async function reduce<const A extends Arrays, R extends Reductions>(
  arrays: A,
  f: (...elements: Arguments<A>) => R,
  options?: EvaluateOptions,
): Promise<Reduced<R>>;
/** Of an expression whose parameters are given by name, as a text: `await reduce("sum((x - m) ** 2)", { x, m: 0.5 })`. */
export async function reduce(
  source: Parsed | string,
  values: Bindings,
  options?: EvaluateOptions,
): Promise<number>;
/** Several such reductions by name, in one pass. */
export async function reduce<R extends { readonly [name: string]: Reduction }>(
  sources: R,
  values: Bindings,
  options?: EvaluateOptions,
): Promise<Reduced<R>>;
export async function reduce(
  source: Arrays | Reductions | Parsed | string,
  second: unknown,
  options: EvaluateOptions = {},
): Promise<unknown> {
  const isArrays = source instanceof DeviceArray || Array.isArray(source) || typeof second === "function";
  const { made, bindings } = isArrays
    ? apply("reduce", source as Arrays, second as (...elements: Expression[]) => Reductions)
    : { made: typeof source === "string" ? parse(source) : source, bindings: second as Bindings };
  const single = made instanceof Reduction;
  const named = single ? [["", made] as const] : reductionsByName(made);
  const outcomes = named.map(([, one]) => one);
  const operands = operandsOf("reduce", outcomes, bindings, options);
  const { device, size } = operands;
  if (size === 0) {
    const without = outcomes.find(({ name }) => /min|max/.test(name));
    if (without !== undefined) throw new ArgumentError(`reduce: ${without.name} of no elements`);
  }
  const places: number[] = [];
  const planned = planOf(operands, planner => {
    for (const one of outcomes) places.push(planner.reduce(one, operands.wide));
    return undefined;
  });
  const { plan } = planned;
  // As many as run at once, so that a thread adds up as much as it can before blocks are put together.
  const most = device.modules.multiprocessors * 8;
  const blocks = Math.min(device.modules.blocksFor(size / lanesOf(plan.arrays)), most);
  const slots = (plan.accumulators.length * slotBytes) / 8;
  using partial = empty([blocks, slots], { dtype: "float64", device });
  withDense(operands.arrays, laid => {
    launch("reduction", planned, groupingToRead(laid), operands, partial.writeAddress, laid, blocks);
  });
  const parts = await partial.download();
  const totals = plan.accumulators.map(({ how }, i) => total(how, parts, slots, (i * slotBytes) / 8));
  const numbers = outcomes.map(({ name }, i) => {
    const { accumulators, number } = finishes[name];
    return number(totals.slice(places[i], places[i] + accumulators.length), size);
  });
  return single ? numbers[0] : Object.fromEntries(named.map(([name], i) => [name, numbers[i]]));
}

function reductionsByName(made: unknown): [string, Reduction][] {
  const wrong = (what: string, value: unknown): ArgumentError =>
    new ArgumentError(
      `reduce: ${what} must be a reduction, such as x.sum(); it is ${describe(value)}${value instanceof Expression ? ", which map takes" : ""}`,
    );
  if (
    typeof made !== "object" ||
    made === null ||
    made instanceof Expression ||
    Object.keys(made).length === 0
  )
    throw wrong("what is given, or each of several by name,", made);
  const named = Object.entries(made);
  for (const [name, one] of named) if (!(one instanceof Reduction)) throw wrong(name, one);
  return named as [string, Reduction][];
}

/** Puts the blocks together, in their order. */
function total(how: Accumulation, parts: Float64Array, slots: number, at: number): number {
  let [value, place] = [parts[at], parts[at + 1]];
  for (let i = at + slots; i < parts.length; i += slots) {
    const [next, where] = [parts[i], parts[i + 1]];
    if (how === "sum") value += next;
    else if (how === "min") value = Math.min(value, next);
    else if (how === "max") value = Math.max(value, next);
    else {
      const better = how === "argmin" ? next < value : next > value;
      const equal = next === value || (Number.isNaN(next) && Number.isNaN(value));
      const before = (!Number.isNaN(value) && (better || Number.isNaN(next))) || (equal && where < place);
      if (before) [value, place] = [next, where];
    }
  }
  return how.startsWith("arg") ? place : value;
}
