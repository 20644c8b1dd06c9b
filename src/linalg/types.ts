/** What the routines take. */
import type { OptionNames } from "../known-options.ts";

/** Elements of a matrix or a vector; complex numbers lie interleaved, real before imaginary part. */
export type FloatArray = Float32Array | Float64Array;

/** Element types, as NumPy names them. */
export type Dtype = "float32" | "float64" | "complex64" | "complex128";

/** An element of a matrix: a number, or a pair of real and imaginary part where it is complex. */
export type Element = number | [re: number, im: number];

/** A factor; complex ones are pairs of real and imaginary part. */
export type Scalar = number | readonly [re: number, im: number];

/** "N": as it is, "T": transposed, "C": conjugate transposed (of real matrices the same as "T"). */
export type Transpose = "N" | "T" | "C";

/** Which triangle of a matrix is used, "L" (lower) or "U" (upper); the other is neither read nor written. */
export type Uplo = "L" | "U";

/** "U": the diagonal of a triangular matrix is taken to be ones, whatever is stored there. */
export type Diag = "N" | "U";

/** On which side of the other matrix the triangular or symmetric one stands. */
export type Side = "L" | "R";

export interface ElementOptions {
  /**
   * The arrays hold complex numbers, interleaved; all dimensions, leading dimensions and increments count complex
   * numbers. False unless said.
   */
  complex?: boolean;
}

/** Of all routines; what else one has it puts behind them. */
export const elementOptions: OptionNames<ElementOptions> = { complex: true };

/** Whether a routine blocks, or runs on the worker thread and is awaited. */
export type Mode = "sync" | "async";

export type Returned<M extends Mode, R> = M extends "sync" ? R : Promise<R>;
