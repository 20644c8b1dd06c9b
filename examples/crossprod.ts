/**
 * Least squares by crossproduct and Cholesky: every rank has its own rows of a tall matrix x and of y, syrk makes their
 * crossproduct, one reduction adds the crossproducts up, and each rank solves the small system x'x b = x'y. Arguments:
 * rows and columns. Row i has random numbers of its own, so the data do not depend on the number of ranks; sums of
 * parts do, in their last bits, and are printed rounded.
 */
import { sum, world } from "tsmpi";
import { sync } from "tsmpi/linalg";
import { streams } from "tsmpi/random";

const n = Number(process.argv[2] ?? 100_000);
const p = Number(process.argv[3] ?? 8);
if (!(Number.isInteger(n) && Number.isInteger(p) && p >= 1 && n > p)) {
  throw new RangeError(
    `crossprod: expected columns, 1 or more, and rows, more than columns; got ${n} rows and ${p} columns`,
  );
}

// Own rows of [x y]: y = 1 x1 + 2 x2 + ... + p xp + noise is the last column, so that one crossproduct has it all.
const width = p + 1;
const from = Math.floor((n * world.rank) / world.size);
const rows = Math.floor((n * (world.rank + 1)) / world.size) - from;
const own = new Float64Array(rows * width);
const random = streams(1);
for (let i = 0; i < rows; i++) {
  const row = own.subarray(i * width, (i + 1) * width);
  random.stream(from + i).standardNormalInto(row);
  for (let j = 0; j < p; j++) row[p] += (j + 1) * row[j];
}

const began = performance.now();
// The lower triangle of the crossproduct: x'x, and in its last row x'y and y'y.
const products = new Float64Array(width * width);
sync.syrk(width, rows, own, products, { trans: "T" });
await world.allreduceInto(products, products, sum);

const coefficients = products.slice(p * width, p * width + p);
sync.potrf(p, products, { lda: width });
sync.potrs(p, 1, products, coefficients, { lda: width });
const seconds = (performance.now() - began) / 1000;

// y - x b from the rows themselves: y'y less x'y b would lose half of the digits.
const residuals = new Float64Array(rows);
sync.copy(own.subarray(p), residuals, { n: rows, incx: width });
sync.gemv(rows, p, own, coefficients, residuals, { lda: width, alpha: -1, beta: 1 });
const gaps = new Float64Array(p);
sync.gemv(rows, p, own, residuals, gaps, { lda: width, trans: "T" });
const squares = await world.reduce(sync.dot(residuals, residuals), sum);
await world.allreduceInto(gaps, gaps, sum);

if (squares !== undefined) {
  console.log(`${n} rows of ${p} columns; the first coefficients:`);
  console.log(Array.from(coefficients.subarray(0, 8), each => each.toFixed(8)).join(" "));
  console.log(
    `standard deviation of the residuals ${Math.sqrt(squares / (n - p)).toFixed(8)}, of the noise 1`,
  );
  const orthogonal = gaps.every(gap => Math.abs(gap) < 1e-10 * n);
  console.log(`The residuals are ${orthogonal ? "" : "not "}orthogonal to every column, to 1e-10 a row`);
  console.error(`${seconds.toFixed(3)} s on ${world.size} ranks`);
}
