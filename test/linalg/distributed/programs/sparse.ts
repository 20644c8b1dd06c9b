/** CSR products, conjugate gradients and power iteration. */
import { expect } from "chai";
import { ArgumentError, NoConvergenceError, world } from "tsmpi";
import { CsrMatrix, conjugateGradients, powerIteration } from "tsmpi/linalg";
import { dtypes, element, epsilon, expectFailure, ok } from "./support.ts";

/** About a third of the elements, so that there are rows without any, and some twice. */
function rowOf(i: number, columns: number): [number, number][] {
  if (i % 5 === 3) return [];
  const row: [number, number][] = [];
  for (let j = columns - 1; j >= 0; j--) if ((i * 31 + j * 17) % 3 === 0) row.push([j, element(i, j)]);
  if (columns > 2) row.push([2, 0.5], [2, 0.25]);
  return row;
}

for (const dtype of dtypes) {
  for (const [rows, columns] of [
    [0, 0],
    [4, 0],
    [1, 1],
    [17, 40],
    [50, 23],
  ]) {
    const what = `${rows} x ${columns} of ${dtype}`;
    const a = await CsrMatrix.fromRows(world, rows, columns, i => rowOf(i, columns), { dtype });
    const type = dtype === "float32" ? Float32Array : Float64Array;
    const x = new type(Array.from({ length: columns }, (_, j) => element(j, 1)));
    const wanted = Array.from({ length: rows }, (_, i) =>
      rowOf(i, columns).reduce((total, [j, value]) => total + value * x[j], 0),
    );
    // Twice: what is kept from product to product must not matter.
    for (const scale of [1, 2]) {
      const share = x.subarray(a.firstColumn, a.endColumn).map(value => scale * value);
      const y = (await world.allgather(Array.from(await a.matvec(share)))).flat();
      expect(y.length, what).to.equal(rows);
      for (const [i, value] of y.entries()) {
        expect(value, what).to.be.closeTo(scale * wanted[i], 8 * (columns + 1) * epsilon[dtype]);
      }
    }
  }
}

// A chain: its eigenvalues are 2 - 2 cos(k pi / (n + 1)).
const n = 16;
const chain = (i: number): [number, number][] =>
  [i - 1, i, i + 1].filter(j => j >= 0 && j < n).map(j => [j, j === i ? 2 : -1]);
const a = await CsrMatrix.fromRows(world, n, n, chain);
const { eigenvalue, vector } = await powerIteration(a, { iterations: 20_000 });
expect(eigenvalue).to.be.closeTo(2 - 2 * Math.cos((n * Math.PI) / (n + 1)), 1e-12);
expect((await world.allgather(Array.from(vector))).flat().reduce((s, v) => s + v * v, 0)).to.be.closeTo(
  1,
  1e-12,
);
const { x, iterations, residual } = await conjugateGradients(
  a,
  a.vector(() => 1),
);
expect(iterations).to.be.within(1, n);
expect(residual).to.be.at.most(1e-10);
// Of ones it is a parabola.
for (const [place, value] of x.entries()) {
  const i = a.firstRow + place;
  expect(value).to.be.closeTo(((i + 1) * (n - i)) / 2, 1e-8);
}
const zero = await conjugateGradients(a, a.vector());
expect([zero.iterations, zero.residual, ...zero.x]).to.deep.equal([0, 0, ...a.vector()]);

