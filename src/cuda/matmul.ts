/** Matrix products by cuBLAS. */
import { describe } from "../describe.ts";
import { ArgumentError } from "../index.ts";
import { type OptionNames, requireKnownOptions } from "../known-options.ts";
import { type DeviceArray, empty, requireDeviceArray } from "./array.ts";
import type { Device } from "./device.ts";
import { type Dtype, type DtypeName, dtypeNamed } from "./dtype.ts";
import { cublas, failure } from "./library.ts";
import { scale, scaleName } from "./ptx/scale.ts";
import { sameShape, show, sizeOf } from "./shape.ts";

/** The type of a product unless the options say otherwise. */
export type ProductDtype<D extends DtypeName> = D extends "int8" ? "int32" : D;

export interface MatmulOptions<R extends DtypeName = DtypeName> {
  /** Factor of the product; 1 unless said. */
  alpha?: number;
  /** Type of the result: that of the operands, or "float32" for halves. Of int8 it is always "int32". */
  dtype?: R;
  /** float32 only: lets the tensor cores round the factors to 10 bits of mantissa (TF32), many times faster. */
  tf32?: boolean;
}

export interface MatmulIntoOptions extends Omit<MatmulOptions, "dtype"> {
  /** Factor of what `target` holds, which is added; 0 unless said, and then what it holds does not matter. */
  beta?: number;
}

export const matmulOptions: OptionNames<MatmulOptions> = { alpha: true, dtype: true, tf32: true };
const matmulIntoOptions: OptionNames<MatmulIntoOptions> = { alpha: true, beta: true, tf32: true };

// cublasComputeType_t
const compute32F = 68;
const compute64F = 70;
const compute32I = 72;
const compute32FastTF32 = 77;

const operandTypes = ["float64", "float32", "float16", "bfloat16", "int8"];
const largest = 2 ** 31 - 1;
const defaultAlgorithm = -1;

// cublasStatus_t
const notInitialized = 1;
const allocationFailed = 3;
const notSupported = 15;

/** Bytes with which cuBLAS starts on every device. */
const startBytes = 2 ** 27;

const handles = new WeakMap<Device, number>();

function handleFor(device: Device): number {
  device.use();
  let handle = handles.get(device);
  if (handle === undefined) {
    const out = new BigUint64Array(1);
    const status = device.pool.spare("cuBLAS", allocationFailed, () => {
      const created = cublas().cublasCreate_v2(out);
      // Where it finds no room for its workspace and kernels it says no more than that it has not started.
      return created === notInitialized && device.memoryInfo().free < startBytes ? allocationFailed : created;
    });
    if (status !== 0) throw failure("cublasCreate_v2", status, `starting cuBLAS on ${device.toString()}`);
    handle = Number(out[0]);
    const set = cublas().cublasSetStream_v2(handle, device.stream);
    if (set !== 0) throw failure("cublasSetStream_v2", set);
    handles.set(device, handle);
  }
  return handle;
}

/** Version of cuBLAS, as 130100 for 13.1. @throws {CudaUnavailableError} */
export function cublasVersion(device: Device): number {
  const version = new Int32Array(1);
  const status = cublas().cublasGetVersion_v2(handleFor(device), version);
  if (status !== 0) throw failure("cublasGetVersion_v2", status);
  return version[0];
}

/** A stack of matrices as BLAS wants it: rows `ld` apart, or columns when it lies transposed; matrices `step` apart. */
interface Operand {
  readonly array: DeviceArray;
  readonly transposed: boolean;
  readonly ld: number;
  readonly step: number;
}

interface Layout {
  readonly transposed: boolean;
  readonly ld: number;
}

/** How a matrix can be said to lie: in two ways where it is a vector, in none where BLAS has no words for its strides. */
function layoutsOf(rows: number, columns: number, rowStep: number, columnStep: number): Layout[] {
  const layouts: Layout[] = [];
  if ((columnStep === 1 || columns <= 1) && (rowStep >= columns || rows <= 1))
    layouts.push({ transposed: false, ld: Math.max(rowStep, columns, 1) });
  if ((rowStep === 1 || rows <= 1) && (columnStep >= rows || columns <= 1))
    layouts.push({ transposed: true, ld: Math.max(columnStep, rows, 1) });
  return layouts;
}

