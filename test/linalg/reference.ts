/** Plain matrices of complex numbers, with which the routines are compared. */
import type { FloatArray, Scalar, Transpose } from "../../src/linalg/types.ts";

export type Complex = [re: number, im: number];

export const add = (a: Complex, b: Complex): Complex => [a[0] + b[0], a[1] + b[1]];
export const times = (a: Complex, b: Complex): Complex => [
  a[0] * b[0] - a[1] * b[1],
  a[0] * b[1] + a[1] * b[0],
];
export const conj = (a: Complex): Complex => [a[0], -a[1]];
export const complexOf = (a: Scalar): Complex => (typeof a === "number" ? [a, 0] : [a[0], a[1]]);

/** The element types, with what is needed to make arrays of them. */
export const elementTypes = [
  { name: "float32", type: Float32Array, complex: false, eps: 2 ** -23 },
  { name: "float64", type: Float64Array, complex: false, eps: 2 ** -52 },
  { name: "complex64", type: Float32Array, complex: true, eps: 2 ** -23 },
  { name: "complex128", type: Float64Array, complex: true, eps: 2 ** -52 },
] as const;
export type ElementType = (typeof elementTypes)[number];

let state = 12345;
/** From -1 to 1, the same in every run. */
export function random(): number {
  state = (Math.imul(state, 1664525) + 1013904223) | 0;
  return state / 2 ** 31;
}

/** A row-major matrix in a typed array; what lies between its rows is NaN, so that whoever reads it is found out. */
export class Grid {
  readonly array: FloatArray;
  readonly type: ElementType;
  readonly rows: number;
  readonly columns: number;
  readonly ld: number;

  constructor(type: ElementType, rows: number, columns: number, ld: number = columns) {
    this.type = type;
    this.rows = rows;
    this.columns = columns;
    this.ld = ld;
    const width = type.complex ? 2 : 1;
    this.array = new type.type(rows * ld * width).fill(Number.NaN);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) this.set(i, j, [random(), random()]);
    }
  }

  get(i: number, j: number): Complex {
    const at = i * this.ld + j;
    return this.type.complex ? [this.array[2 * at], this.array[2 * at + 1]] : [this.array[at], 0];
  }

  set(i: number, j: number, [re, im]: Complex): void {
    const at = i * this.ld + j;
    if (this.type.complex) this.array.set([re, im], 2 * at);
    else this.array[at] = re;
  }

  fill(value: (i: number, j: number) => Complex): this {
    for (let i = 0; i < this.rows; i++) {
      for (let j = 0; j < this.columns; j++) this.set(i, j, value(i, j));
    }
    return this;
  }

  values(): Complex[][] {
    return Array.from({ length: this.rows }, (_, i) =>
      Array.from({ length: this.columns }, (_, j) => this.get(i, j)),
    );
  }
}

export type Values = Complex[][];

export const shaped = (rows: number, columns: number, value: (i: number, j: number) => Complex): Values =>
  Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => value(i, j)));

export function op(a: Values, trans: Transpose): Values {
  if (trans === "N") return a;
  const columns = a[0]?.length ?? 0;
  return shaped(columns, a.length, (i, j) => (trans === "C" ? conj(a[j][i]) : a[j][i]));
}

export const multiply = (a: Values, b: Values): Values =>
  shaped(a.length, b[0]?.length ?? 0, (i, j) =>
    a[i].reduce<Complex>((sum, x, p) => add(sum, times(x, b[p][j])), [0, 0]),
  );

/** alpha a + beta b, where b counts for nothing when beta is 0. */
export const combine = (alpha: Scalar, a: Values, beta: Scalar, b: Values): Values => {
  const [x, y] = [complexOf(alpha), complexOf(beta)];
  const none = y[0] === 0 && y[1] === 0;
  return a.map((row, i) => row.map((value, j) => add(times(x, value), none ? [0, 0] : times(y, b[i][j]))));
};

/** Fails when an element differs by more than `tolerance`, or is NaN. */
export function expectClose(got: Values, wanted: Values, tolerance: number, what: string): void {
  wanted.forEach((row, i) => {
    row.forEach((value, j) => {
      const other = got[i][j];
      const distance = Math.hypot(other[0] - value[0], other[1] - value[1]);
      if (distance <= tolerance) return;
      throw new Error(`${what}: element (${i}, ${j}) is ${other.join(" ")}, expected ${value.join(" ")}`);
    });
  });
}

/** What lies between the rows of a result must be as it was. */
export function expectGapsKept(grid: Grid, what: string): void {
  const width = grid.type.complex ? 2 : 1;
  for (let i = 0; i < grid.rows; i++) {
    for (let at = (i * grid.ld + grid.columns) * width; at < (i + 1) * grid.ld * width; at++) {
      if (!Number.isNaN(grid.array[at])) throw new Error(`${what}: wrote beside row ${i}`);
    }
  }
}
