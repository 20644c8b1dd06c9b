/** Expressions as CUDA C, which NVRTC compiles: with all functions of CUDA's mathematical library. */
import type { FunctionName } from "../../linalg/index.ts";
import type { Dtype } from "../dtype.ts";
import { slotBytes } from "../ptx/expression.ts";
import { type Grouping, vectorBytes } from "../ptx/groups.ts";
import type { Plan, Step } from "./plan.ts";

/** How an element lies in memory. */
const storedAs: { readonly [dtype: string]: string } = {
  float64: "double",
  float32: "float",
  float16: "unsigned short",
  bfloat16: "unsigned short",
  int8: "signed char",
  uint8: "unsigned char",
  int16: "short",
  uint16: "unsigned short",
  int32: "int",
  uint32: "unsigned int",
  int64: "long long",
  uint64: "unsigned long long",
};

/** Halves without CUDA's headers, which need not be there. Below, `T` is the type that is computed in. */
const prelude = `
typedef unsigned long long u64;
__device__ __forceinline__ float fromHalf(unsigned short x) { float y; asm("cvt.f32.f16 %0, %1;" : "=f"(y) : "h"(x)); return y; }
__device__ __forceinline__ unsigned short toHalf(float x) { unsigned short y; asm("cvt.rn.f16.f32 %0, %1;" : "=h"(y) : "f"(x)); return y; }
__device__ __forceinline__ float fromBfloat(unsigned short x) { return __uint_as_float((unsigned int)x << 16); }
__device__ __forceinline__ unsigned short toBfloat(float x) {
  unsigned int bits = __float_as_uint(x);
  return x != x ? 0x7fff : (unsigned short)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}
__device__ __forceinline__ T smaller(T a, T b) { return a != a || b != b ? NAN_T : a < b ? a : b; }
__device__ __forceinline__ T larger(T a, T b) { return a != a || b != b ? NAN_T : a > b ? a : b; }
__device__ __forceinline__ T signOf(T x) { return x > 0 ? T(1) : x < 0 ? T(-1) : x; }
__device__ __forceinline__ T roundUp(T x) { T f = floorT(x); return copysignT(fabsT(x - f >= T(0.5) ? f + T(1) : f), x); }
// Neighbouring elements, which vector instructions of so many bytes move.
template <typename E, int lanes, int bytes> struct alignas(bytes) Group { E of[lanes]; };
struct Kept { T value; u64 place; };
template <bool Least> __device__ __forceinline__ void include(Kept& kept, T value, u64 place) {
  bool number = kept.value == kept.value, nan = value != value;
  bool better = number && (nan || (Least ? value < kept.value : value > kept.value));
  bool equal = value == kept.value || (nan && !number);
  if (better || (equal && place < kept.place)) { kept.value = value; kept.place = place; }
}
template <bool Least> __device__ void finish(Kept kept, double* target) {
  __shared__ Kept all[256];
  all[threadIdx.x] = kept;
  for (unsigned int half = 128; half >= 1; half /= 2) {
    __syncthreads();
    if (threadIdx.x < half) include<Least>(all[threadIdx.x], all[threadIdx.x + half].value, all[threadIdx.x + half].place);
  }
  if (threadIdx.x == 0) { target[0] = all[0].value; target[1] = all[0].place; }
  __syncthreads();
}
__device__ void finishSum(double sum, double* target) {
  __shared__ double all[256];
  all[threadIdx.x] = sum;
  for (unsigned int half = 128; half >= 1; half /= 2) {
    __syncthreads();
    if (threadIdx.x < half) all[threadIdx.x] += all[threadIdx.x + half];
  }
  if (threadIdx.x == 0) target[0] = all[0];
  __syncthreads();
}
`;

const infix: { readonly [name in FunctionName]?: string } = {
  add: "+",
  subtract: "-",
  multiply: "*",
  divide: "/",
  less: "<",
  lessEqual: "<=",
  equal: "==",
  notEqual: "!=",
  and: "&&",
  or: "||",
};

