import { sync } from "../../../src/linalg/index.ts";
import type { Scalar, Side, Transpose, Uplo } from "../../../src/linalg/types.ts";
import {
  type Complex,
  combine,
  conj,
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

const transposes: Transpose[] = ["N", "T", "C"];

const scalars = (type: ElementType): [Scalar, Scalar][] => [
  [1, 0],
  [-0.5, 1],
  [2, 0.75],
  [0, 2],
  ...(type.complex ? [[[0.5, -1.5] as const, [0.25, 2] as const] as [Scalar, Scalar]] : []),
];

/** Sizes around the tiles and blocks of all kernels, and none at all. */
const shapes = [
  [1, 1, 1],
  [5, 7, 3],
  [16, 16, 16],
  [6, 8, 0],
  [0, 4, 4],
  [33, 50, 41],
  [1, 100, 70],
  [97, 1, 30],
];

function product(
  type: ElementType,
  [m, n, k]: number[],
  transA: Transpose,
  transB: Transpose,
  alpha: Scalar,
  beta: Scalar,
  gap: number,
): void {
  const [rowsA, columnsA] = transA === "N" ? [m, k] : [k, m];
  const [rowsB, columnsB] = transB === "N" ? [k, n] : [n, k];
  const a = new Grid(type, rowsA, columnsA, columnsA + gap);
  const b = new Grid(type, rowsB, columnsB, columnsB + 2 * gap);
  const c = new Grid(type, m, n, n + 3 * gap);
  const before = c.values();
  const none = shaped(m, n, () => [0, 0]);
  const ab = k === 0 ? none : multiply(op(a.values(), transA), op(b.values(), transB));
  // What c holds must not matter when beta is 0.
  if (beta === 0) c.fill(() => [Number.NaN, Number.NaN]);
  const { complex } = type;
  sync.gemm(m, n, k, a.array, b.array, c.array, {
    transA,
    transB,
    alpha,
    beta,
    lda: Math.max(1, a.ld),
    ldb: Math.max(1, b.ld),
    ldc: Math.max(1, c.ld),
    complex,
  });
  const what = `gemm ${type.name} ${m} ${n} ${k} ${transA}${transB} ${String(alpha)} ${String(beta)} ${gap}`;
  expectClose(c.values(), combine(alpha, ab, beta, before), 16 * type.eps * (k + 4), what);
  expectGapsKept(c, what);
}

const triangle = (a: Values, uplo: Uplo, unit: boolean): Values =>
  a.map((row, i) =>
    row.map((value, j) => {
      if (i === j) return unit ? [1, 0] : value;
      return (uplo === "L") === j < i ? value : [0, 0];
    }),
  );

/** The whole of a matrix of which one triangle is given. */
export const symmetric = (a: Values, uplo: Uplo, hermitian: boolean): Values =>
  a.map((row, i) =>
    row.map((value, j): Complex => {
      if (i === j) return hermitian ? [value[0], 0] : value;
      if ((uplo === "L") === j < i) return value;
      return hermitian ? conj(a[j][i]) : a[j][i];
    }),
  );

/** Well away from singular, with NaN in the triangle that must not be read. */
export function triangular(type: ElementType, n: number, uplo: Uplo, ld = n): Grid {
  const a = new Grid(type, n, n, ld);
  return a.fill((i, j) => {
    const [re, im] = a.get(i, j);
    if (i === j) return [2 + Math.abs(re), im];
    return (uplo === "L") === j < i ? [re / n, im / n] : [Number.NaN, Number.NaN];
  });
}

const combinations = <A, B>(as: readonly A[], bs: readonly B[]): [A, B][] =>
  as.flatMap(a => bs.map((b): [A, B] => [a, b]));

export const checks: Record<string, () => void> = {
  "gemm: shapes, transposes, leading dimensions": () => {
    for (const type of elementTypes) {
      for (const shape of shapes) {
        for (const [transA, transB] of combinations(transposes, transposes)) {
          product(type, shape, transA, transB, 1, 0, 0);
          product(type, shape, transA, transB, -0.5, 1, 3);
        }
      }
    }
  },
  "gemm: factors": () => {
    for (const type of elementTypes) {
      for (const [alpha, beta] of scalars(type)) {
        for (const [transA, transB] of combinations(transposes, transposes)) {
          product(type, [9, 14, 11], transA, transB, alpha, beta, 1);
        }
      }
    }
  },
  "gemm: several blocks in every direction": () => {
    for (const type of elementTypes) {
      const m = 400;
      const n = 30;
      const k = 800;
      // The columns of b are unit vectors, so that the result is known without as many operations.
      const a = new Grid(type, m, k);
      const b = new Grid(type, k, n).fill((p, j) => (p === (j * 27 + 5) % k ? [1, 0] : [0, 0]));
      const c = new Grid(type, m, n);
      sync.gemm(m, n, k, a.array, b.array, c.array, { complex: type.complex });
      const picked = shaped(m, n, (i, j) => a.get(i, (j * 27 + 5) % k));
      expectClose(c.values(), picked, 0, `gemm ${type.name} blocks`);
    }
    // And more columns than a block of b has.
    const type = elementTypes[1];
    const [m, n, k] = [3, 9000, 5];
    const a = new Grid(type, m, k);
    const b = new Grid(type, k, n);
    const c = new Grid(type, m, n);
    sync.gemm(m, n, k, a.array, b.array, c.array);
    expectClose(c.values(), multiply(a.values(), b.values()), 1e-14, "gemm wide");
  },
  "gemm: Infinity and NaN pass through as IEEE says": () => {
    const a = new Float64Array([Number.POSITIVE_INFINITY, 1, Number.NaN, 1]);
    const b = new Float64Array([1, 1]);
    const c = new Float64Array(2);
    sync.gemm(2, 1, 2, a, b, c);
    if (c[0] !== Number.POSITIVE_INFINITY || !Number.isNaN(c[1])) throw new Error(`got ${c.join(" ")}`);
  },
  "gemm: blocks of one array, whose rows alternate": () => {
    const whole = new Grid(elementTypes[1], 8, 8);
    const values = whole.values();
    const part = (i: number, j: number): Float64Array => whole.array.subarray(i * 8 + j) as Float64Array;
    sync.gemm(4, 4, 4, part(0, 0), part(0, 4), part(4, 4), { lda: 8, ldb: 8, ldc: 8 });
    const cut = (i0: number, j0: number): Values => shaped(4, 4, (i, j) => values[i0 + i][j0 + j]);
    const got = whole.values();
    expectClose(
      shaped(4, 4, (i, j) => got[4 + i][4 + j]),
      multiply(cut(0, 0), cut(0, 4)),
      1e-14,
      "gemm blocks",
    );
  },
  gemmBatched: () => {
    for (const type of elementTypes) {
      for (const [batch, m, n, k] of [
        [0, 3, 3, 3],
        [1, 4, 5, 6],
        [300, 9, 7, 8],
        [3, 70, 80, 90],
      ]) {
        const a = new Grid(type, batch * m, k);
        const b = new Grid(type, k, n);
        const c = new Grid(type, batch * m, n);
        // One b for all.
        sync.gemmBatched(batch, m, n, k, a.array, b.array, c.array, { strideB: 0, complex: type.complex });
        if (batch === 0) continue;
        expectClose(c.values(), multiply(a.values(), b.values()), 16 * type.eps * k, `batch ${type.name}`);
      }
    }
  },
  "syrk and herk": () => {
    for (const type of elementTypes) {
      for (const name of ["syrk", "herk"] as const) {
        for (const [n, k] of [
          [1, 1],
          [7, 4],
          [40, 13],
          [100, 9],
        ]) {
          for (const [uplo, trans] of combinations<Uplo, Transpose>(
            ["L", "U"],
            ["N", name === "herk" ? "C" : "T"],
          )) {
            for (const [alpha, beta] of [
              [1, 0],
              [-0.5, 2],
            ]) {
              const [rows, columns] = trans === "N" ? [n, k] : [k, n];
              const a = new Grid(type, rows, columns, columns + 2);
              const c = new Grid(type, n, n, n + 1);
              // The diagonal of a Hermitian matrix is real.
              if (name === "herk") c.fill((i, j) => (i === j ? [c.get(i, j)[0], 0] : c.get(i, j)));
              const before = c.values();
              const other = name === "herk" ? "C" : "T";
              const left = trans === "N" ? a.values() : op(a.values(), other);
              const wanted = combine(alpha, multiply(left, op(left, other)), beta, before).map((row, i) =>
                row.map((value, j) => (i === j || (uplo === "L") === j < i ? value : before[i][j])),
              );
              // What the triangle holds must not matter when beta is 0.
              const given = (i: number, j: number): boolean => i === j || (uplo === "L") === j < i;
              if (beta === 0) c.fill((i, j) => (given(i, j) ? [Number.NaN, Number.NaN] : before[i][j]));
              const options = { uplo, trans, alpha, beta, lda: a.ld, ldc: c.ld, complex: type.complex };
              sync[name](n, k, a.array, c.array, options);
              const what = `${name} ${type.name} ${n} ${k} ${uplo}${trans} ${alpha}`;
              expectClose(c.values(), wanted, 16 * type.eps * (k + 4), what);
              expectGapsKept(c, what);
            }
          }
        }
      }
    }
  },
  "symm and hemm": () => {
    for (const type of elementTypes) {
      for (const name of ["symm", "hemm"] as const) {
        for (const [m, n] of [
          [1, 3],
          [8, 5],
          [40, 33],
          [110, 6],
          [6, 110],
        ]) {
          const cases = combinations(combinations<Side, Uplo>(["L", "R"], ["L", "U"]), [0.5, 0]);
          for (const [[side, uplo], beta] of cases) {
            const order = side === "L" ? m : n;
            const a = triangular(type, order, uplo, order + 1);
            const b = new Grid(type, m, n, n + 2);
            const c = new Grid(type, m, n, n + 3);
            const whole = symmetric(a.values(), uplo, name === "hemm");
            const ab = side === "L" ? multiply(whole, b.values()) : multiply(b.values(), whole);
            const wanted = combine(-1.5, ab, beta, c.values());
            if (beta === 0) c.fill(() => [Number.NaN, Number.NaN]);
            sync[name](m, n, a.array, b.array, c.array, {
              side,
              uplo,
              alpha: -1.5,
              beta,
              lda: a.ld,
              ldb: b.ld,
              ldc: c.ld,
              complex: type.complex,
            });
            const what = `${name} ${type.name} ${m} ${n} ${side}${uplo} ${beta}`;
            expectClose(c.values(), wanted, 32 * type.eps * (order + 4), what);
            expectGapsKept(c, what);
          }
        }
      }
    }
  },
  "trsm and trmm": () => {
    for (const type of elementTypes) {
      for (const [m, n] of [
        [1, 1],
        [7, 4],
        [40, 9],
        [9, 70],
      ]) {
        for (const [side, uplo] of combinations<Side, Uplo>(["L", "R"], ["L", "U"])) {
          for (const [trans, diag] of combinations(transposes, ["N", "U"] as const)) {
            const order = side === "L" ? m : n;
            const a = triangular(type, order, uplo, order + 2);
            const b = new Grid(type, m, n, n + 1);
            const before = b.values();
            const whole = op(triangle(a.values(), uplo, diag === "U"), trans);
            const applied = (x: Values): Values => (side === "L" ? multiply(whole, x) : multiply(x, whole));
            const options = {
              side,
              uplo,
              trans,
              diag,
              alpha: -2,
              lda: a.ld,
              ldb: b.ld,
              complex: type.complex,
            };
            const what = `${type.name} ${m} ${n} ${side}${uplo}${trans}${diag}`;
            sync.trmm(m, n, a.array, b.array, options);
            const doubled = combine(-2, applied(before), 0, before);
            expectClose(b.values(), doubled, 64 * type.eps * (order + 4), `trmm ${what}`);
            expectGapsKept(b, `trmm ${what}`);
            b.fill((i, j) => before[i][j]);
            sync.trsm(m, n, a.array, b.array, options);
            const back = applied(b.values());
            expectClose(back, combine(-2, before, 0, before), 64 * type.eps * (order + 4), `trsm ${what}`);
          }
        }
      }
    }
  },
};
