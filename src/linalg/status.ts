/** What LAPACK's info says, in words. The statuses below -1000 are those of native/linalg-lapack.cc. */
import {
  ArgumentError,
  BlasMissingError,
  NoConvergenceError,
  NotPositiveDefiniteError,
  OutOfMemoryError,
  SingularMatrixError,
} from "../errors.ts";

const NOT_FINITE = -1001;
const NO_LAPACK = -1002;
const TOO_LARGE = -1003;
const NO_MEMORY = -1004;
const BAD_PIVOT = -1005;

/** Of routines whose info is never positive. */
const meaningless = (info: number): Error => new Error(`LAPACK's info is ${info}`);

/** Throws for every status but 0; `meaning` makes the error of a positive info. */
export function checkStatus(
  routine: string,
  argument: string,
  numbers: Float64Array,
  meaning: (info: number) => Error = meaningless,
): void {
  const status = numbers[0];
  if (status === 0) return;
  if (status === NOT_FINITE) {
    throw new ArgumentError(
      `${routine}: element (${numbers[1]}, ${numbers[2]}) of ${argument} is not a finite number`,
    );
  }
  if (status === NO_LAPACK) {
    throw new BlasMissingError(
      `${routine} needs LAPACK, and no library with it was found; install one, on Debian and Ubuntu with: apt-get install libopenblas0`,
    );
  }
  if (status === TOO_LARGE) {
    throw new ArgumentError(
      `${routine}: expected sizes and leading dimensions of at most ${2 ** 31 - 1}, for this LAPACK counts in 32 bits, but got a larger one; TSMPI_BLAS may name a library with 64-bit integers`,
    );
  }
  if (status === NO_MEMORY) {
    throw new OutOfMemoryError(
      `${routine} needs ${numbers[1]} bytes to work in, and there is no memory for them; free some, or take a smaller matrix`,
    );
  }
  if (status === BAD_PIVOT) {
    throw new ArgumentError(
      `${routine}: pivots[${numbers[1]}] is ${numbers[2]}, which is no row of ${numbers[3]}`,
    );
  }
  if (status < 0) {
    throw new ArgumentError(
      `${routine}: LAPACK does not take its argument ${-status} (info is ${status}); the sizes, or the workspace for them, may be more than its integers hold`,
    );
  }
  throw meaning(status);
}

export const notPositive =
  (routine: string, n: number) =>
  (info: number): Error =>
    new NotPositiveDefiniteError(
      `${routine}: the ${n} x ${n} matrix is not positive definite: its leading minor of order ${info} is not positive`,
      info,
    );

export const singular =
  (routine: string, m: number, n: number) =>
  (info: number): Error =>
    new SingularMatrixError(
      `${routine}: the ${m} x ${n} matrix is singular: pivot ${info - 1} is exactly zero`,
      info - 1,
    );

export const notConverged =
  (routine: string, what: string) =>
  (info: number): Error =>
    new NoConvergenceError(`${routine}: the ${what} have not converged (LAPACK's info is ${info})`);

export const rankDeficient =
  (routine: string, n: number) =>
  (info: number): Error =>
    new SingularMatrixError(
      `${routine}: the matrix is not of full rank: column ${info - 1} of ${n} depends on those before it; lstsq takes any rank`,
      info - 1,
    );
