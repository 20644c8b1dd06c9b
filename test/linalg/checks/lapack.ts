import { expect } from "chai";
import { NotPositiveDefiniteError, SingularMatrixError } from "../../../src/errors.ts";
import { type Dtype, type Element, Matrix, sync } from "../../../src/linalg/index.ts";
import type { Transpose, Uplo } from "../../../src/linalg/types.ts";
import {
  type Complex,
  combine,
  complexOf,
  type ElementType,
  elementTypes,
  expectClose,
  expectGapsKept,
  Grid,
  multiply,
  op,
  shaped,
  type Values,
} from "../reference.ts";

const identity = (n: number): Values => shaped(n, n, (i, j) => [i === j ? 1 : 0, 0]);
const valuesOf = (a: Matrix): Values => a.toArrays().map(row => row.map(complexOf));
const zero: Complex = [0, 0];

/** A Hermitian, positive definite matrix. */
function definite(type: ElementType, n: number, ld = n): Grid {
  const factor = new Grid(type, n, n).values();
  const product = multiply(factor, op(factor, "C"));
  return new Grid(type, n, n, ld).fill((i, j) => {
    const [re, im] = product[i][j];
    return i === j ? [re + n, 0] : [re, im];
  });
}

function matrixOf(grid: Grid): Matrix {
  return new Matrix(grid.array, grid.rows, grid.columns, {
    dtype: grid.type.name as Dtype,
    strides: [grid.ld, 1],
  });
}

const tall = [
  [1, 1],
  [7, 4],
  [4, 7],
  [60, 37],
  [37, 60],
];

/** What needs no LAPACK, and holds with every library and kernel. */
export const checks: Record<string, () => void> = {
  "potrf and potrs": () => {
    for (const type of elementTypes) {
      for (const n of [1, 5, 33, 75]) {
        for (const uplo of ["L", "U"] as Uplo[]) {
          const a = definite(type, n, n + 1);
          const before = a.values();
          const options = { uplo, lda: a.ld, complex: type.complex };
          sync.potrf(n, a.array, options);
          const got = a.values();
          const kept = (i: number, j: number): boolean => i === j || (uplo === "L") === j < i;
          const factor = shaped(n, n, (i, j) => (kept(i, j) ? got[i][j] : zero));
          const product =
            uplo === "L" ? multiply(factor, op(factor, "C")) : multiply(op(factor, "C"), factor);
          const what = `potrf ${type.name} ${n} ${uplo}`;
          expectClose(product, before, 32 * type.eps * n * n, what);
          const other = shaped(n, n, (i, j) => (kept(i, j) ? zero : got[i][j]));
          expectClose(
            other,
            shaped(n, n, (i, j) => (kept(i, j) ? zero : before[i][j])),
            0,
            what,
          );
          const b = new Grid(type, n, 3, 4);
          const sides = b.values();
          sync.potrs(n, 3, a.array, b.array, { ...options, ldb: 4 });
          expectClose(multiply(before, b.values()), sides, 64 * type.eps * n * n, `potrs ${what}`);
        }
      }
    }
  },
  "potrf: the leading minor that is not positive": () => {
    for (const n of [3, 50, 100]) {
      for (const uplo of ["L", "U"] as Uplo[]) {
        const a = definite(elementTypes[1], n);
        a.set(n - 2, n - 2, [-1, 0]);
        let order = 0;
        try {
          sync.potrf(n, a.array, { uplo });
        } catch (error) {
          expect(error).to.be.instanceOf(NotPositiveDefiniteError);
          order = (error as NotPositiveDefiniteError).order;
        }
        expect(order).to.equal(n - 1);
      }
    }
  },
  "getrf and getrs": () => {
    for (const type of elementTypes) {
      for (const [m, n] of [...tall, [90, 90]]) {
        const a = new Grid(type, m, n, n + 2);
        const before = a.values();
        const k = Math.min(m, n);
        const pivots = new Int32Array(k);
        sync.getrf(m, n, a.array, pivots, { lda: a.ld, complex: type.complex });
        const got = a.values();
        const l = shaped(m, k, (i, j) => (i === j ? [1, 0] : j < i ? got[i][j] : zero));
        const u = shaped(k, n, (i, j) => (j >= i ? got[i][j] : zero));
        const permuted = [...before];
        pivots.forEach((other, i) => {
          [permuted[i], permuted[other]] = [permuted[other], permuted[i]];
        });
        expectClose(multiply(l, u), permuted, 64 * type.eps * n, `getrf ${type.name} ${m} ${n}`);
        // Partial pivoting keeps the multipliers at most 1, by BLAS's measure of complex numbers about 1.
        for (const value of l.flat()) expect(Math.hypot(...value)).to.be.at.most(1.5);
        if (m !== n) continue;
        for (const trans of ["N", "T", "C"] as Transpose[]) {
          const b = new Grid(type, n, 2, 5);
          const sides = b.values();
          sync.getrs(n, 2, a.array, pivots, b.array, { trans, lda: a.ld, ldb: 5, complex: type.complex });
          const back = multiply(op(before, trans), b.values());
          expectClose(back, sides, 1e4 * type.eps * n, `getrs ${type.name} ${n} ${trans}`);
        }
      }
    }
  },
  "getrf: the pivot that is zero": () => {
    for (const n of [4, 60]) {
      const a = new Grid(elementTypes[1], n, n).fill((i, j) => (i === j && i !== 2 ? [1, 0] : zero));
      let index = -1;
      try {
        sync.getrf(n, n, a.array, new Int32Array(n));
      } catch (error) {
        expect(error).to.be.instanceOf(SingularMatrixError);
        index = (error as SingularMatrixError).index;
      }
      expect(index).to.equal(2);
    }
  },
  "Matrix: cholesky, solve, inv, det, matmul": () => {
    for (const type of elementTypes) {
      const n = 40;
      const grid = definite(type, n, n + 3);
      const a = matrixOf(grid);
      const before = valuesOf(a);
      const tolerance = 64 * type.eps * n * n;
      const l = sync.cholesky(a);
      expectClose(multiply(valuesOf(l), op(valuesOf(l), "C")), before, tolerance, "cholesky");
      expect(complexOf(l.at(0, n - 1))).to.deep.equal(zero);
      const b = new Grid(type, n, 3, 5);
      const x = sync.solve(a, matrixOf(b));
      expectClose(multiply(before, valuesOf(x)), b.values(), tolerance, "solve");
      const vector = b.array.slice(0, type.complex ? 2 * n : n).fill(1);
      expect(sync.solve(a, vector)).to.be.instanceOf(type.type).with.length(vector.length);
      expectClose(multiply(before, valuesOf(sync.inv(a))), identity(n), tolerance, "inv");
      expectClose(valuesOf(sync.matmul(a, a.T)), multiply(before, op(before, "T")), tolerance, "matmul");
      const part = a.slice(1, 4, 2, 6);
      expectClose(
        valuesOf(sync.matmul(part.T, part)),
        multiply(op(valuesOf(part), "T"), valuesOf(part)),
        tolerance,
        "views",
      );
      // The arguments are as they were.
      expectClose(valuesOf(a), before, 0, "arguments");
    }
    const det = (rows: Element[][], dtype?: Dtype): Element => sync.det(Matrix.from(rows, dtype));
    expect(
      det([
        [0, 2],
        [3, 4],
      ]),
    ).to.equal(-6);
    expect(
      det([
        [1, 2],
        [2, 4],
      ]),
    ).to.equal(0);
    expect(det([])).to.equal(1);
    expect(
      det(
        [
          [[0, 1], 2],
          [3, [0, 1]],
        ],
        "complex128",
      ),
    ).to.deep.equal([-7, -0]);
  },
};