/** Elements from one matrix of a stack to the next, or undefined when that differs. */
function stepOf(shape: readonly number[], strides: readonly number[]): number | undefined {
  let step: number | undefined;
  let covered = 0;
  for (let axis = shape.length - 3; axis >= 0; axis--) {
    if (shape[axis] === 1) continue;
    step ??= strides[axis];
    if (covered !== 0 && strides[axis] !== covered) return undefined;
    covered = strides[axis] * shape[axis];
  }
  return step ?? 0;
}

/** Whether a stack lies as cuBLAS reads int8, four bytes at a time. */
function isByFours({ readAddress }: DeviceArray, { ld }: Layout, step: number): boolean {
  return readAddress % 4 === 0 && ld % 4 === 0 && step % 4 === 0;
}

/** As an operand, copied first where BLAS has no words for its strides; `owned` collects such copies. */
function operand(array: DeviceArray, owned: DeviceArray[], isCopy = false): Operand {
  const { shape, strides, dtype } = array;
  const step = stepOf(shape, strides);
  if (step !== undefined) {
    const layouts = layoutsOf(shape.at(-2)!, shape.at(-1)!, strides.at(-2)!, strides.at(-1)!);
    const layout = dtype === "int8" ? layouts.find(one => isByFours(array, one, step)) : layouts.at(0);
    if (layout !== undefined) return { array, ...layout, step };
  }
  if (isCopy) {
    throw new ArgumentError(
      `matmul: cuBLAS wants rows of int8 at multiples of 4 bytes, also where they are of a transposed view; pad ${array.toString()} with zeros`,
    );
  }
  const copy = array.copy();
  owned.push(copy);
  return operand(copy, owned, true);
}

/** What a product will look like. A vector is a row on the left and a column on the right. */
interface Plan {
  readonly batch: readonly number[];
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Shape of the result. */
  readonly shape: readonly number[];
}

function plan(a: DeviceArray, b: DeviceArray): Plan {
  requireDeviceArray("matmul", "the left", a);
  requireDeviceArray("matmul", "the right", b);
  const wrong = (why: string): ArgumentError =>
    new ArgumentError(`matmul(${show(a.shape)}, ${show(b.shape)}): ${why}`);
  if (a.shape.length === 0 || b.shape.length === 0) throw wrong("both need at least one axis");
  if (a.dtype !== b.dtype) throw wrong(`the types differ, ${a.dtype} and ${b.dtype}; use astype`);
  if (!operandTypes.includes(a.dtype))
    throw wrong(`${a.dtype} cannot be multiplied; these can: ${operandTypes.join(", ")}`);
  if (a.device !== b.device)
    throw wrong(`they lie on devices ${a.device.index} and ${b.device.index}; use to()`);
  const left = a.shape.length === 1 ? [1, ...a.shape] : a.shape;
  const right = b.shape.length === 1 ? [...b.shape, 1] : b.shape;
  const [m, k] = left.slice(-2);
  const [inner, n] = right.slice(-2);
  if (k !== inner) throw wrong(`the left has ${k} columns, the right ${inner} rows`);
  const [batchA, batchB] = [left.slice(0, -2), right.slice(0, -2)];
  if (batchA.length > 0 && batchB.length > 0 && !sameShape(batchA, batchB)) {
    throw wrong("the stacks of matrices differ in shape");
  }
  for (const length of [m, n, k]) if (length > largest) throw wrong(`cuBLAS takes lengths up to ${largest}`);
  const batch = batchA.length > 0 ? batchA : batchB;
  const shape = [...batch, ...(a.shape.length === 1 ? [] : [m]), ...(b.shape.length === 1 ? [] : [n])];
  return { batch, m, n, k, shape };
}

/** The type of the result that cuBLAS has for these operands. */
export function resultType(operands: DtypeName, wanted: DtypeName | undefined): Dtype {
  const natural = operands === "int8" ? "int32" : operands;
  const halves = operands === "float16" || operands === "bfloat16";
  if (wanted === undefined || wanted === natural || (halves && wanted === "float32"))
    return dtypeNamed(wanted ?? natural);
  throw new ArgumentError(
    `matmul: a product of ${operands} is ${halves ? `${natural} or float32` : natural}, not ${wanted}`,
  );
}

