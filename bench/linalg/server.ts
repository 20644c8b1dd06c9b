/**
 * Does works of tsmpi/linalg and says how long they took, for run.ts: "name size calls" on standard input gives seconds
 * a call on standard output. Which library and how many threads the environment says.
 */
import { createInterface } from "node:readline";
import { info, Matrix, sync } from "tsmpi/linalg";

type FloatArray = Float32Array | Float64Array;

/** A matrix's own memory, which is on huge pages where it is large, as NumPy's is. */
function random(rows: number, columns: number, dtype: "float32" | "float64" = "float64"): FloatArray {
  const { data } = Matrix.zeros(rows, columns, dtype);
  for (let i = 0; i < data.length; i++) data[i] = Math.random() - 0.5;
  return data;
}

let held = "";
let arrays: FloatArray[] = [];

/** What a work needs, made once. */
function arraysFor(name: string, n: number): FloatArray[] {
  if (held === `${name} ${n}`) return arrays;
  held = `${name} ${n}`;
  arrays = [];
  const dtype = name === "sgemm" ? "float32" : "float64";
  if (name === "ddot") arrays = [random(1, n), random(1, n)];
  else if (name === "dcholesky") arrays = [random(n, n)];
  else arrays = [random(n, n, dtype), random(n, n, dtype), Matrix.zeros(n, n, dtype).data];
  return arrays;
}

const gemm = (n: number, [a, b, c]: FloatArray[]): unknown => sync.gemm(n, n, n, a, b, c);
const matrices = (n: number, made: FloatArray[]): Matrix[] => made.map(data => new Matrix(data, n, n));

const works: Record<string, (n: number, made: FloatArray[]) => unknown> = {
  dgemm: gemm,
  sgemm: gemm,
  ddot: (_, [x, y]) => sync.dot(x, y),
  // The lower triangle of aᵀ a, and its factor in its place.
  dcholesky(n, [a]) {
    const c = Matrix.zeros(n, n).data;
    sync.syrk(n, n, a, c, { trans: "T" });
    sync.potrf(n, c);
    return c;
  },
  dsolve(n, made) {
    const [a, b] = matrices(n, made);
    return sync.solve(a, b);
  },
  dqr: (n, made) => sync.qr(matrices(n, made)[0]),
  dsvd: (n, made) => sync.svd(matrices(n, made)[0]),
  deigh: (n, made) => sync.eigh(matrices(n, made)[0]),
};

const { library, version, core, products, threads } = info();
const alone = products === library ? undefined : `(products: ${products})`;
console.log(["ready", library, version, core, alone, threads].filter(part => part !== undefined).join(" "));
for await (const line of createInterface({ input: process.stdin })) {
  const [name, size, calls] = line.split(" ");
  const made = arraysFor(name, Number(size));
  const work = works[name];
  const start = performance.now();
  for (let i = 0; i < Number(calls); i++) work(Number(size), made);
  console.log((performance.now() - start) / 1000 / Number(calls));
}
