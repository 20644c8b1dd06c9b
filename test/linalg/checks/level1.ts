import { sync } from "../../../src/linalg/index.ts";
import type { Scalar } from "../../../src/linalg/types.ts";
import {
  add,
  type Complex,
  complexOf,
  conj,
  type ElementType,
  elementTypes,
  random,
  times,
} from "../reference.ts";

const sizes = [0, 1, 2, 7, 33, 1000];
const increments = [
  [1, 1],
  [2, 3],
  [-1, 1],
  [-2, -3],
];

/** A vector as BLAS sees it, with NaN between its elements. */
export class Strided {
  readonly array: Float32Array | Float64Array;
  readonly type: ElementType;
  readonly n: number;
  readonly increment: number;

  constructor(type: ElementType, n: number, increment: number) {
    this.type = type;
    this.n = n;
    this.increment = increment;
    const elements = n === 0 ? 0 : (n - 1) * Math.abs(increment) + 1;
    this.array = new type.type(elements * (type.complex ? 2 : 1)).fill(Number.NaN);
    for (let i = 0; i < n; i++) this.set(i, [random(), random()]);
  }

  #place(i: number): number {
    return this.increment > 0 ? i * this.increment : (i - this.n + 1) * this.increment;
  }

  get(i: number): Complex {
    const at = this.#place(i);
    return this.type.complex ? [this.array[2 * at], this.array[2 * at + 1]] : [this.array[at], 0];
  }

  set(i: number, [re, im]: Complex): void {
    const at = this.#place(i);
    if (this.type.complex) this.array.set([re, im], 2 * at);
    else this.array[at] = re;
  }

  values(): Complex[] {
    return Array.from({ length: this.n }, (_, i) => this.get(i));
  }
}

export function expectVector(
  got: Strided,
  wanted: readonly Complex[],
  tolerance: number,
  what: string,
): void {
  wanted.forEach((value, i) => {
    const other = got.get(i);
    if (Math.hypot(other[0] - value[0], other[1] - value[1]) <= tolerance) return;
    throw new Error(`${what}: element ${i} is ${other.join(" ")}, expected ${value.join(" ")}`);
  });
}

function expectNumber(got: number, wanted: number, tolerance: number, what: string): void {
  if (!(Math.abs(got - wanted) <= tolerance)) throw new Error(`${what}: got ${got}, expected ${wanted}`);
}

function forAll(check: (x: Strided, y: Strided, what: string) => void): void {
  for (const type of elementTypes) {
    for (const n of sizes) {
      for (const [incx, incy] of increments) {
        check(new Strided(type, n, incx), new Strided(type, n, incy), `${type.name} ${n} ${incx} ${incy}`);
      }
    }
  }
}

const optionsOf = (x: Strided, y: Strided) => ({
  n: x.n,
  incx: x.increment,
  incy: y.increment,
  complex: x.type.complex,
});

const size1 = ([re, im]: Complex): number => Math.abs(re) + Math.abs(im);

