/** Iterations that need nothing of a matrix but its products with vectors. */
import { ArgumentError, NoConvergenceError } from "../../errors.ts";
import { sum } from "../../index.ts";
import { now } from "../distributed/local.ts";
import type { FloatArray } from "../types.ts";
import { checkShares } from "./checks.ts";
import type { CsrMatrix } from "./csr-matrix.ts";

export interface IterationLimits {
  /** When to stop, see there. */
  tolerance?: number;
  /** Products with a, at most; 10 times the rows of a unless said. */
  iterations?: number;
}

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

const dot = (a: CsrMatrix, x: FloatArray, y: FloatArray): Promise<number> =>
  a.comm.allreduce(now.dot(x, y) as number, sum);

/**
 * Solves a x = b for a symmetric positive definite a (Hestenes and Stiefel 1952), from x = 0 on, until the residual is
 * at most `tolerance` (1e-10 unless said) times the norm of b. Each rank gives its share of b. Collective.
 * @throws {ArgumentError} on all ranks, when a is not square, or one's b is no share of a vector.
 * @throws {NoConvergenceError} after `iterations`, or when a is found not to be positive definite.
 */
export async function conjugateGradients(
  a: CsrMatrix,
  b: FloatArray,
  { tolerance = 1e-10, iterations = 10 * a.rows }: IterationLimits = {},
): Promise<ConjugateGradients> {
  checkSquare("conjugateGradients", a);
  await checkShares("conjugateGradients", a, { b });
  const x = a.vector();
  const r = b.slice();
  const p = b.slice();
  const q = a.vector();
  await a.matvec(p, q);
  const size = await dot(a, b, b);
  let rr = size;
  let done = 0;
  while (rr > tolerance ** 2 * size) {
    if (done === iterations) {
      throw new NoConvergenceError(
        `conjugateGradients: after ${done} iterations the residual is ${Math.sqrt(rr / size)}, above the tolerance of ${tolerance}`,
      );
    }
    if (done > 0) await a.matvec(p, q);
    const pq = await dot(a, p, q);
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
  if (Number.isNaN(rr))
    throw new NoConvergenceError("conjugateGradients: a or b has NaN or infinite elements");
  return { x, iterations: done, residual: size === 0 ? 0 : Math.sqrt(rr / size) };
}

/** Numbers in -1 .. 1; a pattern could have no part of the eigenvector at all, for these often have symmetries. */
function scattered(i: number): number {
  let bits = Math.imul(i + 1, 0x9e3779b1);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return ((bits ^ (bits >>> 16)) | 0) / 2 ** 31;
}

/**
 * The eigenvalue of largest magnitude of a symmetric matrix, by power iteration from `start` on (fixed numbers
 * without a pattern unless said), until the residual is at most `tolerance` (1e-8 unless said). Collective.
 * @throws {ArgumentError} on all ranks, when a is not square, or one's start is no share of a vector.
 * @throws {NoConvergenceError} after `iterations`, as when two eigenvalues have that magnitude.
 */
export async function powerIteration(
  a: CsrMatrix,
  {
    tolerance = 1e-8,
    iterations = 10 * a.rows,
    start = a.vector(scattered),
  }: IterationLimits & { start?: FloatArray } = {},
): Promise<PowerIteration> {
  checkSquare("powerIteration", a);
  await checkShares("powerIteration", a, { start });
  const vector = start.slice();
  const product = a.vector();
  let residual = Number.POSITIVE_INFINITY;
  for (let done = 1; done <= iterations; done++) {
    const length = Math.sqrt(await dot(a, vector, vector));
    now.scal(1 / length, vector);
    await a.matvec(vector, product);
    const eigenvalue = await dot(a, vector, product);
    const gap = product.slice();
    now.axpy(-eigenvalue, vector, gap);
    residual = Math.sqrt(await dot(a, gap, gap)) / Math.abs(eigenvalue);
    if (residual <= tolerance) return { eigenvalue, vector, iterations: done, residual };
    vector.set(product);
  }
  throw new NoConvergenceError(
    `powerIteration: after ${iterations} iterations the residual is ${residual}, above the tolerance of ${tolerance}`,
  );
}