/**
 * The matrix product of two arrays on one device, on the last two axes; axes before them are a stack, which both must
 * have alike, or one of them not at all. Views that are transposed or sliced cost no copy. float64, float32 (in full
 * precision unless `tf32`), float16 and bfloat16 (summed in float32), int8 (summed in int32). Does not wait.
 * @throws {ArgumentError} shapes, types or devices that do not go together
 * @throws {CudaUnavailableError} there is no cuBLAS
 */
export function matmul<D extends DtypeName, R extends DtypeName = ProductDtype<D>>(
  a: DeviceArray<D>,
  b: DeviceArray<D>,
  options: MatmulOptions<R> = {},
): DeviceArray<R> {
  requireKnownOptions("matmul", options, matmulOptions);
  const { shape } = plan(a, b);
  const { dtype, ...rest } = options;
  const target = empty(shape, { dtype: resultType(a.dtype, dtype).name as R, device: a.device });
  try {
    matmulInto(target, a, b, rest);
    return target;
  } catch (error) {
    target.free();
    throw error;
  }
}

/**
 * target = alpha a b + beta target. `target` may be a view whose last axis is dense, and must share no memory with the
 * operands. Does not wait.
 * @throws {ArgumentError} shapes, types or devices that do not go together
 * @throws {CudaUnavailableError} there is no cuBLAS
 */
export function matmulInto(
  target: DeviceArray,
  a: DeviceArray,
  b: DeviceArray,
  options: MatmulIntoOptions = {},
): void {
  requireKnownOptions("matmulInto", options, matmulIntoOptions);
  const { alpha = 1, beta = 0, tf32 = false } = options;
  requireDeviceArray("matmulInto", "the target", target);
  const { batch, m, n, k, shape } = plan(a, b);
  if (!sameShape(target.shape, shape)) {
    throw new ArgumentError(
      `matmulInto: the product has the shape ${show(shape)}, the target ${show(target.shape)}`,
    );
  }
  resultType(a.dtype, target.dtype);
  if (target.device !== a.device) {
    throw new ArgumentError(
      `matmulInto: the target lies on device ${target.device.index}, the operands on ${a.device.index}`,
    );
  }
  if (target.storage === a.storage || target.storage === b.storage) {
    throw new ArgumentError("matmulInto: the target shares memory with an operand");
  }
  if (typeof tf32 !== "boolean")
    throw new ArgumentError(`matmul: tf32 must be true or false; got ${describe(tf32)}`);
  if (tf32 && a.dtype !== "float32") throw new ArgumentError(`matmul: tf32 is for float32, not ${a.dtype}`);
  const { factor, compute } = arithmetic(a.dtype, tf32);
  const [one, zero] = [factor("alpha", alpha), factor("beta", beta)];
  if (k === 0) {
    scaleBy(beta, target, m, n, resultLayout(target, a, b));
    return;
  }
  const owned: DeviceArray[] = [];
  try {
    const left = operand(asMatrix(a, "row", owned), owned);
    const right = operand(asMatrix(b, "column", owned), owned);
    const result = resultLayout(target, a, b);
    for (const { ld } of [left, right, result]) {
      if (ld > largest)
        throw new ArgumentError(`matmul: rows lie ${ld} elements apart; cuBLAS takes up to ${largest}`);
    }
    // cuBLAS is column-major, and so sees all three transposed: C' = B' A'.
    const handle = handleFor(a.device);
    const operation = ({ transposed }: Operand): number => (transposed ? 1 : 0);
    const from = (side: Operand): [number, number, number] => [
      side.array.readAddress,
      side.array.type.cuda!,
      side.ld,
    ];
    const to: [number, number, number] = [target.writeAddress, target.type.cuda!, result.ld];
    if (target.size === 0) return;
    const count = sizeOf(batch);
    const multiply = (): number =>
      count === 1
        ? cublas().cublasGemmEx(
            handle,
            operation(right),
            operation(left),
            n,
            m,
            k,
            one,
            ...from(right),
            ...from(left),
            zero,
            ...to,
            compute,
            defaultAlgorithm,
          )
        : cublas().cublasGemmStridedBatchedEx(
            handle,
            operation(right),
            operation(left),
            n,
            m,
            k,
            one,
            ...from(right),
            right.step,
            ...from(left),
            left.step,
            zero,
            ...to,
            result.step,
            count,
            compute,
            defaultAlgorithm,
          );
    const status = a.device.pool.spare("cuBLAS", allocationFailed, multiply);
    if (status !== 0) {
      const call = count === 1 ? "cublasGemmEx" : "cublasGemmStridedBatchedEx";
      const hint =
        status === notSupported && a.dtype === "int8"
          ? " (of int8 some GPUs want all lengths to be multiples of 4: pad with zeros)"
          : "";
      throw failure(call, status, `multiplying ${a.toString()} by ${b.toString()}${hint}`);
    }
  } finally {
    for (const array of owned) array.free();
  }
}