export const checks: Record<string, () => void> = {
  dot: () =>
    forAll((x, y, what) => {
      for (const conjugate of [false, true]) {
        const wanted = x
          .values()
          .reduce<Complex>((sum, a, i) => add(sum, times(conjugate ? conj(a) : a, y.get(i))), [0, 0]);
        const got = complexOf(sync.dot(x.array, y.array, { ...optionsOf(x, y), conjugate }));
        const tolerance = 8 * x.type.eps * (x.n + 1);
        expectNumber(got[0], wanted[0], tolerance, `dot ${what}`);
        expectNumber(got[1], wanted[1], tolerance, `dot ${what}`);
      }
    }),
  axpy: () =>
    forAll((x, y, what) => {
      const factors: Scalar[] = x.type.complex ? [0.5, [0.25, -2]] : [0.5, 0];
      for (const alpha of factors) {
        const wanted = y.values().map((b, i) => add(b, times(complexOf(alpha), x.get(i))));
        sync.axpy(alpha, x.array, y.array, optionsOf(x, y));
        expectVector(y, wanted, 8 * x.type.eps, `axpy ${what}`);
      }
    }),
  "nrm2, asum, iamax": () =>
    forAll((x, _y, what) => {
      const options = { n: x.n, incx: x.increment, complex: x.type.complex };
      const values = x.values();
      const tolerance = 8 * x.type.eps * (x.n + 1);
      expectNumber(sync.nrm2(x.array, options), Math.hypot(...values.flat()), tolerance, `nrm2 ${what}`);
      const sum = values.reduce((all, value) => all + size1(value), 0);
      expectNumber(sync.asum(x.array, options), sum, tolerance, `asum ${what}`);
      const sizes = values.map(value => Math.fround(size1(value)));
      expectNumber(sync.iamax(x.array, options), sizes.indexOf(Math.max(...sizes)), 0, `iamax ${what}`);
    }),
  "nrm2: neither overflow nor underflow": () => {
    for (const scale of [1e300, 1e-300, 1]) {
      const norm = sync.nrm2(Float64Array.of(3 * scale, 4 * scale));
      expectNumber(norm / scale, 5, 1e-14, `nrm2 ${scale}`);
    }
    // Squares of the small ones are no floats.
    for (const scale of [1e30, 1e-23, 1e-38]) {
      for (const complex of [false, true]) {
        const norm = sync.nrm2(Float32Array.of(3 * scale, 4 * scale), { complex });
        expectNumber(norm / scale, 5, 1e-5, `nrm2 of floats ${scale} ${complex}`);
      }
    }
  },
  "nrm2: infinite elements give infinity, NaN gives NaN": () => {
    for (const type of elementTypes) {
      for (const increment of [1, -2]) {
        for (const places of [[0], [55], [3, 20]]) {
          for (const value of [Number.NEGATIVE_INFINITY, Number.NaN]) {
            const x = new Strided(type, 56, increment);
            for (const place of places) x.set(place, [value, 1]);
            const norm = sync.nrm2(x.array, { n: 56, incx: increment, complex: type.complex });
            if (Object.is(norm, Math.abs(value))) continue;
            throw new Error(`nrm2 ${type.name} ${increment}, ${value} at ${places.join(" and ")}: ${norm}`);
          }
        }
      }
    }
  },
  "iamax: the first of equals, and NaN": () => {
    expectNumber(sync.iamax(Float64Array.of(1, -3, 3)), 1, 0, "iamax");
    expectNumber(sync.iamax(Float64Array.of(1, Number.NaN, 3)), 1, 0, "iamax of NaN");
  },
  scal: () =>
    forAll((x, _y, what) => {
      const alpha: Scalar = x.type.complex ? [0.5, 2] : -2;
      const wanted = x.values().map(value => times(complexOf(alpha), value));
      sync.scal(alpha, x.array, { n: x.n, incx: x.increment, complex: x.type.complex });
      expectVector(x, wanted, 8 * x.type.eps, `scal ${what}`);
    }),
  "copy and swap": () =>
    forAll((x, y, what) => {
      const [first, second] = [x.values(), y.values()];
      sync.swap(x.array, y.array, optionsOf(x, y));
      expectVector(x, second, 0, `swap ${what}`);
      expectVector(y, first, 0, `swap ${what}`);
      sync.copy(x.array, y.array, optionsOf(x, y));
      expectVector(y, second, 0, `copy ${what}`);
    }),
  rot: () =>
    forAll((x, y, what) => {
      const [c, s] = [0.6, 0.8];
      const [first, second] = [x.values(), y.values()];
      sync.rot(x.array, y.array, c, s, optionsOf(x, y));
      const mix = (a: Complex, p: number, b: Complex, q: number): Complex => [
        p * a[0] + q * b[0],
        p * a[1] + q * b[1],
      ];
      expectVector(
        x,
        first.map((a, i) => mix(a, c, second[i], s)),
        8 * x.type.eps,
        `rot ${what}`,
      );
      expectVector(
        y,
        first.map((a, i) => mix(second[i], c, a, -s)),
        8 * x.type.eps,
        `rot ${what}`,
      );
    }),
};
