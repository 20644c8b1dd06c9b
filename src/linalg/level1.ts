/** BLAS level 1: vectors. */
import { ArgumentError } from "../errors.ts";
import { type OptionNames, requireKnownOptions } from "../known-options.ts";
import { begin, nothing, putScalar, type Run, routine } from "./call.ts";
import { checkApart } from "./overlap.ts";
import { checkDimension, checkScalar, checkVector, dtypeCode } from "./shapes.ts";
import {
  type ElementOptions,
  elementOptions,
  type FloatArray,
  type Mode,
  type Returned,
  type Scalar,
} from "./types.ts";

export interface VectorOptions extends ElementOptions {
  /** Number of elements; as many as x holds, `incx` apart, unless said. */
  n?: number;
  /** Elements from one element of x to the next, 1 unless said. When negative, x begins at its end in memory. */
  incx?: number;
}

export interface VectorsOptions extends VectorOptions {
  incy?: number;
}

export interface DotOptions extends VectorsOptions {
  /** Of complex vectors: the sum of conj(x) y instead of x y. False unless said. */
  conjugate?: boolean;
}

const vectorOptions: OptionNames<VectorOptions> = { ...elementOptions, n: true, incx: true };
const vectorsOptions: OptionNames<VectorsOptions> = { ...vectorOptions, incy: true };
const dotOptions: OptionNames<DotOptions> = { ...vectorsOptions, conjugate: true };

type Product<O> = O extends { complex: true } ? [re: number, im: number] : number;

/** @throws {ArgumentError} when an array is too short, or the arrays are of different types. */
export interface Level1<M extends Mode> {
  /** The sum of x y; of complex vectors a pair. */
  dot<O extends DotOptions>(x: FloatArray, y: FloatArray, options?: O): Returned<M, Product<O>>;
  /** y += alpha x. */
  axpy(alpha: Scalar, x: FloatArray, y: FloatArray, options?: VectorsOptions): Returned<M, void>;
  /** The Euclidean norm of x, without overflow or underflow on the way. */
  nrm2(x: FloatArray, options?: VectorOptions): Returned<M, number>;
  /** The sum of absolute values; of complex numbers |re| + |im|, as in BLAS. */
  asum(x: FloatArray, options?: VectorOptions): Returned<M, number>;
  /** The place, from 0 on, of the first element with the largest absolute value (|re| + |im|), or of the first NaN. -1 when n is 0. */
  iamax(x: FloatArray, options?: VectorOptions): Returned<M, number>;
  /** x *= alpha. */
  scal(alpha: Scalar, x: FloatArray, options?: VectorOptions): Returned<M, void>;
  /** y = x. */
  copy(x: FloatArray, y: FloatArray, options?: VectorsOptions): Returned<M, void>;
  /** Exchanges x and y. */
  swap(x: FloatArray, y: FloatArray, options?: VectorsOptions): Returned<M, void>;
  /** Turns the plane of each pair: x = c x + s y, y = c y - s x. */
  rot(x: FloatArray, y: FloatArray, c: number, s: number, options?: VectorsOptions): Returned<M, void>;
}

const noOptions = {};
const first = (numbers: Float64Array): number => numbers[0];
const pair = (numbers: Float64Array): [number, number] => [numbers[0], numbers[1]];

function lengthOf(name: string, x: FloatArray, options: VectorOptions): number {
  const { n, incx = 1, complex = false } = options;
  if (n !== undefined) {
    checkDimension(name, "n", n);
    return n;
  }
  if (incx === 1 && !complex) return x.length;
  const elements = complex ? Math.floor(x.length / 2) : x.length;
  return Math.ceil(elements / Math.abs(incx));
}

export function level1<M extends Mode>(run: Run<M>): Level1<M> {
  /** The numbers of a routine of one vector, or of two; what comes before and after n is put by the caller. */
  function oneVector(name: keyof typeof routine, x: FloatArray, options: VectorOptions): Float64Array {
    requireKnownOptions(name, options, vectorOptions);
    const { incx = 1, complex = false } = options;
    const dtype = dtypeCode(name, complex, "x", x);
    const n = lengthOf(name, x, options);
    checkVector(name, "x", x, n, incx, complex);
    const numbers = begin(routine[name], dtype);
    numbers[2] = n;
    numbers[3] = incx;
    return numbers;
  }

  function twoVectors(
    name: keyof typeof routine,
    x: FloatArray,
    y: FloatArray,
    options: VectorsOptions,
    written: "" | "x" | "y",
    place: number,
    between: number,
  ): Float64Array {
    requireKnownOptions(name, options, name === "dot" ? dotOptions : vectorsOptions);
    const { incx = 1, incy = 1, complex = false } = options;
    const dtype = dtypeCode(name, complex, "x y", x, y);
    const n = lengthOf(name, x, options);
    checkVector(name, "x", x, n, incx, complex);
    checkVector(name, "y", y, n, incy, complex);
    if (written !== "") {
      checkApart(
        name,
        written,
        y,
        n,
        1,
        Math.abs(incy),
        written === "y" ? "x" : "y",
        x,
        n,
        1,
        Math.abs(incx),
        complex,
      );
    }
    const numbers = begin(routine[name], dtype);
    numbers[place] = n;
    numbers[place + 1 + between] = incx;
    numbers[place + 2 + between] = incy;
    return numbers;
  }

  const methods: Level1<M> = {
    dot(x: FloatArray, y: FloatArray, options: DotOptions = noOptions) {
      const numbers = twoVectors("dot", x, y, options, "", 3, 0);
      numbers[2] = options.conjugate ? 1 : 0;
      return run<any>(options.complex ? pair : first, x, y);
    },
    axpy(alpha, x, y, options = noOptions) {
      const numbers = twoVectors("axpy", x, y, options, "y", 2, 2);
      checkScalar("axpy", "alpha", alpha, options.complex ?? false);
      putScalar(numbers, 3, alpha);
      return run(nothing, x, y);
    },
    nrm2(x, options = noOptions) {
      oneVector("nrm2", x, options);
      return run(first, x);
    },
    asum(x, options = noOptions) {
      oneVector("asum", x, options);
      return run(first, x);
    },
    iamax(x, options = noOptions) {
      oneVector("iamax", x, options);
      return run(first, x);
    },
    scal(alpha, x, options = noOptions) {
      const numbers = oneVector("scal", x, options);
      checkScalar("scal", "alpha", alpha, options.complex ?? false);
      numbers[5] = numbers[3];
      putScalar(numbers, 3, alpha);
      return run(nothing, x);
    },
    copy(x, y, options = noOptions) {
      twoVectors("copy", x, y, options, "y", 2, 0);
      return run(nothing, x, y);
    },
    swap(x, y, options = noOptions) {
      twoVectors("swap", x, y, options, "x", 2, 0);
      return run(nothing, x, y);
    },
    rot(x, y, c, s, options = noOptions) {
      for (const [name, value] of [
        ["c", c],
        ["s", s],
      ] as const) {
        if (typeof value !== "number")
          throw new ArgumentError(`rot: ${name} must be a number, but is ${String(value)}`);
      }
      const numbers = twoVectors("rot", x, y, options, "x", 6, 0);
      putScalar(numbers, 2, c);
      putScalar(numbers, 4, s);
      return run(nothing, x, y);
    },
  };
  return methods;
}
