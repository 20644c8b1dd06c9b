/** `device: "auto"` of tsmpi/linalg by what is measured on this GPU. */
import { expect } from "chai";
import { crossover, Matrix, matmul, sync } from "tsmpi/linalg";
import { needsGpu, poison, random, relativeError } from "./device.ts";

describe("on a GPU: where products of tsmpi/linalg go", function () {
  this.timeout(240_000);
  before(function () {
    needsGpu(this, "cublas");
  });

  const drawn = (rows: number, columns: number, dtype: "float32" | "float64"): Matrix => {
    const numbers = random(rows * columns);
    return new Matrix(dtype === "float64" ? numbers : Float32Array.from(numbers), rows, columns);
  };

  for (const dtype of ["float32", "float64"] as const) {
    it(`measures from which size on they pay: ${dtype}`, async () => {
      const measured = await crossover(dtype);
      console.log(`      ${JSON.stringify(measured)}`);
      for (const figure of Object.values(measured)) expect(figure).to.be.above(0);
    });

    it(`multiplies on the device, whatever the order: ${dtype}`, async () => {
      const [a, b] = [drawn(311, 205, dtype), drawn(205, 417, dtype)];
      const bound = dtype === "float64" ? 1e-14 : 1e-6;
      for (const device of ["cuda", "auto"] as const) {
        for (const [left, right] of [
          [a, b],
          [b.T, a.T],
          [a.T, a],
          [a.slice(3, 90, 5, 180), b.slice(5, 180, 7, 400)],
        ]) {
          poison(left.rows * right.columns * (dtype === "float64" ? 8 : 4));
          const got = await matmul(left, right, { device });
          const reference = sync.matmul(asFloat64(left), asFloat64(right));
          expect(relativeError(got.data, reference.data), device).to.be.below(bound);
        }
      }
    });
  }
});

function asFloat64(matrix: Matrix): Matrix {
  return Matrix.from(matrix.toArrays());
}
