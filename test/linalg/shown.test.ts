import { inspect } from "node:util";
import { expect } from "chai";
import { Matrix } from "../../src/linalg/index.ts";

describe("linalg: a matrix on the console", () => {
  it("has its elements in columns, to six digits", () => {
    const matrix = Matrix.from([
      [1 / 3, 2e10],
      [-5, Number.NaN],
    ]);
    expect(inspect(matrix)).to.equal(
      ["Matrix(2 x 2 of float64)", "  0.333333  20000000000", "        -5          NaN"].join("\n"),
    );
    expect(inspect(matrix.T.slice(0, 1))).to.equal("Matrix(1 x 2 of float64)\n  0.333333  -5");
    expect(inspect(Matrix.zeros(0, 3, "float32"))).to.equal("Matrix(0 x 3 of float32)");
    expect(inspect(Matrix.zeros(1, 1, "complex128"))).to.match(/^Matrix\(1 x 1 of complex128\)\n {2}\S/);
  });

  it("is cut where it is large", () => {
    const lines = inspect(Matrix.identity(30)).split("\n");
    expect(lines).to.have.lengthOf(12);
    expect(lines[1]).to.equal("  1  0  0  0  0  0  0  0  ...");
    expect(lines[11]).to.equal("  ...");
  });
});
