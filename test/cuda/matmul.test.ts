import { expect } from "chai";
import * as cuda from "../../src/cuda/index.ts";
import { ArgumentError, CudaError } from "../../src/errors.ts";
import { failing, useFakeCuda } from "./fake.ts";
import { fails } from "./throws.ts";

/** Random numbers in [-1, 1) that are new each time. */
const random = (n: number): Float64Array => Float64Array.from({ length: n }, () => Math.random() * 2 - 1);

const numbers = async (array: cuda.DeviceArray): Promise<number[]> => {
  using wide = array.astype("float64");
  return Array.from((await wide.download()) as Float64Array);
};

/** Row-major [m, k] by [k, n]. */
function product(a: ArrayLike<number>, b: ArrayLike<number>, m: number, n: number, k: number): number[] {
  const c = new Array<number>(m * n).fill(0);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) for (let l = 0; l < k; l++) c[i * n + j] += a[i * k + l] * b[l * n + j];
  }
  return c;
}

function expectClose(
  actual: readonly number[],
  expected: readonly number[],
  tolerance: number,
  what: string,
): void {
  expect(actual.length, what).to.equal(expected.length);
  const size = Math.max(...expected.map(Math.abs), 1e-30);
  const off = Math.max(...actual.map((value, i) => Math.abs(value - expected[i])), 0);
  expect(off / size, what).to.be.below(tolerance);
}

async function on(
  values: Float64Array,
  shape: readonly number[],
  dtype: cuda.DtypeName,
): Promise<cuda.DeviceArray> {
  using wide = await cuda.upload(values, shape);
  return wide.astype(dtype);
}

const tolerances: readonly [cuda.DtypeName, number][] = [
  ["float64", 1e-14],
  ["float32", 1e-5],
  ["float16", 1e-2],
  ["bfloat16", 5e-2],
];