/** Those that have another name, or none, in C. */
const named: { readonly [name in FunctionName]?: string } = {
  abs: "fabsT",
  sign: "signOf",
  floor: "floorT",
  round: "roundUp",
  minimum: "smaller",
  maximum: "larger",
};

/** Names of the types and functions of one precision. */
function definitions(wide: boolean): string {
  const suffix = wide ? "" : "f";
  return [
    `typedef ${wide ? "double" : "float"} T;`,
    `#define NAN_T ${wide ? "__longlong_as_double(0x7ff8000000000000LL)" : "__int_as_float(0x7fffffff)"}`,
    `#define INFINITY_T ${wide ? "__longlong_as_double(0x7ff0000000000000LL)" : "__int_as_float(0x7f800000)"}`,
    ...["fabs", "floor", "copysign"].map(name => `#define ${name}T ${name}${suffix}`),
  ].join("\n");
}

function constant(value: number, wide: boolean): string {
  const bits = new DataView(new ArrayBuffer(8));
  if (wide) {
    bits.setFloat64(0, value);
    return `__longlong_as_double(0x${bits.getBigUint64(0).toString(16)}LL)`;
  }
  bits.setFloat32(0, value);
  return `__uint_as_float(0x${bits.getUint32(0).toString(16)}u)`;
}

function loaded({ name }: Dtype, element: string): string {
  if (name === "float16") return `fromHalf(${element})`;
  return name === "bfloat16" ? `fromBfloat(${element})` : element;
}

/** Intrinsics that cut, at the ends of their range, by the bytes of the target. */
const whole: { readonly [type: string]: string } = { int: "int", uint: "uint", int64: "ll", uint64: "ull" };

/** As `convertFor` of the PTX form: the language itself leaves NaN and what lies beyond the range open. */
function stored({ name, bytes, float }: Dtype, value: string, wide: boolean): string {
  if (name === "float16") return `toHalf(${value})`;
  if (name === "bfloat16") return `toBfloat(${value})`;
  if (float) return `(${storedAs[name]})(${value})`;
  const sign = name.startsWith("u") ? "uint" : "int";
  const cut = `__${wide ? "double" : "float"}2${whole[bytes < 4 ? "int" : bytes === 4 ? sign : name]}_rz(${value})`;
  const [least, most] =
    sign === "int" ? [-(2 ** (bytes * 8 - 1)), 2 ** (bytes * 8 - 1) - 1] : [0, 2 ** (bytes * 8) - 1];
  const clamped = bytes < 4 ? `min(max(${cut}, ${least}), ${most})` : cut;
  return `${value} != ${value} ? 0 : (${storedAs[name]})${clamped}`;
}

function valueText(step: Step, { wide, arrays }: Plan): string {
  if (step.op === "constant") return constant(step.value, wide);
  if (step.op === "scalar") return `scalar${step.index}`;
  if (step.op === "array") return `(T)${loaded(arrays[step.index], `element${step.index}`)}`;
  const operands = step.from.map(from => `v${from}`);
  const [a, b, c] = operands;
  switch (step.op) {
    case "toNumber":
      return `${a} ? T(1) : T(0)`;
    case "toCondition":
      return `${a} != T(0)`;
    case "negate":
      return `-${a}`;
    case "not":
      return `!${a}`;
    case "where":
      return `${a} ? ${b} : ${c}`;
    case "isnan":
      return `${a} != ${a}`;
    case "isfinite":
      return `fabsT(${a}) < INFINITY_T`;
  }
  const sign = infix[step.op];
  if (sign !== undefined) return `${a} ${sign} ${b}`;
  return `${named[step.op] ?? `${step.op}${wide ? "" : "f"}`}(${operands.join(", ")})`;
}

/**
 * Everything but what is done with an element, of which `body` is the last: parameters as of the PTX forms. Elements
 * come by groups, which are loaded and stored as one where they are vectors.
 */
