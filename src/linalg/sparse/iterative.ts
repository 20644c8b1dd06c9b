/** Iterations that need nothing of a matrix but its products with vectors. */
import { ArgumentError, NoConvergenceError } from "../../errors.ts";
import { max, sum } from "../../index.ts";
import { type OptionNames, requireKnownOptions } from "../../known-options.ts";
import { now } from "../distributed/local.ts";
import { elementwise } from "../expressions/face.ts";
import type { FloatArray } from "../types.ts";
import { checkShares } from "./checks.ts";
import type { CsrMatrix } from "./csr-matrix.ts";

export interface IterationLimits {
  /** When to stop, see there. */
  tolerance?: number;
  /** Products with a, at most; 10 times the rows of a unless said. */
  iterations?: number;
}

export interface PowerOptions extends IterationLimits {
  /** This rank's share of the vector to begin with; fixed numbers without a pattern unless said. */
  start?: FloatArray;
}

const iterationLimits: OptionNames<IterationLimits> = { tolerance: true, iterations: true };
const powerOptions: OptionNames<PowerOptions> = { ...iterationLimits, start: true };

export interface ConjugateGradients {
  /** This rank's share of the solution. */
  x: FloatArray;
  iterations: number;
  /** The norm of b - a x over that of b, as the iteration has updated it. */
  residual: number;
}

export interface PowerIteration {
  /** The eigenvalue of largest magnitude. */
  eigenvalue: number;
  /** This rank's share of its eigenvector, whose norm is 1. */
  vector: FloatArray;
  iterations: number;
  /** The norm of a v - eigenvalue v over the magnitude of the eigenvalue. */
  residual: number;
}

function checkSquare(name: string, a: CsrMatrix): void {
  if (a.rows === a.columns) return;
  throw new ArgumentError(`${name}: a must be square, but is ${a.rows} x ${a.columns}`);
}

function checkLimits(name: string, tolerance: number, iterations: number): void {
  if (!(typeof tolerance === "number" && tolerance >= 0)) {
    throw new ArgumentError(`${name}: tolerance must be a number, at least 0, but is ${String(tolerance)}`);
  }
  if (iterations === Number.POSITIVE_INFINITY || (Number.isInteger(iterations) && iterations >= 0)) return;
  throw new ArgumentError(
    `${name}: iterations must be a whole number, at least 0, but is ${String(iterations)}`,
  );
}

/** In double precision also for float32, whose squares soon leave its range. */
const product = elementwise("sync").compile("dot(x, y)");

const dot = (a: CsrMatrix, x: FloatArray, y: FloatArray): Promise<number> =>
  a.comm.allreduce(product(x, y) as number, sum);

/** The largest magnitude in a vector; NaN where there is one. */
const largest = (a: CsrMatrix, x: FloatArray): Promise<number> =>
  a.comm.allreduce(x.length === 0 ? 0 : Math.abs(x[now.iamax(x)]), max);

/** Divides a vector by its largest magnitude, which is returned, so that squares of its elements stay in range. */
async function scaled(
  name: string,
  a: CsrMatrix,
  argument: string,
  x: FloatArray,
): Promise<[FloatArray, number]> {
  const scale = await largest(a, x);
  if (!Number.isFinite(scale)) {
    throw new ArgumentError(`${name}: ${argument} has elements that are NaN or infinite`);
  }
  return [scale === 0 ? x.slice() : x.map(value => value / scale), scale];
}

/**
 * Solves a x = b for a symmetric positive definite a (Hestenes and Stiefel 1952), from x = 0 on, until the residual is
 * at most `tolerance` (1e-10 unless said) times the norm of b. Each rank gives its share of b. Collective.
 * @throws {ArgumentError} on all ranks, when a is not square, one's b is no share of a vector or has elements that are not
 *   finite, or a limit is none.
 * @throws {NoConvergenceError} after `iterations`, when a is found not to be positive definite, or when numbers leave the
 *   range of the element type.
 */