describe("cuda: matmul (on the fake cuBLAS)", function () {
  this.timeout(180_000);
  before(useFakeCuda);

  for (const [dtype, tolerance] of tolerances) {
    it(`multiplies ${dtype} as it lies and transposed`, async () => {
      const [m, n, k] = [5, 3, 4];
      const [a, b] = [random(m * k), random(k * n)];
      const expected = product(a, b, m, n, k);
      const flip = (values: Float64Array, rows: number, columns: number): Float64Array =>
        values.map((_, i) => values[(i % rows) * columns + Math.floor(i / rows)]);
      for (const [turnA, turnB] of [
        [false, false],
        [true, false],
        [false, true],
        [true, true],
      ]) {
        using left = await on(turnA ? flip(a, m, k) : a, turnA ? [k, m] : [m, k], dtype);
        using right = await on(turnB ? flip(b, k, n) : b, turnB ? [n, k] : [k, n], dtype);
        using viewA = turnA ? left.transpose() : left.reshape(left.shape);
        using viewB = turnB ? right.transpose() : right.reshape(right.shape);
        using c = cuda.matmul(viewA, viewB);
        expect(c.dtype).to.equal(dtype);
        expect(c.shape).to.deep.equal([m, n]);
        expectClose(await numbers(c), expected, tolerance, `${turnA} ${turnB}`);
      }
    });
  }

  it("sums halves in float32 and keeps it when asked", async () => {
    for (const dtype of ["float16", "bfloat16"] as const) {
      using a = cuda.full([2, 300], 1, { dtype });
      using b = cuda.full([300, 2], 1 + 2 ** -7, { dtype });
      using c = cuda.matmul(a, b, { dtype: "float32" });
      expect(c.dtype).to.equal("float32");
      expect(await numbers(c)).to.deep.equal([1, 1, 1, 1].map(() => 300 * (1 + 2 ** -7)));
    }
  });

  it("multiplies int8 that lies beside multiples of 4 bytes, and vectors of it", async () => {
    using long = await cuda.upload(Int8Array.from({ length: 33 }, (_, i) => i - 16));
    using from = long.slice([1]);
    using a = from.reshape([4, 8]);
    using x = long.slice([3, 11]);
    const at = (i: number): number => i - 16;
    const expected = Array.from({ length: 4 }, (_, i) =>
      Array.from({ length: 8 }, (_, k) => at(1 + i * 8 + k) * at(3 + k)).reduce((p, q) => p + q),
    );
    using product = cuda.matmul(a, x);
    expect(await numbers(product)).to.deep.equal(expected);
    using turned = a.transpose();
    using other = cuda.matmul(x, turned);
    expect(await numbers(other)).to.deep.equal(expected);
  });

  it("sums int8 in int32", async () => {
    using a = cuda.full([4, 8], 100, { dtype: "int8" });
    using b = cuda.full([8, 4], -100, { dtype: "int8" });
    using c = cuda.matmul(a, b);
    expect(await c.download()).to.deep.equal(new Int32Array(16).fill(-80_000));
    using odd = cuda.full([4, 6], 1, { dtype: "int8" });
    using other = cuda.full([6, 4], 1, { dtype: "int8" });
    await fails(
      () => cuda.matmul(odd, other),
      ArgumentError,
      /rows of int8 at multiples of 4 bytes, .* pad DeviceArray\(4 x 6 int8 on device 0\) with zeros/,
    );
    await fails(
      () => cuda.matmul(a, b, { alpha: 0.5 }),
      ArgumentError,
      /alpha of int8 must be a whole number of 32 bits; got a number \(0.5\)/,
    );
    await fails(() => cuda.matmul(a, b, { alpha: 2 ** 40 }), ArgumentError, /whole number of 32 bits/);
    await fails(
      () => cuda.matmul(a, b, { tf32: "no" as never }),
      ArgumentError,
      /tf32 must be true or false/,
    );
    // Newer GPUs take fewer lengths than the documentation says.
    await failing("cublasGemmEx=15", () =>
      fails(
        () => cuda.matmul(a, b),
        CudaError,
        /multiples of 4: pad with zeros\): .*CUBLAS_STATUS_NOT_SUPPORTED/,
      ),
    );
  });

  it("multiplies slices without a copy, and views that need one with", async () => {
    const values = random(6 * 7);
    const whole = await on(values, [6, 7], "float64");
    using part = whole.slice([1, 4], [2, 6]);
    const dense = (await part.download()) as Float64Array;
    using square = cuda.matmul(part, part.transpose());
    const turned = Float64Array.from({ length: 12 }, (_, i) => dense[(i % 3) * 4 + Math.floor(i / 3)]);
    expectClose(await numbers(square), product(dense, turned, 3, 3, 4), 1e-14, "slice");
    // Rows two apart have no leading dimension when turned into a stack of one column each.
    using stack = whole.reshape([3, 2, 7]).transpose().slice([0, 3], [0, 7], [0, 1]);
    expect(stack.shape).to.deep.equal([3, 7, 1]);
    using one = cuda.full([3, 1, 1], 1, { dtype: "float64" });
    using copied = cuda.matmul(stack, one);
    expect(await numbers(copied)).to.deep.equal(Array.from((await stack.download()) as Float64Array));
  });

  it("takes vectors for rows and columns", async () => {
    const [a, x] = [random(3 * 4), random(4)];
    using matrix = await on(a, [3, 4], "float64");
    using vector = await on(x, [4], "float64");
    using column = cuda.matmul(matrix, vector);
    expect(column.shape).to.deep.equal([3]);
    expectClose(await numbers(column), product(a, x, 3, 1, 4), 1e-14, "matrix by vector");
    using turned = matrix.transpose();
    using row = cuda.matmul(vector, turned);
    expectClose(await numbers(row), await numbers(column), 1e-14, "vector by matrix");
    using dot = cuda.matmul(vector, vector);
    expect(dot.shape).to.deep.equal([]);
    expectClose(await numbers(dot), product(x, x, 1, 1, 4), 1e-14, "dot");
    // One column of a matrix: elements four apart.
    using third = matrix.slice([], [2, 3]).copy();
    using strided = matrix.slice([], [2, 3]).transpose();
    using norm = cuda.matmul(strided, third);
    expectClose(
      await numbers(norm),
      product(await numbers(third), await numbers(third), 1, 1, 3),
      1e-14,
      "column",
    );
  });

  it("multiplies stacks, with one matrix for all where there is only one", async () => {
    const [a, b] = [random(2 * 3 * 4), random(2 * 4 * 2)];
    using left = await on(a, [2, 3, 4], "float64");
    using right = await on(b, [2, 4, 2], "float64");
    using c = cuda.matmul(left, right);
    expect(c.shape).to.deep.equal([2, 3, 2]);
    const expected = [0, 1].flatMap(i => product(a.subarray(i * 12), b.subarray(i * 8), 3, 2, 4));
    expectClose(await numbers(c), expected, 1e-14, "stacks");
    using single = right.slice([1, 2]).reshape([4, 2]);
    using shared = cuda.matmul(left, single);
    const again = [0, 1].flatMap(i => product(a.subarray(i * 12), b.subarray(8), 3, 2, 4));
    expectClose(await numbers(shared), again, 1e-14, "one for all");
  });

  it("scales and adds to what is there", async () => {
    const [a, b, c] = [random(6), random(6), random(4)];
    using left = await on(a, [2, 3], "float64");
    using right = await on(b, [3, 2], "float64");
    using target = await on(c, [2, 2], "float64");
    cuda.matmulInto(target, left, right, { alpha: 2, beta: -3 });
    const expected = product(a, b, 2, 2, 3).map((value, i) => 2 * value - 3 * c[i]);
    expectClose(await numbers(target), expected, 1e-14, "alpha and beta");
    using frame = cuda.full([4, 4], Number.NaN, { dtype: "float64" });
    using inner = frame.slice([1, 3], [2, 4]);
    cuda.matmulInto(inner, left, right);
    expectClose(await numbers(inner), product(a, b, 2, 2, 3), 1e-14, "into a view that held NaN");
    expect((await numbers(frame)).filter(Number.isNaN).length).to.equal(12);
  });

  it("knows products of nothing", async () => {
    using none = cuda.zeros([2, 0]);
    using zero = cuda.matmul(none, none.transpose());
    expect(await numbers(zero)).to.deep.equal([0, 0, 0, 0]);
    using empty = cuda.matmul(none.transpose(), none);
    expect(empty.shape).to.deep.equal([0, 0]);

    // Nothing to add up is nothing that cuBLAS is asked for.
    await failing("cublasGemmEx=13,cublasGemmStridedBatchedEx=13", async () => {
      for (const dtype of ["float64", "float32", "float16", "bfloat16"] as const) {
        using left = cuda.zeros([3, 4, 0], { dtype });
        using right = cuda.zeros([3, 0, 5], { dtype });
        using frame = cuda.full([3, 6, 7], 2, { dtype });
        using target = frame.slice([], [1, 5], [2, 7]);
        cuda.matmulInto(target, left, right, { beta: -3 });
        const expected = Array.from({ length: 126 }, (_, i) => {
          const [row, column] = [Math.floor(i / 7) % 6, i % 7];
          return row >= 1 && row < 5 && column >= 2 ? -6 : 2;
        });
        expect(await numbers(frame), dtype).to.deep.equal(expected);
        frame.fill(Number.NaN);
        cuda.matmulInto(target, left, right);
        expect((await numbers(frame)).filter(value => value === 0).length, dtype).to.equal(60);
        expect((await numbers(frame)).filter(Number.isNaN).length, dtype).to.equal(66);
      }
      using bytes = cuda.zeros([4, 0], { dtype: "int8" });
      using sums = cuda.full([4, 4], 7, { dtype: "int32" });
      cuda.matmulInto(sums, bytes, bytes.transpose(), { beta: 2 });
      expect(await numbers(sums)).to.deep.equal(new Array<number>(16).fill(14));
    });
  });

  const f = (...shape: number[]): cuda.DeviceArray => cuda.zeros(shape);
  const wrong: readonly [string, () => unknown, RegExp][] = [
    [
      "inner lengths",
      () => cuda.matmul(f(2, 3), f(2, 3)),
      /matmul\(2 x 3, 2 x 3\): the left has 3 columns, the right 2 rows/,
    ],
    [
      "types",
      () => cuda.matmul(f(2, 2), cuda.zeros([2, 2], { dtype: "float64" })),
      /types differ, float32 and float64/,
    ],
    [
      "a type",
      () => cuda.matmul(cuda.zeros([2, 2], { dtype: "int32" }), cuda.zeros([2, 2], { dtype: "int32" })),
      /int32 cannot be/,
    ],
    ["devices", () => cuda.matmul(f(2, 2), cuda.zeros([2, 2], { device: 1 })), /lie on devices 0 and 1/],
    ["stacks", () => cuda.matmul(f(2, 2, 2), f(3, 2, 2)), /stacks of matrices differ/],
    ["no axes", () => cuda.matmul(f(), f(2)), /at least one axis/],
    [
      "a number",
      () => cuda.matmul(f(2, 2), 3 as never),
      /matmul: the right must be a device array; got a number/,
    ],
    [
      "a typed array",
      () => cuda.matmul(new Float32Array(4) as never, f(2)),
      /the left must be a device array; got Float32Array\(4\), which upload makes one of/,
    ],
    [
      "no target",
      () => cuda.matmulInto(undefined as never, f(2, 2), f(2, 2)),
      /the target must be a device array/,
    ],
    [
      "a factor",
      () => cuda.matmul(f(2, 2), f(2, 2), { alpha: "2" as never }),
      /alpha must be a number; got a string/,
    ],
    [
      "an option that only matmulInto has",
      () => cuda.matmul(f(2, 2), f(2, 2), { beta: 1 } as never),
      /matmul: there is no option beta; /,
    ],
    ["options", () => cuda.matmul(f(2, 2), f(2, 2), null as never), /matmul: options must be an object/],
    [
      "a result type",
      () => cuda.matmul(f(2, 2), f(2, 2), { dtype: "float64" }),
      /a product of float32 is float32, not float64/,
    ],
    [
      "tf32",
      () =>
        cuda.matmul(cuda.zeros([2, 2], { dtype: "float64" }), cuda.zeros([2, 2], { dtype: "float64" }), {
          tf32: true,
        }),
      /tf32 is for/,
    ],
    [
      "a target's shape",
      () => cuda.matmulInto(f(3, 2), f(2, 2), f(2, 2)),
      /has the shape 2 x 2, the target 3 x 2/,
    ],
    [
      "a target's rows",
      () => cuda.matmulInto(f(2, 2).transpose(), f(2, 2), f(2, 2)),
      /rows of the target must lie dense/,
    ],
  ];
  for (const [what, work, sentence] of wrong) {
    it(`explains what is wrong with ${what}`, async () => {
      await fails(work, ArgumentError, sentence);
    });
  }

  it("refuses a target that shares memory with an operand", async () => {
    using a = f(4, 2);
    using b = f(2, 2);
    await fails(() => cuda.matmulInto(a.slice([2, 4]), a.slice([0, 2]), b), ArgumentError, /shares memory/);
  });

  it("reports errors of cuBLAS by name", async () => {
    using a = f(2, 2);
    const { used } = cuda.device().memoryInfo();
    const sentence =
      /multiplying DeviceArray\(2 x 2 float32 on device 0\) by .*: cublasGemmEx: CUBLAS_STATUS_EXECUTION_FAILED/;
    await failing("cublasGemmEx=13", () => fails(() => cuda.matmul(a, a), CudaError, sentence));
    expect(cuda.device().memoryInfo().used, "the result's memory").to.be.at.most(used);
    using second = cuda.zeros([2, 2], { device: 1 });
    await failing("cublasCreate_v2=1", () =>
      fails(
        () => cuda.matmul(second, second),
        CudaError,
        /starting cuBLAS on device 1 .*CUBLAS_STATUS_NOT_INITIALIZED/,
      ),
    );
    using c = cuda.matmul(second, second);
    expect(await numbers(c)).to.deep.equal([0, 0, 0, 0]);
  });
});