function kernel(
  name: string,
  plan: Plan,
  grouping: Grouping,
  target: string,
  before: readonly string[],
  body: readonly string[],
  after: readonly string[],
): string {
  const { lanes } = grouping;
  const stores = plan.output !== undefined;
  const arrays = plan.arrays.map((dtype, i) => ({ name: `array${i}`, type: storedAs[dtype.name], dtype }));
  const group = (type: string, bytes: number): string =>
    `Group<${type}, ${lanes}, ${grouping.vectors ? Math.min(lanes * bytes, vectorBytes) : bytes}>`;
  const parameters = [
    "u64 count",
    `${target}* target`,
    ...arrays.map(({ name: array, type }) => `const ${type}* ${array}`),
    ...Array.from({ length: plan.scalars }, (_, i) => `T scalar${i}`),
  ];
  const steps = plan.steps.map(
    (step, i) => `    const ${step.kind === "number" ? "T" : "bool"} v${i} = ${valueText(step, plan)};`,
  );
  /** The function of an element, called. */
  const called = (index: string, element: (array: string) => string): string =>
    `one(${[index, ...arrays.map(({ name: array }) => element(array))].join(", ")})`;
  return [
    definitions(plan.wide),
    prelude,
    `extern "C" __global__ void ${name}(${parameters.join(", ")}) {`,
    ...before,
    `  const auto one = [&](${["u64 i", ...arrays.map(({ type }, i) => `${type} element${i}`)].join(", ")}) {`,
    ...steps,
    ...body,
    "  };",
    "  const u64 thread = blockIdx.x * (u64)blockDim.x + threadIdx.x, threads = gridDim.x * (u64)blockDim.x;",
    `  const u64 groups = count / ${lanes};`,
    "  for (u64 group = thread; group < groups; group += threads) {",
    ...arrays.map(
      ({ name: array, type, dtype }) =>
        `    const auto loaded_${array} = ((const ${group(type, dtype.bytes)}*)${array})[group];`,
    ),
    ...(stores ? [`    ${group(target, plan.output!.dtype.bytes)} made;`] : []),
    "#pragma unroll",
    `    for (int k = 0; k < ${lanes}; k++) ${stores ? "made.of[k] = " : ""}${called(`group * ${lanes} + k`, array => `loaded_${array}.of[k]`)};`,
    ...(stores ? [`    ((${group(target, plan.output!.dtype.bytes)}*)target)[group] = made;`] : []),
    "  }",
    `  const u64 rest = groups * ${lanes} + thread;`,
    `  if (rest < count) ${stores ? "target[rest] = " : ""}${called("rest", array => `${array}[rest]`)};`,
    ...after,
    "}",
    "",
  ].join("\n");
}

/** target[i] = expression of element i. */
export function elementwiseC(name: string, plan: Plan, grouping: Grouping): string {
  const { step, dtype } = plan.output!;
  const type = storedAs[dtype.name];
  const body = [`    return (${type})(${stored(dtype, `v${step}`, plan.wide)});`];
  return kernel(name, plan, grouping, type, [], body, []);
}

/** One number, and for arguments a place, for each block of threads and accumulator, as the PTX form leaves them. */
export function reductionC(name: string, plan: Plan, grouping: Grouping): string {
  const [before, body, after]: string[][] = [[], [], []];
  const slots = slotBytes / 8;
  for (const [i, { how, of }] of plan.accumulators.entries()) {
    const target = `target + (blockIdx.x * ${plan.accumulators.length}ull + ${i}) * ${slots}`;
    if (how === "sum") {
      before.push(`  double kept${i} = 0;`);
      body.push(`    kept${i} += ${of.map(step => `(double)v${step}`).join(" * ")};`);
      after.push(`  finishSum(kept${i}, ${target});`);
    } else {
      const least = how.endsWith("min");
      before.push(`  Kept kept${i} = {${least ? "" : "-"}INFINITY_T, ~0ull};`);
      body.push(`    include<${least}>(kept${i}, v${of[0]}, i);`);
      after.push(`  finish<${least}>(kept${i}, ${target});`);
    }
  }
  return kernel(name, plan, grouping, "double", before, body, after);
}
