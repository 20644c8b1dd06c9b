import { expect } from "chai";
import { sync } from "../../../src/linalg/index.ts";
import type { Scalar, Transpose, Uplo } from "../../../src/linalg/types.ts";
import {
  type Complex,
  combine,
  conj,
  elementTypes,
  expectClose,
  Grid,
  multiply,
  op,
  times,
  type Values,
} from "../reference.ts";
import { expectVector, Strided } from "./level1.ts";
import { symmetric, triangular } from "./level3.ts";

const shapes = [
  [1, 1],
  [3, 8],
  [40, 17],
  [17, 100],
  [0, 5],
];
const increments = [
  [1, 1],
  [2, 3],
  [-1, -2],
];
const transposes: Transpose[] = ["N", "T", "C"];

const column = (x: Strided): Values => x.values().map(value => [value]);
const flat = (values: Values): Complex[] => values.map(([value]) => value);

export const checks: Record<string, () => void> = {
  gemv: () => {
    for (const type of elementTypes) {
      for (const [m, n] of shapes) {
        for (const [incx, incy] of increments) {
          for (const trans of transposes) {
            for (const [alpha, beta] of [
              [1, 0],
              type.complex ? [[0.5, 1] as const, [-1, 2] as const] : [0.5, -2],
            ] as [Scalar, Scalar][]) {
              const a = new Grid(type, m, n, n + 2);
              const x = new Strided(type, trans === "N" ? n : m, incx);
              const y = new Strided(type, trans === "N" ? m : n, incy);
              if (m === 0) continue;
              const wanted = combine(alpha, multiply(op(a.values(), trans), column(x)), beta, column(y));
              sync.gemv(m, n, a.array, x.array, y.array, {
                trans,
                alpha,
                beta,
                lda: a.ld,
                incx,
                incy,
                complex: type.complex,
              });
              const what = `gemv ${type.name} ${m} ${n} ${trans} ${incx}`;
              expectVector(y, flat(wanted), 16 * type.eps * (m + n), what);
            }
          }
        }
      }
    }
  },
  "gemv and symv: what y holds does not matter when beta is 0": () => {
    for (const type of elementTypes) {
      const { complex } = type;
      for (const [incx, incy] of increments) {
        for (const trans of transposes) {
          const a = new Grid(type, 7, 5);
          const x = new Strided(type, trans === "N" ? 5 : 7, incx);
          const y = new Strided(type, trans === "N" ? 7 : 5, incy);
          y.array.fill(Number.NaN);
          sync.gemv(7, 5, a.array, x.array, y.array, { trans, incx, incy, complex });
          const wanted = multiply(op(a.values(), trans), column(x));
          expectVector(y, flat(wanted), 256 * type.eps, `gemv ${type.name} ${trans} ${incx}`);
        }
        const a = triangular(type, 9, "L");
        const [x, y] = [new Strided(type, 9, incx), new Strided(type, 9, incy)];
        y.array.fill(Number.NaN);
        sync.symv(9, a.array, x.array, y.array, { incx, incy, complex });
        const wanted = multiply(symmetric(a.values(), "L", true), column(x));
        expectVector(y, flat(wanted), 256 * type.eps, `symv ${type.name} ${incx}`);
      }
    }
  },
  "gemv: a matrix without elements leaves beta y": () => {
    for (const type of elementTypes) {
      const { complex } = type;
      for (const incy of [1, -2]) {
        for (const trans of transposes) {
          const [m, n] = trans === "N" ? [5, 0] : [0, 5];
          const a = new Grid(type, m, n, 3 + n);
          const [x, y] = [new Strided(type, 0, 1), new Strided(type, 5, incy)];
          const what = `gemv ${type.name} ${m} ${n} ${trans} ${incy}`;
          const twice = y.values().map(([re, im]): Complex => [2 * re, 2 * im]);
          sync.gemv(m, n, a.array, x.array, y.array, { trans, beta: 2, lda: a.ld, incy, complex });
          expectVector(y, twice, 0, what);
          y.array.fill(Number.NaN);
          sync.gemv(m, n, a.array, x.array, y.array, { trans, lda: a.ld, incy, complex });
          expectVector(y, Array(5).fill([0, 0]), 0, what);
        }
      }
    }
  },
  "gemv and ger: increments of more than 32 bits": () => {
    const far = { incx: 2 ** 32, incy: -(2 ** 32), lda: 2 ** 33 };
    const y = Float64Array.of(9);
    sync.gemv(1, 1, Float64Array.of(2), Float64Array.of(3), y, far);
    expect(y[0]).to.equal(6);
    sync.ger(1, 1, Float64Array.of(2), Float64Array.of(3), y, far);
    expect(y[0]).to.equal(12);
  },
  ger: () => {
    for (const type of elementTypes) {
      for (const [m, n] of shapes) {
        for (const [incx, incy] of increments) {
          for (const conjugate of [false, true]) {
            const a = new Grid(type, m, n, n + 1);
            const x = new Strided(type, m, incx);
            const y = new Strided(type, n, incy);
            const wanted = a.values().map((row, i) =>
              row.map((value, j): Complex => {
                const [re, im] = times(x.get(i), conjugate ? conj(y.get(j)) : y.get(j));
                return [value[0] - 2 * re, value[1] - 2 * im];
              }),
            );
            const options = { alpha: -2, lda: a.ld, incx, incy, conjugate, complex: type.complex };
            sync.ger(m, n, x.array, y.array, a.array, options);
            expectClose(a.values(), wanted, 16 * type.eps, `ger ${type.name} ${m} ${n} ${incx} ${conjugate}`);
          }
        }
      }
    }
  },
  symv: () => {
    for (const type of elementTypes) {
      for (const n of [1, 6, 50]) {
        for (const [incx, incy] of increments) {
          for (const uplo of ["L", "U"] as Uplo[]) {
            const a = triangular(type, n, uplo, n + 1);
            const x = new Strided(type, n, incx);
            const y = new Strided(type, n, incy);
            const whole = symmetric(a.values(), uplo, true);
            const wanted = combine(0.5, multiply(whole, column(x)), 2, column(y));
            sync.symv(n, a.array, x.array, y.array, {
              uplo,
              alpha: 0.5,
              beta: 2,
              lda: a.ld,
              incx,
              incy,
              complex: type.complex,
            });
            expectVector(y, flat(wanted), 32 * type.eps * (n + 4), `symv ${type.name} ${n} ${uplo} ${incx}`);
          }
        }
      }
    }
  },
  "trmv and trsv": () => {
    for (const type of elementTypes) {
      for (const n of [1, 6, 50]) {
        for (const incx of [1, -2]) {
          for (const uplo of ["L", "U"] as Uplo[]) {
            for (const trans of transposes) {
              for (const diag of ["N", "U"] as const) {
                const a = triangular(type, n, uplo, n + 1);
                const x = new Strided(type, n, incx);
                const before = x.values();
                const whole = a.values().map((row, i) =>
                  row.map((value, j): Complex => {
                    if (i === j) return diag === "U" ? [1, 0] : value;
                    return (uplo === "L") === j < i ? value : [0, 0];
                  }),
                );
                const options = { uplo, trans, diag, lda: a.ld, incx, complex: type.complex };
                const what = `${type.name} ${n} ${uplo}${trans}${diag} ${incx}`;
                sync.trmv(n, a.array, x.array, options);
                const wanted = multiply(
                  op(whole, trans),
                  before.map(value => [value]),
                );
                expectVector(x, flat(wanted), 32 * type.eps * (n + 4), `trmv ${what}`);
                sync.trsv(n, a.array, x.array, options);
                expectVector(x, before, 64 * type.eps * (n + 4), `trsv ${what}`);
              }
            }
          }
        }
      }
    }
  },
};