// The squares of these right-hand sides leave the range of their type.
for (const [dtype, values] of [
  ["float64", [1e-170, 1e160, 5e-324 * 2 ** 40, 1e308]],
  ["float32", [1e-23, 1e20, 1e-40, 3e38]],
] as const) {
  const twice = await CsrMatrix.fromRows(world, n, n, i => [[i, 2]], { dtype });
  const wide = await CsrMatrix.fromRows(world, n, n, chain, { dtype });
  for (const value of values) {
    const what = `${value} of ${dtype}`;
    const b = twice.vector(() => value);
    const half = await conjugateGradients(twice, b);
    expect(Array.from(half.x), what).to.deep.equal(Array.from(b, element => element / 2));
    expect(half.iterations, what).to.equal(1);
    // The parabola has no room where the right-hand side is near the end of the range.
    if (value > 1e37 && (dtype === "float32" || value > 1e300)) continue;
    const tolerance = dtype === "float32" ? 1e-5 : 1e-10;
    const parabola = await conjugateGradients(wide, b, { tolerance });
    expect(parabola.residual, what).to.be.at.most(tolerance);
    for (const [place, got] of parabola.x.entries()) {
      const i = wide.firstRow + place;
      const wanted = ((i + 1) * (n - i)) / 2;
      expect(got / b[0], what).to.be.closeTo(wanted, 1e3 * tolerance * wanted);
    }
    const fromThere = await powerIteration(twice, { start: b });
    expect(fromThere.eigenvalue, what).to.be.closeTo(2, 2 * epsilon[dtype] * n);
  }
  // To the last bit, which one step reaches.
  const exact = await conjugateGradients(
    twice,
    twice.vector(i => i + 1),
    { tolerance: 0 },
  );
  expect(Array.from(exact.x)).to.deep.equal(Array.from(twice.vector(i => (i + 1) / 2)));
  const tiny = await CsrMatrix.fromRows(world, n, n, i => [[i, dtype === "float32" ? 1e-30 : 1e-200]], {
    dtype,
  });
  await expectFailure(
    () =>
      conjugateGradients(
        tiny,
        tiny.vector(() => values.at(-1)!),
      ),
    NoConvergenceError,
    new RegExp(`numbers left the range of ${dtype}`),
  );
}
const lame = await CsrMatrix.fromRows(world, n, n, i => [[i, i === 5 ? Number.NaN : 2]]);
await expectFailure(
  () =>
    conjugateGradients(
      lame,
      lame.vector(() => 1),
    ),
  NoConvergenceError,
  /numbers left the range of float64; a has NaN/,
);
// One rank has it, all are told.
for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY]) {
  const b = a.vector(i => (i === 3 ? wrong : 1));
  await expectFailure(() => conjugateGradients(a, b), ArgumentError, /: b has elements that are NaN or inf/);
  await expectFailure(() => powerIteration(a, { start: b }), ArgumentError, /: start has elements that/);
}
await expectFailure(
  () => powerIteration(a, { start: a.vector() }),
  ArgumentError,
  /powerIteration: start has no element other than 0/,
);
const nothing = await powerIteration(await CsrMatrix.fromRows(world, n, n, () => []));
expect([nothing.eigenvalue, nothing.residual, nothing.iterations]).to.deep.equal([0, 0, 1]);
for (const [limits, message] of [
  [{ tolerance: Number.NaN }, /: tolerance must be a number, at least 0, but is NaN/],
  [{ tolerance: -1 }, /: tolerance must be a number, at least 0, but is -1/],
  [{ tolerance: "1" as never }, /: tolerance must be/],
  [{ iterations: 1.5 }, /: iterations must be a whole number, at least 0, but is 1.5/],
  [{ iterations: -1 }, /: iterations must be/],
] as const) {
  const b = a.vector(() => 1);
  await expectFailure(() => conjugateGradients(a, b, limits), ArgumentError, message);
  await expectFailure(() => powerIteration(a, limits), ArgumentError, message);
}

const unknown = { maxIterations: 3 } as object;
await expectFailure(
  () => conjugateGradients(a, a.vector(), unknown),
  ArgumentError,
  /no option maxIterations/,
);
await expectFailure(() => powerIteration(a, unknown), ArgumentError, /no option maxIterations/);
await expectFailure(
  () => CsrMatrix.fromRows(world, 6, 6, () => [], { type: "float32" } as object),
  ArgumentError,
  /^CsrMatrix: there is no option type; did you mean dtype/,
);

await expectFailure(
  () => CsrMatrix.fromRows(world, 6, 6, i => [[i === 4 ? 6 : 0, 1]]),
  ArgumentError,
  /row 4 has an element in column 6, but the matrix is 6 x 6/,
);
await expectFailure(() => CsrMatrix.fromRows(world, -1, 6, () => []), ArgumentError, /rows must be/);
// One rank's mistake, and all are told whose it is.
for (const rank of new Set([0, world.size - 1])) {
  const share = (name: string) => new RegExp(`rank ${rank}'s share ${name} must be a Float64Array`);
  const bad = world.rank === rank ? new Float64Array(n + 1) : a.vector();
  await expectFailure(() => a.matvec(bad), ArgumentError, share("x"));
  await expectFailure(() => a.matvec(a.vector(), bad), ArgumentError, share("y"));
  await expectFailure(() => conjugateGradients(a, bad), ArgumentError, share("b"));
  await expectFailure(() => powerIteration(a, { start: bad }), ArgumentError, share("start"));
}
const oblong = await CsrMatrix.fromRows(world, 6, 7, () => []);
await expectFailure(
  () => conjugateGradients(oblong, oblong.vector()),
  ArgumentError,
  /must be square, .* 6 x 7/,
);
await expectFailure(
  () =>
    conjugateGradients(
      a,
      a.vector(i => i),
      { iterations: 3 },
    ),
  NoConvergenceError,
  /after 3 iterations the residual is/,
);
const negative = await CsrMatrix.fromRows(world, n, n, i => [[i, -1]]);
await expectFailure(
  () =>
    conjugateGradients(
      negative,
      negative.vector(() => 1),
    ),
  NoConvergenceError,
  /not positive definite/,
);
await expectFailure(() => powerIteration(a, { iterations: 2 }), NoConvergenceError, /after 2 iterations/);
await ok();
