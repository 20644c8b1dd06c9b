/** What LAPACK's info says, in words. The statuses below 0 are those of native/linalg-lapack.cc. */
import {
  ArgumentError,
  BlasMissingError,
  NoConvergenceError,
  NotPositiveDefiniteError,
  SingularMatrixError,
} from "../errors.ts";

const NOT_FINITE = -1;
const NO_LAPACK = -2;

/** Throws for every status but 0; `meaning` makes the error of a positive info. */
export function checkStatus(
  routine: string,
  argument: string,
  numbers: Float64Array,
  meaning: (info: number) => Error,
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