export async function conjugateGradients(
  a: CsrMatrix,
  b: FloatArray,
  options: IterationLimits = {},
): Promise<ConjugateGradients> {
  requireKnownOptions("conjugateGradients", options, iterationLimits);
  const { tolerance = 1e-10, iterations = 10 * a.rows } = options;
  checkLimits("conjugateGradients", tolerance, iterations);
  checkSquare("conjugateGradients", a);
  await checkShares("conjugateGradients", a, { b });
  const [r, scale] = await scaled("conjugateGradients", a, "b", b);
  const x = a.vector();
  const p = r.slice();
  const q = a.vector();
  const size = await dot(a, r, r);
  if (size === 0) return { x, iterations: 0, residual: 0 };
  let rr = size;
  let done = 0;
  // NaN is no success either.
  while (!(rr <= tolerance ** 2 * size)) {
    if (done === iterations) {
      throw new NoConvergenceError(
        `conjugateGradients: after ${done} iterations the residual is ${Math.sqrt(rr / size)}, above the tolerance of ${tolerance}`,
      );
    }
    await a.matvec(p, q);
    const pq = await dot(a, p, q);
    if (!Number.isFinite(pq)) throw outOfRange(a, done + 1);
    if (!(pq > 0)) {
      throw new NoConvergenceError(
        `conjugateGradients: a is not positive definite: in iteration ${done + 1} the direction p has p · a p = ${pq}`,
      );
    }
    const alpha = rr / pq;
    now.axpy(alpha, p, x);
    now.axpy(-alpha, q, r);
    const before = rr;
    rr = await dot(a, r, r);
    now.scal(rr / before, p);
    now.axpy(1, r, p);
    done++;
  }
  now.scal(scale, x);
  if (!Number.isFinite(await largest(a, x))) throw outOfRange(a, done);
  return { x, iterations: done, residual: Math.sqrt(rr / size) };
}

function outOfRange(a: CsrMatrix, iteration: number): NoConvergenceError {
  return new NoConvergenceError(
    `conjugateGradients: in iteration ${iteration} numbers left the range of ${a.dtype}; a has NaN or infinite elements, or such as are too large or small`,
  );
}

/** Numbers in -1 .. 1; a pattern could have no part of the eigenvector at all, for these often have symmetries. */
function scattered(i: number): number {
  let bits = Math.imul(i + 1, 0x9e3779b1);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return ((bits ^ (bits >>> 16)) | 0) / 2 ** 31;
}

/**
 * The eigenvalue of largest magnitude of a symmetric matrix, by power iteration from `start` on, until the residual is at
 * most `tolerance` (1e-8 unless said). Collective.
 * @throws {ArgumentError} on all ranks, when a is not square, one's start is no share of a vector or has elements that are
 *   not finite, all of them are 0, or a limit is none.
 * @throws {NoConvergenceError} after `iterations`, as when two eigenvalues have that magnitude.
 */
export async function powerIteration(a: CsrMatrix, options: PowerOptions = {}): Promise<PowerIteration> {
  requireKnownOptions("powerIteration", options, powerOptions);
  const { tolerance = 1e-8, iterations = 10 * a.rows, start = a.vector(scattered) } = options;
  checkLimits("powerIteration", tolerance, iterations);
  checkSquare("powerIteration", a);
  await checkShares("powerIteration", a, { start });
  const [vector, scale] = await scaled("powerIteration", a, "start", start);
  if (scale === 0) throw new ArgumentError("powerIteration: start has no element other than 0");
  const product = a.vector();
  let residual = Number.POSITIVE_INFINITY;
  for (let done = 1; done <= iterations; done++) {
    const length = Math.sqrt(await dot(a, vector, vector));
    now.scal(1 / length, vector);
    await a.matvec(vector, product);
    const eigenvalue = await dot(a, vector, product);
    const gap = product.slice();
    now.axpy(-eigenvalue, vector, gap);
    const distance = Math.sqrt(await dot(a, gap, gap));
    // A matrix of zeros has the eigenvalue 0.
    residual = distance === 0 ? 0 : distance / Math.abs(eigenvalue);
    if (residual <= tolerance) return { eigenvalue, vector, iterations: done, residual };
    vector.set(product);
  }
  throw new NoConvergenceError(
    `powerIteration: after ${iterations} iterations the residual is ${residual}, above the tolerance of ${tolerance}`,
  );
}