/** What needs LAPACK. */
export const lapackChecks: Record<string, () => void> = {
  "qr: orthonormal columns, upper triangle": () => {
    for (const type of elementTypes) {
      for (const [m, n] of tall) {
        const a = new Grid(type, m, n, n + 2);
        const { q, r } = sync.qr(matrixOf(a));
        const k = Math.min(m, n);
        const what = `qr ${type.name} ${m} ${n}`;
        expect([q.shape, r.shape]).to.deep.equal([
          [m, k],
          [k, n],
        ]);
        expectClose(multiply(valuesOf(q), valuesOf(r)), a.values(), 64 * type.eps * n, what);
        expectClose(multiply(op(valuesOf(q), "C"), valuesOf(q)), identity(k), 64 * type.eps * m, what);
        for (let i = 0; i < k; i++)
          for (let j = 0; j < i; j++) expect(complexOf(r.at(i, j))).to.deep.equal(zero);
      }
    }
  },
  "geqrf and orgqr": () => {
    for (const type of elementTypes) {
      for (const [m, n] of tall.filter(([rows, columns]) => rows >= columns)) {
        const a = new Grid(type, m, n, n + 2);
        const before = a.values();
        const tau = new type.type(type.complex ? 2 * n : n);
        const options = { lda: a.ld, complex: type.complex };
        sync.geqrf(m, n, a.array, tau, options);
        const r = shaped(n, n, (i, j) => (j >= i ? a.get(i, j) : zero));
        sync.orgqr(m, n, n, a.array, tau, options);
        const what = `geqrf ${type.name} ${m} ${n}`;
        expectClose(multiply(a.values(), r), before, 64 * type.eps * n, what);
        expectClose(multiply(op(a.values(), "C"), a.values()), identity(n), 64 * type.eps * m, what);
        expectGapsKept(a, what);
      }
    }
  },
  "svd: unitary factors, falling values": () => {
    for (const type of elementTypes) {
      for (const [m, n] of tall) {
        const a = new Grid(type, m, n, n + 2);
        const { u, s, vh } = sync.svd(matrixOf(a));
        const what = `svd ${type.name} ${m} ${n}`;
        const k = Math.min(m, n);
        const scaled = valuesOf(u).map(row => row.map(([re, im], j): Complex => [re * s[j], im * s[j]]));
        expectClose(multiply(scaled, valuesOf(vh)), a.values(), 128 * type.eps * n, what);
        expectClose(multiply(op(valuesOf(u), "C"), valuesOf(u)), identity(k), 64 * type.eps * m, what);
        expectClose(multiply(valuesOf(vh), op(valuesOf(vh), "C")), identity(k), 64 * type.eps * n, what);
        expect([...s]).to.deep.equal([...s].sort((x, y) => y - x));
        const copy = matrixOf(a).copy();
        const only = new (s.constructor as Float64ArrayConstructor)(k);
        sync.gesdd(m, n, copy.data, only, undefined, undefined, { complex: type.complex });
        for (let i = 0; i < k; i++) expect(only[i]).to.be.closeTo(s[i], 64 * type.eps * n);
      }
    }
  },
  "eigh: eigenvectors in columns, rising values": () => {
    for (const type of elementTypes) {
      for (const n of [1, 6, 50]) {
        const a = definite(type, n, n + 1);
        const whole = a.values();
        // Only the lower triangle is read.
        a.fill((i, j) => (j > i ? [7, 7] : a.get(i, j)));
        const { eigenvalues, eigenvectors } = sync.eigh(matrixOf(a));
        const v = valuesOf(eigenvectors);
        const scaled = v.map(row =>
          row.map(([re, im], j): Complex => [re * eigenvalues[j], im * eigenvalues[j]]),
        );
        const tolerance = 64 * type.eps * n * n;
        expectClose(multiply(whole, v), scaled, tolerance, `eigh ${type.name} ${n}`);
        expectClose(multiply(op(v, "C"), v), identity(n), tolerance, `eigh ${type.name} ${n}`);
        expect([...eigenvalues]).to.deep.equal([...eigenvalues].sort((x, y) => x - y));
      }
    }
  },
  "syevd: upper triangle, values only": () => {
    const a = definite(elementTypes[1], 9);
    const [w, only] = [new Float64Array(9), new Float64Array(9)];
    sync.syevd(9, a.array.slice(), w, { uplo: "U" });
    sync.syevd(9, a.array, only, { uplo: "U", vectors: false });
    for (let i = 0; i < 9; i++) expect(only[i]).to.be.closeTo(w[i], 1e-12);
  },
  "lstsq and gels: the normal equations hold": () => {
    for (const type of elementTypes) {
      for (const [m, n] of tall) {
        for (const nrhs of [1, 3]) {
          const a = new Grid(type, m, n, n + 1);
          const before = a.values();
          const b = new Grid(type, Math.max(m, n), nrhs, nrhs + 1);
          const sides = b.values().slice(0, m);
          const { x, rank, s } = sync.lstsq(matrixOf(a), matrixOf(b).slice(0, m));
          expect([rank, s.length]).to.deep.equal([Math.min(m, n), Math.min(m, n)]);
          const residual = combine(1, multiply(before, valuesOf(x)), -1, sides);
          const normal = multiply(op(before, "C"), residual);
          const what = `lstsq ${type.name} ${m} ${n}`;
          expectClose(
            normal,
            normal.map(row => row.map(() => zero)),
            1e3 * type.eps * m,
            what,
          );
          const options = { lda: a.ld, ldb: b.ld, complex: type.complex };
          sync.gels(m, n, nrhs, a.array, b.array, options);
          expectClose(b.values().slice(0, n), valuesOf(x), 1e4 * type.eps * m, `gels ${what}`);
        }
      }
    }
    // Of no equations the solution of least norm is 0.
    for (const name of ["gels", "gelsd"] as const) {
      const b = Float64Array.of(7, 8);
      const none = new Float64Array(0);
      if (name === "gels") sync.gels(0, 2, 1, none, b);
      else expect(sync.gelsd(0, 2, 1, none, b, none)).to.equal(0);
      expect([...b]).to.deep.equal([0, 0]);
    }
    // Without right-hand sides there are no solutions, but singular values.
    for (const type of elementTypes) {
      for (const [m, n] of tall) {
        const a = matrixOf(new Grid(type, m, n));
        const { x, rank, s } = sync.lstsq(a, Matrix.zeros(m, 0, a.dtype));
        expect([...x.shape, rank]).to.deep.equal([n, 0, Math.min(m, n)]);
        const { s: wanted } = sync.svd(a);
        for (const [i, value] of s.entries()) expect(value).to.be.closeTo(wanted[i], 64 * type.eps * (m + n));
      }
    }
    const ones = Matrix.from([
      [1, 1],
      [1, 1],
      [1, 1],
    ]);
    const { x, rank } = sync.lstsq(ones, Float64Array.of(2, 2, 2));
    expect(rank).to.equal(1);
    for (const value of x) expect(value).to.be.closeTo(1, 1e-12);
  },
};