/** What a product leaves that has nothing to add up; of cuBLAS its documentation does not say. */
function scaleBy(
  factor: number,
  target: DeviceArray,
  rows: number,
  columns: number,
  { ld, step }: { ld: number; step: number },
): void {
  const to = target.writeAddress;
  if (target.size === 0) return;
  const { type, size } = target;
  const { modules } = target.device;
  modules.launch(scaleName(type), () => scale(type), modules.blocksFor(size), [
    ["u64", size],
    ["u64", to],
    ["u64", columns],
    ["u64", rows],
    ["u64", ld],
    ["u64", step],
    ["f64", factor],
  ]);
}

/** The types of sums and factors for an operand's type. */
function arithmetic(
  dtype: DtypeName,
  tf32: boolean,
): { compute: number; factor: (name: string, value: number) => ArrayBufferView } {
  const real = (name: string, value: number): number => {
    if (typeof value === "number") return value;
    throw new ArgumentError(`matmul: ${name} must be a number; got ${describe(value)}`);
  };
  if (dtype === "float64")
    return { compute: compute64F, factor: (name, value) => new Float64Array([real(name, value)]) };
  if (dtype !== "int8") {
    return {
      compute: tf32 ? compute32FastTF32 : compute32F,
      factor: (name, value) => new Float32Array([real(name, value)]),
    };
  }
  return {
    compute: compute32I,
    factor: (name, value) => {
      const factors = new Int32Array([real(name, value)]);
      if (factors[0] === value) return factors;
      throw new ArgumentError(
        `matmul: ${name} of int8 must be a whole number of 32 bits; got ${describe(value)}`,
      );
    },
  };
}

function asMatrix(array: DeviceArray, as: "row" | "column", owned: DeviceArray[]): DeviceArray {
  if (array.shape.length > 1) return array;
  const [length] = array.shape;
  const [step] = array.strides;
  const [shape, strides] =
    as === "row"
      ? [
          [1, length],
          [length * step, step],
        ]
      : [
          [length, 1],
          [step, 1],
        ];
  const matrix = array.restride(shape, strides);
  owned.push(matrix);
  return matrix;
}

/** How the target lies, with the axes that a vector operand has taken away. */
function resultLayout(target: DeviceArray, a: DeviceArray, b: DeviceArray): { ld: number; step: number } {
  const shape = [...target.shape];
  const strides = [...target.strides];
  if (b.shape.length === 1) {
    shape.push(1);
    strides.push(1);
  }
  if (a.shape.length === 1) {
    shape.splice(-1, 0, 1);
    strides.splice(-1, 0, shape.at(-1)! * strides.at(-1)!);
  }
  const layout = layoutsOf(shape.at(-2)!, shape.at(-1)!, strides.at(-2)!, strides.at(-1)!).find(
    ({ transposed }) => !transposed,
  );
  const step = stepOf(shape, strides);
  if (layout !== undefined && step !== undefined) return { ld: layout.ld, step };
  throw new ArgumentError("matmulInto: the rows of the target must lie dense, and its matrices evenly apart");
}
