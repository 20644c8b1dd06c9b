/** Wrong arguments: every error says which, what was expected and what came. */
import { expect } from "chai";
import { ArgumentError, NotPositiveDefiniteError, SingularMatrixError } from "../../src/errors.ts";
import {
  exp,
  gemm,
  getrs,
  info,
  lstsq,
  Matrix,
  map,
  mapInto,
  setThreads,
  solve,
  sync,
} from "../../src/linalg/index.ts";

const f64 = (n: number): Float64Array => new Float64Array(n);

function fails(call: () => unknown, text: string, type: new (...args: any[]) => Error = ArgumentError): void {
  expect(call).to.throw(type, text);
}

describe("linalg: arguments", () => {
  it("names a dimension that is none", () => {
    fails(
      () => sync.gemm(-1, 2, 2, f64(4), f64(4), f64(4)),
      "gemm: m must be a whole number, at least 0, but is -1",
    );
    fails(() => sync.gemm(2, 2.5, 2, f64(4), f64(4), f64(4)), "gemm: n must be");
    fails(() => sync.gemm(2, 2, Number.NaN, f64(4), f64(4), f64(4)), "gemm: k must be");
    fails(() => sync.potrf("3" as never, f64(9)), "potrf: n must be");
  });

  it("names an array that is too short, with its shape", () => {
    fails(
      () => sync.gemm(2, 3, 4, f64(8), f64(11), f64(6)),
      "gemm: b is 4 x 3 with ldb 3, which takes 12 elements, but it holds 11",
    );
    fails(
      () => sync.gemm(2, 3, 4, f64(8), f64(12), f64(6), { ldc: 4 }),
      "c is 2 x 3 with ldc 4, which takes 7",
    );
    fails(
      () => sync.gemm(2, 2, 2, f64(4), f64(8), f64(8), { complex: true }),
      "takes 4 complex numbers, but it holds 2",
    );
    fails(() => sync.dot(f64(5), f64(4)), "dot: y has 5 elements which take 5 elements, but it holds 4");
    fails(() => sync.axpy(1, f64(3), f64(4), { incy: -2 }), "y has 3 elements with incy -2, which take 5");
    fails(() => sync.gesdd(3, 2, f64(6), f64(1)), "gesdd: s has 2 elements");
    fails(() => sync.gemmBatched(3, 2, 2, 2, f64(12), f64(12), f64(11)), "3 matrices c, 4 apart, take 12");
  });

  it("names a leading dimension or an increment that does not fit", () => {
    fails(
      () => sync.gemm(2, 2, 3, f64(6), f64(6), f64(4), { lda: 2 }),
      "gemm: lda must be a whole number, at least 3",
    );
    fails(() => sync.scal(2, f64(4), { incx: 0 }), "scal: incx must be a whole number other than 0");
    fails(
      () => sync.gemmBatched(2, 2, 2, 2, f64(8), f64(8), f64(8), { strideC: 3 }),
      "strideC must be a whole number, at least 4",
    );
  });

  it("names an array of another type", () => {
    fails(
      () => sync.gemm(1, 1, 1, f64(1), new Float32Array(1), f64(1)),
      "gemm: b must be a Float64Array as a is, but is Float32Array(1)",
    );
    fails(
      () => sync.nrm2([1, 2] as never),
      "nrm2: x must be a Float64Array or a Float32Array, but is a list of 2",
    );
    fails(
      () => sync.getrf(2, 2, f64(4), f64(2) as never),
      "getrf: pivots must be an Int32Array of at least 2 elements",
    );
  });

  it("names a letter or a factor that is none", () => {
    fails(
      () => sync.gemm(1, 1, 1, f64(1), f64(1), f64(1), { transA: "t" as never }),
      'gemm: transA must be "N" or "T" or "C", but is a string ("t")',
    );
    fails(() => sync.trsm(1, 1, f64(1), f64(1), { uplo: "lower" as never }), 'uplo must be "U" or "L"');
    fails(
      () => sync.gemv(1, 1, f64(1), f64(1), f64(1), { alpha: "2" as never }),
      "gemv: alpha must be a number or a pair",
    );
    fails(
      () => sync.herk(1, 1, f64(2), f64(2), { trans: "T", complex: true }),
      'herk: trans must be "N" or "C"',
    );
  });

  it("refuses a result that shares elements with what is read", () => {
    const a = f64(100);
    fails(
      () => sync.gemm(2, 2, 2, a, f64(4), a.subarray(3)),
      "gemm: c, which is written, shares memory with a, which is read",
    );
    fails(
      () => sync.gemm(4, 4, 4, a, f64(16), a.subarray(33), { lda: 10, ldc: 10, ldb: 4 }),
      "shares memory",
    );
    fails(() => sync.gemv(3, 3, a, a.subarray(9), a.subarray(8)), "y, which is written, shares memory with");
    fails(() => sync.swap(a, a.subarray(1), { n: 4 }), "shares memory");
    fails(() => sync.trsm(2, 2, a, a.subarray(2)), "trsm: b, which is written");
    fails(() => sync.gemmBatched(2, 2, 2, 2, a, f64(8), a.subarray(7)), "gemmBatched: c, which is written");
    fails(() => sync.gemmBatched(2, 2, 2, 2, f64(8), a.subarray(15), a.subarray(8)), "shares memory with b");
    // Neighbours, and columns between columns, are all right.
    sync.gemmBatched(2, 2, 2, 2, a, a.subarray(8), a.subarray(16));
    sync.gemm(2, 2, 2, a, a.subarray(4), a.subarray(8));
    sync.axpy(1, a, a.subarray(1), { n: 5, incx: 2, incy: 2 });
    sync.gemv(4, 4, a, a.subarray(4), a.subarray(5), { lda: 10, incx: 10, incy: 10 });
  });

  it("names the element that is not finite", () => {
    const a = Matrix.identity(4).data;
    a[2 * 4 + 1] = Number.NaN;
    fails(() => sync.potrf(4, a.slice()), "potrf: element (2, 1) of a is not a finite number");
    fails(() => sync.getrf(4, 4, a.slice(), new Int32Array(4)), "getrf: element (2, 1) of a");
    a[2 * 4 + 1] = Number.NEGATIVE_INFINITY;
    for (const name of ["qr", "svd", "eigh", "inv", "det", "cholesky"] as const) {
      fails(() => sync[name](new Matrix(a, 4, 4)), "element (2, 1) of a is not a finite number");
    }
    // In the triangle that is not read it does not matter.
    sync.potrf(4, a.slice(), { uplo: "U" });
  });

  it("says what LAPACK's info means", () => {
    const a = Float64Array.of(4, 0, 0, 0, -1, 0, 0, 0, 1);
    fails(
      () => sync.potrf(3, a),
      "potrf: the 3 x 3 matrix is not positive definite: its leading minor of order 2 is not positive",
      NotPositiveDefiniteError,
    );
    fails(
      () =>
        sync.inv(
          Matrix.from([
            [1, 2],
            [2, 4],
          ]),
        ),
      "the 2 x 2 matrix is singular: pivot 1 is exactly zero",
      SingularMatrixError,
    );
    const deficient = Float64Array.of(0, 1, 0, 1, 0, 1);
    fails(() => sync.gels(3, 2, 1, deficient, f64(3)), "not of full rank", SingularMatrixError);
  });

  it("refuses a result of LAPACK that shares memory with what is read, whatever their types", () => {
    const shared = new ArrayBuffer(1000);
    const [a, b] = [new Float64Array(shared), f64(50)];
    const pivots = new Int32Array(shared, 8, 3);
    const whole = new Float64Array(18);
    for (const [call, text] of [
      [() => sync.potrs(3, 1, a, a.subarray(8)), "potrs: b, which is written, shares memory with a,"],
      [() => sync.getrf(3, 3, a, pivots), "getrf: pivots, which is written, shares memory with a,"],
      [() => sync.getrs(3, 1, b, pivots, a), "getrs: b, which is written, shares memory with pivots,"],
      [() => sync.getrs(3, 1, a, new Int32Array(3), a.subarray(8)), "getrs: b, which is written"],
      [() => sync.gesv(3, 1, a, pivots, b), "gesv: pivots, which is written, shares memory with a,"],
      [() => sync.gesv(3, 1, b, pivots, a), "gesv: pivots, which is written, shares memory with b,"],
      [() => sync.gesv(3, 1, a, new Int32Array(3), a.subarray(8)), "gesv: b, which is written"],
      [() => sync.geqrf(3, 3, a, a.subarray(6)), "geqrf: tau, which is written"],
      [() => sync.orgqr(3, 3, 3, a, a.subarray(6)), "orgqr: a, which is written"],
      [() => sync.gesdd(3, 3, a, a.subarray(6)), "gesdd: s, which is written, shares memory with a,"],
      [() => sync.gesdd(3, 3, a, whole, whole, f64(9)), "gesdd: s, which is written, shares memory with u,"],
      [() => sync.gesdd(3, 3, a, whole, f64(9), whole), "gesdd: s, which is written, shares memory with vt,"],
      [() => sync.gesdd(3, 3, a, b, whole, whole), "gesdd: u, which is written, shares memory with vt,"],
      [() => sync.gesdd(3, 3, a, b, a, whole), "gesdd: u, which is written, shares memory with a,"],
      [() => sync.syevd(3, a, a.subarray(8)), "syevd: w, which is written, shares memory with a,"],
      [
        () => sync.syevd(3, a, a.subarray(17), { complex: true }),
        "syevd: w, which is written, shares memory with a,",
      ],
      [() => sync.gels(3, 3, 1, a, a.subarray(8)), "gels: b, which is written"],
      [() => sync.gelsd(3, 3, 1, a, a.subarray(8), b), "gelsd: b, which is written"],
      [() => sync.gelsd(3, 3, 1, b, whole, whole), "gelsd: s, which is written, shares memory with b,"],
      [() => sync.gelsd(3, 3, 1, whole, b, whole), "gelsd: s, which is written, shares memory with a,"],
    ] as const) {
      fails(call, text);
    }
    expect([...a, ...b, ...whole].every(value => value === 0)).to.equal(true);
    // Side by side in one buffer is all right, and so is a result of nothing.
    for (let i = 0; i < 3; i++) a[4 * i] = 2;
    sync.gesv(3, 1, a, new Int32Array(shared, 72, 3), a.subarray(11));
    sync.getrf(0, 0, a, new Int32Array(shared));
  });

  it("checks the pivots that it is given, before it writes", async () => {
    const b = Float64Array.of(1, 2);
    for (const [place, pivots] of [
      [1, [0, 7]],
      [0, [-1, 1]],
    ] as const) {
      for (const trans of ["N", "T"] as const) {
        const text = `getrs: pivots[${place}] is ${pivots[place]}, which is no row of 2`;
        fails(() => sync.getrs(2, 1, f64(4), Int32Array.from(pivots), b, { trans }), text);
      }
    }
    // An awaited call looks at them when its turn comes.
    const n = 64;
    const [identity, side] = [Matrix.identity(n).data, f64(n).fill(1)];
    const pivots = Int32Array.from({ length: n }, (_, i) => i);
    const large = f64(400 * 400);
    const before = gemm(400, 400, 400, large, large, f64(400 * 400));
    const solved = getrs(n, 1, identity, pivots, side);
    pivots.fill(2 ** 30);
    const [, outcome] = await Promise.allSettled([before, solved]);
    if (outcome.status === "rejected") {
      expect(outcome.reason).to.be.instanceOf(ArgumentError);
      expect(outcome.reason.message).to.equal(`getrs: pivots[0] is ${2 ** 30}, which is no row of ${n}`);
    }
    expect([...side]).to.deep.equal(Array(n).fill(1));
    expect([...b]).to.deep.equal([1, 2]);
  });

  it("stays in its matrix when pivots change under it", () => {
    // Two objects of one shared memory, which cannot be told from two memories.
    const n = 64;
    const memory = new SharedArrayBuffer(8 * n * n);
    const pivots = new Int32Array(structuredClone(memory), 0, 3 * n);
    const values = new Float64Array(memory).fill(-1.234e200);
    for (let i = 0; i < n; i++) pivots[i] = i;
    pivots[0] = 40;
    sync.getrs(n, 1, Matrix.identity(n).data, pivots, values);
    for (let i = 0; i < n * n; i++) values[i] = Math.sin(i * i) * 1e3;
    try {
      sync.getrf(n, n, values, pivots.subarray(40));
    } catch (error) {
      expect(error).to.be.instanceOf(SingularMatrixError);
    }
  });

  it("refuses resizable buffers where a call is awaited, for they might shrink meanwhile", async () => {
    type Resizable = new (length: number, options: { maxByteLength: number }) => ArrayBuffer;
    const resizable = new (ArrayBuffer as unknown as Resizable)(32, { maxByteLength: 64 });
    const a = new Float64Array(resizable);
    for (const call of [
      () => gemm(2, 2, 2, a, f64(4), f64(4)),
      () => gemm(2, 2, 2, f64(4), f64(4), a),
      () => solve(Matrix.identity(2), a.subarray(0, 2)),
      () => lstsq(new Matrix(a, 2, 2), f64(2)),
      () => map(a, exp),
      () => mapInto(a, f64(4), exp),
    ]) {
      const [outcome] = await Promise.allSettled([call()]);
      expect(outcome).to.have.property("reason").that.is.instanceOf(ArgumentError);
      expect(String((outcome as PromiseRejectedResult).reason)).to.contain("resizable ArrayBuffer");
    }
    // Nothing can happen to them while a call blocks.
    expect(sync.asum(a.fill(-1))).to.equal(4);
    expect([...(sync.map(a, x => x.mul(2)) as Float64Array)]).to.deep.equal([-2, -2, -2, -2]);
  });

  it("names sizes that LAPACK's integers do not hold, and ends where there is nothing to do", () => {
    const { lapack, integers } = info();
    const [far, one, none] = [2 ** 32, f64(1).fill(1), f64(0)];
    const text = "expected sizes and leading dimensions of at most 2147483647";
    if (lapack !== undefined && integers === 32) {
      fails(() => sync.geqrf(1, 1, one, f64(1), { lda: far }), `geqrf: ${text}`);
      fails(() => sync.orgqr(1, 1, 1, one, f64(1), { lda: far }), `orgqr: ${text}`);
      fails(() => sync.gesdd(1, 1, one, f64(1), undefined, undefined, { lda: far }), `gesdd: ${text}`);
      fails(() => sync.gesdd(1, 1, one, f64(1), f64(1), f64(1), { ldu: far }), `gesdd: ${text}`);
      fails(() => sync.syevd(1, one, f64(1), { lda: far }), `syevd: ${text}`);
      fails(() => sync.gels(1, 1, 1, one, f64(1), { lda: far }), `gels: ${text}`);
      fails(() => sync.gelsd(0, 2 ** 50, 0, none, none, none), `gelsd: ${text}`);
    }
    // What does not need the library knows no limit.
    const four = Float64Array.of(4);
    sync.potrf(1, four, { lda: far });
    expect(four[0]).to.equal(2);
    sync.gemmBatched(2 ** 52, 0, 0, 0, none, none, none);
    sync.getrf(2 ** 50, 0, none, new Int32Array(0));
    expect(Matrix.zeros(2 ** 50, 0).copy().shape).to.deep.equal([2 ** 50, 0]);
  });

  it("checks the shapes of matrices", () => {
    const [a, b] = [Matrix.zeros(2, 3), Matrix.zeros(2, 3)];
    fails(() => sync.matmul(a, b), "matmul: a is 2 x 3 of float64, b is 2 x 3 of float64");
    fails(() => sync.cholesky(a), "cholesky: a must be square, but is 2 x 3");
    fails(() => sync.solve(Matrix.identity(3), f64(2)), "so b must have 3 rows of float64, but it has 2");
    fails(
      () => new Matrix(f64(5), 2, 3),
      "Matrix: 2 x 3 with strides 3, 1 takes 6 elements of float64, but the array holds 5",
    );
    fails(() => a.at(2, 0), "Matrix: no element (2, 0) in 2 x 3");
    fails(() => Matrix.from([[1], [1, 2]]), "Matrix.from: row 1 has 2 elements, row 0 has 1");
  });

  it("keeps its strides to itself", () => {
    const strides: [number, number] = [3, 1];
    const a = new Matrix(Float64Array.of(1, 2, 3, 4, 5, 6), 2, 3, { strides });
    strides[0] = -(2 ** 36);
    expect(a.strides).to.deep.equal([3, 1]);
    (a.strides as [number, number])[0] = -(2 ** 36);
    expect(a.strides).to.deep.equal([3, 1]);
    expect([...a.copy().data]).to.deep.equal([1, 2, 3, 4, 5, 6]);
  });

  it("notices an array that was transferred away", () => {
    const a = Matrix.identity(2);
    structuredClone(a.data, { transfer: [a.data.buffer as ArrayBuffer] });
    fails(() => sync.inv(a), "but the array holds 0");
    fails(() => sync.matmul(a, Matrix.identity(2)), "but it holds 0");
  });

  it("rejects the promise of the awaited form", async () => {
    const wrong = [gemm(1, 1, 1, f64(0), f64(1), f64(1)), solve(Matrix.zeros(2, 2), f64(2))];
    const [first, second] = await Promise.allSettled(wrong);
    expect(first).to.have.property("reason").that.is.instanceOf(ArgumentError);
    expect(second).to.have.property("reason").that.is.instanceOf(SingularMatrixError);
  });

  it("names an argument that is missing, or no object", async () => {
    const one = f64(1);
    const none = undefined as never;
    for (const [call, text] of [
      [() => sync.dot(none, one), "dot: x must be a Float64Array or a Float32Array, but is undefined"],
      [() => sync.dot(one, none), "dot: y must be a Float64Array or a Float32Array, but is undefined"],
      [() => sync.axpy(1, one, null as never), "axpy: y must be a Float64Array as x is, but is null"],
      [() => sync.nrm2(none), "nrm2: x must be"],
      [() => sync.gemv(1, 1, one, none, one), "gemv: x must be"],
      [() => sync.gemv(1, 1, one, one, none), "gemv: y must be"],
      [() => sync.ger(0, 1, one, one, none), "ger: a must be"],
      [() => sync.trsv(1, one, none), "trsv: x must be"],
      [() => sync.gemm(1, 1, 1, one, none, one), "gemm: b must be"],
      [() => sync.gemm(1, 1, 1, one, one, none), "gemm: c must be"],
      [() => sync.gemm(0, 0, 0, one, one, none), "gemm: c must be"],
      [() => sync.gemmBatched(1, 1, 1, 1, one, one, none), "gemmBatched: c must be"],
      [() => sync.syrk(1, 1, one, none), "syrk: c must be"],
      [() => sync.symm(1, 1, one, one, none), "symm: c must be"],
      [() => sync.trsm(1, 1, one, none), "trsm: b must be"],
      [() => sync.potrs(1, 1, one, none), "potrs: b must be"],
      [() => sync.geqrf(1, 1, one, none), "geqrf: tau must be"],
      [() => sync.gesdd(1, 1, one, none), "gesdd: s must be"],
      [() => sync.syevd(1, one, none), "syevd: w must be"],
      [() => sync.gelsd(1, 1, 1, one, one, none), "gelsd: s must be"],
      [() => sync.matmul(Matrix.identity(1), none), "matmul: b must be a Matrix, but is undefined"],
      [
        () => sync.matmul(one as never, Matrix.identity(1)),
        "matmul: a must be a Matrix, but is Float64Array(1)",
      ],
      [
        () => sync.solve(Matrix.identity(1), none),
        "solve: a is of float64, so b must be a Matrix or a Float64",
      ],
      [
        () => sync.solve(Matrix.identity(1), [1] as never),
        "so b must be a Matrix or a Float64Array, but is a l",
      ],
      [() => sync.lstsq(Matrix.identity(1), new Float32Array(1)), "lstsq: a is of float64, so b must be"],
    ] as const) {
      fails(call, text);
    }
    for (const name of ["cholesky", "det", "eigh", "inv", "qr", "svd"] as const)
      fails(() => sync[name](none), `${name}: a must be a Matrix, but is undefined`);
    for (const name of ["lstsq", "solve"] as const)
      fails(() => sync[name]([[1]] as never, one), `${name}: a must be a Matrix, but is a list of 1`);

    const no = null as never;
    const p = new Int32Array(1);
    for (const [name, call] of Object.entries({
      dot: () => sync.dot(one, one, no),
      scal: () => sync.scal(1, one, no),
      gemv: () => sync.gemv(1, 1, one, one, one, no),
      ger: () => sync.ger(1, 1, one, one, one, no),
      symv: () => sync.symv(1, one, one, one, no),
      trmv: () => sync.trmv(1, one, one, no),
      gemm: () => sync.gemm(1, 1, 1, one, one, one, no),
      gemmBatched: () => sync.gemmBatched(1, 1, 1, 1, one, one, one, no),
      herk: () => sync.herk(1, 1, one, one, no),
      symm: () => sync.symm(1, 1, one, one, one, no),
      trmm: () => sync.trmm(1, 1, one, one, no),
      potrf: () => sync.potrf(1, one, no),
      potrs: () => sync.potrs(1, 1, one, one, no),
      getrf: () => sync.getrf(1, 1, one, p, no),
      getrs: () => sync.getrs(1, 1, one, p, one, no),
      gesv: () => sync.gesv(1, 1, one, p, one, no),
      geqrf: () => sync.geqrf(1, 1, one, one, no),
      orgqr: () => sync.orgqr(1, 1, 1, one, one, no),
      gesdd: () => sync.gesdd(1, 1, one, one, one, one, no),
      syevd: () => sync.syevd(1, one, one, no),
      gels: () => sync.gels(1, 1, 1, one, one, no),
      gelsd: () => sync.gelsd(1, 1, 1, one, one, one, no),
      lstsq: () => sync.lstsq(Matrix.identity(1), one, no),
      Matrix: () => new Matrix(one, 1, 1, no),
      map: () => sync.map(one, x => x, no),
    })) {
      fails(call, `${name}: options must be an object with any of `);
    }
    fails(
      () => sync.dot(one, one, 7 as never),
      "dot: options must be an object with any of complex, n, incx, incy, conjugate; got a number (7).",
    );
    const [outcome] = await Promise.allSettled([Matrix.identity(1).matmul(Matrix.identity(1), no)]);
    expect(outcome).to.have.property("reason").that.is.instanceOf(ArgumentError);
  });

  it("refuses an option that the function does not have", async () => {
    const one = f64(1);
    const p = new Int32Array(1);
    const identity = Matrix.identity(1);
    type Call = (options: never) => unknown;
    const calls: Record<string, [wrong: string, hint: string, call: Call]> = {
      dot: ["conj", "did you mean conjugate?", o => sync.dot(one, one, o)],
      axpy: ["conjugate", "there are complex, n, incx, incy.", o => sync.axpy(1, one, one.slice(), o)],
      nrm2: ["incy", "did you mean incx?", o => sync.nrm2(one, o)],
      asum: ["stride", "there are complex, n, incx.", o => sync.asum(one, o)],
      iamax: ["inc", "did you mean incx?", o => sync.iamax(one, o)],
      scal: ["incX", "did you mean incx?", o => sync.scal(1, one, o)],
      copy: ["lda", "there are complex,", o => sync.copy(one, f64(1), o)],
      swap: ["lda", "there are complex,", o => sync.swap(one, f64(1), o)],
      rot: ["lda", "there are complex,", o => sync.rot(one, f64(1), 1, 0, o)],
      gemv: ["transA", "did you mean trans?", o => sync.gemv(1, 1, one, one, f64(1), o)],
      ger: ["beta", "there are complex, alpha,", o => sync.ger(1, 1, one, one, f64(1), o)],
      symv: ["trans", "there are complex, uplo,", o => sync.symv(1, one, one, f64(1), o)],
      trsv: ["alpha", "there are complex, uplo, trans,", o => sync.trsv(1, one, f64(1), o)],
      trmv: ["unit", "there are complex, uplo, trans,", o => sync.trmv(1, one, f64(1), o)],
      gemm: ["trans", "did you mean transA?", o => sync.gemm(1, 1, 1, one, one, f64(1), o)],
      gemmBatched: [
        "stridea",
        "did you mean strideA?",
        o => sync.gemmBatched(1, 1, 1, 1, one, one, f64(1), o),
      ],
      syrk: ["ldb", "did you mean lda?", o => sync.syrk(1, 1, one, f64(1), o)],
      herk: ["side", "there are complex, uplo,", o => sync.herk(1, 1, one, f64(1), o)],
      symm: ["trans", "there are complex, side,", o => sync.symm(1, 1, one, one, f64(1), o)],
      hemm: ["Uplo", "did you mean uplo?", o => sync.hemm(1, 1, one, one, f64(1), o)],
      trsm: ["beta", "there are complex, side,", o => sync.trsm(1, 1, one, f64(1), o)],
      trmm: ["ldc", "did you mean lda?", o => sync.trmm(1, 1, one, f64(1), o)],
      potrf: ["ldb", "did you mean lda?", o => sync.potrf(1, one, o)],
      potrs: ["side", "there are complex, lda, uplo, ldb.", o => sync.potrs(1, 1, one, f64(1), o)],
      getrf: ["uplo", "there are complex, lda.", o => sync.getrf(1, 1, one, p, o)],
      getrs: ["transA", "did you mean trans?", o => sync.getrs(1, 1, one, p, f64(1), o)],
      gesv: ["trans", "there are complex, lda, ldb.", o => sync.gesv(1, 1, one, p, f64(1), o)],
      geqrf: ["mode", "there are complex, lda.", o => sync.geqrf(1, 1, one, f64(1), o)],
      orgqr: ["mode", "there are complex, lda.", o => sync.orgqr(1, 1, 1, one, f64(1), o)],
      gesdd: [
        "full",
        "there are complex, lda, ldu, ldvt.",
        o => sync.gesdd(1, 1, one, f64(1), f64(1), f64(1), o),
      ],
      syevd: ["vector", "did you mean vectors?", o => sync.syevd(1, one, f64(1), o)],
      gels: ["rcond", "there are complex, lda, ldb.", o => sync.gels(1, 1, 1, one, f64(1), o)],
      gelsd: ["rcon", "did you mean rcond?", o => sync.gelsd(1, 1, 1, one, f64(1), f64(1), o)],
      lstsq: ["tolerance", "there are rcond.", o => sync.lstsq(identity, one, o)],
      Matrix: ["stride", "did you mean strides?", o => new Matrix(one, 1, 1, o)],
      evaluate: ["type", "did you mean dtype?", o => sync.evaluate(exp(one), o)],
      evaluateInto: ["type", "did you mean dtype?", o => sync.evaluateInto(one, exp(one), o)],
      map: ["type", "did you mean dtype?", o => sync.map(one, exp, o)],
      mapInto: ["type", "did you mean dtype?", o => sync.mapInto(one, one, exp, o)],
      reduce: ["type", "did you mean dtype?", o => sync.reduce(one, x => x.sum(), o)],
      compile: ["type", "did you mean dtype?", o => sync.compile("exp(x)", o)],
    };
    for (const [name, [wrong, hint, call]] of Object.entries(calls)) {
      one.fill(1);
      const sentence = `${name}: there is no option ${wrong}; ${hint}`;
      fails(() => call({ [wrong]: 1 } as never), sentence);
      // Whatever its value, and none at all is fine.
      fails(() => call({ [wrong]: undefined } as never), sentence);
      call({} as never);
    }
    for (const awaited of [
      () => gemm(1, 1, 1, one, one, f64(1), { trans: "T" } as never),
      () => identity.matmul(identity, { devise: "cpu" } as never),
      () => map(one, exp, { type: "float32" } as never),
    ]) {
      const [outcome] = await Promise.allSettled([awaited()]);
      expect(outcome).to.have.property("reason").that.is.instanceOf(ArgumentError);
      expect(String((outcome as PromiseRejectedResult).reason)).to.contain("there is no option ");
    }
  });

  it("takes no imaginary part where elements are real", () => {
    const pair = [1, 7] as const;
    const y = f64(2).fill(3);
    for (const [call, text] of [
      [() => sync.axpy(pair, f64(2), y), "axpy: alpha must be real, but is [1, 7]; real arrays take no imag"],
      [() => sync.scal(pair, y), "scal: alpha must be real"],
      [() => sync.gemv(1, 1, f64(1), f64(1), y, { beta: pair }), "gemv: beta must be real"],
      [() => sync.ger(1, 1, f64(1), f64(1), y, { alpha: pair }), "ger: alpha must be real"],
      [() => sync.gemm(1, 1, 1, f64(1), f64(1), y, { alpha: pair }), "gemm: alpha must be real"],
      [() => sync.syrk(1, 1, f64(1), y, { beta: pair }), "syrk: beta must be real"],
      [() => sync.trsm(1, 1, f64(1), y, { alpha: pair }), "trsm: alpha must be real"],
      [
        () => sync.herk(1, 1, f64(2), y, { alpha: pair, complex: true }),
        "herk: alpha must be real, but is [1, 7]; herk takes no imaginary part",
      ],
      [
        () => sync.scal(2n as never, y),
        "scal: alpha must be a number or a pair [re, im] of numbers, but is a bigint (2n)",
      ],
    ] as const) {
      fails(call, text);
    }
    expect([...y]).to.deep.equal([3, 3]);
    sync.scal([2, 0], y);
    expect([...y]).to.deep.equal([6, 6]);
    sync.scal([0, 1], y, { complex: true });
    expect([...y]).to.deep.equal([-6, 6]);
  });

  it("names the function that was called, not the driver behind it", () => {
    const singular = Matrix.zeros(2, 2);
    for (const name of ["inv", "solve"] as const) {
      fails(() => sync[name](singular, f64(2)), `${name}: the 2 x 2 matrix is singular`, SingularMatrixError);
    }
    fails(
      () => sync.cholesky(singular),
      "cholesky: the 2 x 2 matrix is not positive definite",
      NotPositiveDefiniteError,
    );
    const a = Matrix.from([[Number.NaN]]);
    for (const name of ["cholesky", "det", "inv", "solve", "qr", "svd", "eigh"] as const) {
      fails(() => sync[name](a, f64(1)), `${name}: element (0, 0) of a is not a finite number`);
    }
    const b = Float64Array.of(1, Number.NaN);
    fails(() => sync.lstsq(Matrix.identity(2), b), "lstsq: element (1, 0) of a or b is not a finite number");
    // A right-hand side is not looked through.
    expect(sync.solve(Matrix.identity(2), b)[1]).to.be.NaN;
  });

  it("names what is no shape, type, place or element of a matrix", () => {
    const a = Matrix.from([
      [1, 2],
      [3, 4],
    ]);
    const c = Matrix.zeros(1, 1, "complex128");
    const types = "Matrix: dtype must be float32, float64, complex64, complex128, but is";
    for (const [call, text] of [
      [() => Matrix.zeros(-1, 2), "Matrix: rows must be a whole number, at least 0, but is -1"],
      [() => Matrix.zeros(1, 1.5), "Matrix: columns must be a whole number, at least 0, but is 1.5"],
      [() => Matrix.identity(-1), "Matrix: rows must be"],
      [() => Matrix.zeros(1, 1, "int8" as never), `${types} a string ("int8")`],
      [() => new Matrix(f64(1), 1, 1, { dtype: "toString" as never }), `${types} a string ("toString")`],
      [() => Matrix.from(undefined as never), "Matrix.from: expected rows of elements, such as"],
      [() => Matrix.from([[1], undefined] as never), "Matrix.from: rows must be lists of elements, such as"],
      [() => Matrix.from([1, 2] as never), "but row 0 is a number (1)"],
      [
        () => sync.lstsq(a, Float64Array.of(1, 2), { rcond: "1" as never }),
        'lstsq: rcond must be a number other than NaN, but is a string ("1")',
      ],
      [
        () => sync.gelsd(1, 1, 1, f64(1), f64(1), f64(1), { rcond: Number.NaN }),
        "gelsd: rcond must be a number other than NaN, but is a number (NaN)",
      ],
      [() => a.at(0.5, 0), "Matrix: no element (0.5, 0) in 2 x 2"],
      [() => a.set(0, 0.5, 1), "Matrix: no element (0, 0.5) in 2 x 2"],
      [() => a.row(0.5), "Matrix: no element (0.5, 0)"],
      [() => a.slice(0.5, 1.5), "Matrix: slices are from and to whole numbers, but got 0.5"],
      [() => a.slice(0, 1, Number.NaN), "Matrix: slices are from and to whole numbers, but got NaN"],
      [() => a.set(0, 0, "1" as never), 'Matrix: a float64 element must be a number, but is a string ("1")'],
      [() => c.set(0, 0, "12" as never), "Matrix: a complex128 element must be a number or a pair [re, im]"],
      [() => c.set(0, 0, undefined as never), "Matrix: a complex128 element must be a number or a pair"],
    ] as const) {
      fails(call, text);
    }
    expect(a.slice(-1, Number.POSITIVE_INFINITY).toArrays()).to.deep.equal([[3, 4]]);
  });

  it("checks the number of threads", () => {
    for (const count of [0, -1, 1.5, Number.NaN, 1e9]) fails(() => setThreads(count), "setThreads: expected");
  });
});
