/** Matrix products whose operands lie in blocks of rows on the ranks' GPUs. */
import { describe } from "../describe.ts";
import { ArgumentError } from "../index.ts";
import { requireKnownOptions } from "../known-options.ts";
import { type DeviceArray, empty, requireDeviceArray } from "./array.ts";
import { DeviceCommunicator } from "./communicator.ts";
import type { DtypeName } from "./dtype.ts";
import { type MatmulOptions, matmulInto, matmulOptions, type ProductDtype, resultType } from "./matmul.ts";
import { show } from "./shape.ts";

/**
 * This rank's rows of the product A B, from its rows of A and its rows of B (any number of them, also none). Blocks of B
 * go round the ring of ranks, the next one travelling while this one is multiplied. Memory: two of the longest block of B
 * beside the operands; messages: size - 1 a rank. Types as of `matmul`; halves are added up in float32 and rounded once.
 * Called by all ranks of `gpus`, with the same options.
 * @throws {ArgumentError} (on all ranks) shapes or types that do not go together
 */
export async function matmulRows<D extends DtypeName, R extends DtypeName = ProductDtype<D>>(
  gpus: DeviceCommunicator,
  a: DeviceArray<D>,
  b: DeviceArray<D>,
  options: MatmulOptions<R> = {},
): Promise<DeviceArray<R>> {
  if (!(gpus instanceof DeviceCommunicator)) {
    throw new ArgumentError(
      `matmulRows: the first argument must be a communicator for device arrays, from over(world); got ${describe(gpus)}`,
    );
  }
  requireKnownOptions("matmulRows", options, matmulOptions);
  requireDeviceArray("matmulRows", "A", a);
  requireDeviceArray("matmulRows", "B", b);
  // Views, which keep the memory where the arrays are freed meanwhile.
  using left = a.slice();
  using right = b.slice();
  const product = left.reading(() => right.reading(() => productOfRows(gpus, left, right, options)));
  return (await product) as DeviceArray<R>;
}

async function productOfRows(
  gpus: DeviceCommunicator,
  a: DeviceArray,
  b: DeviceArray,
  { dtype: wanted, ...options }: MatmulOptions,
): Promise<DeviceArray> {
  const { rank, size } = gpus;
  const { device, dtype } = a;
  // One collective, so that others called before and after it keep their order.
  const all = await gpus.allgatherShapes({ shapes: [a.shape, b.shape], types: [a.dtype, b.dtype] });
  const [[type]] = all.map(({ types }) => types);
  for (const [i, { types }] of all.entries()) {
    const wrong = types.findIndex(other => other !== type);
    if (wrong < 0) continue;
    throw new ArgumentError(
      `matmulRows: all of A and B must be of one type, but rank 0 has ${type} of A, and rank ${i} ${types[wrong]} of ${"AB"[wrong]}`,
    );
  }
  const result = resultType(dtype, wanted).name;
  const shapes = all.map(each => each.shapes);
  for (const [i, [left, right]] of shapes.entries()) {
    if (left.length === 2 && right.length === 2) continue;
    throw new ArgumentError(
      `matmulRows: A and B must have two axes, but rank ${i} has ${show(left)} of A and ${show(right)} of B`,
    );
  }
  const inner = shapes.reduce((sum, [, [rows]]) => sum + rows, 0);
  const columns = b.shape[1];
  for (const [i, [left, right]] of shapes.entries()) {
    if (left[1] === inner && right[1] === shapes[0][1][1]) continue;
    throw new ArgumentError(
      `matmulRows: rank ${i} has ${show(left)} of A and ${show(right)} of B; B has ${inner} rows in all, and so A as many columns`,
    );
  }
  if (dtype === "int8") checkFours(shapes, columns);
  const rowsOf = (owner: number): number => shapes[owner][1][0];
  const longest = Math.max(...shapes.map(([, [rows]]) => rows));
  // Halves are added up in float32, and rounded once.
  const sums = dtype === "float16" || dtype === "bfloat16" ? "float32" : result;
  const target = empty([a.shape[0], columns], { dtype: sums, device });
  try {
    using even = empty([longest, columns], { dtype, device });
    using odd = empty([longest, columns], { dtype, device });
    const blocks = [even, odd];
    {
      using first = even.slice([0, b.shape[0]]);
      first.copyFrom(b);
    }
    for (let step = 0; step < size; step++) {
      const owner = (rank + step) % size;
      const next = (owner + 1) % size;
      const from = shapes.slice(0, owner).reduce((sum, [, [rows]]) => sum + rows, 0);
      using part = a.slice([], [from, from + rowsOf(owner)]);
      using block = blocks[step % 2].slice([0, rowsOf(owner)]);
      using coming = blocks[(step + 1) % 2].slice([0, rowsOf(next)]);
      // Begun before the product, so that it waits only for the one before, which has read that memory.
      const moved =
        step === size - 1
          ? undefined
          : Promise.all([
              gpus.recvInto(coming, (rank + 1) % size),
              gpus.send(block, (rank + size - 1) % size),
            ]);
      try {
        matmulInto(target, part, block, { ...options, beta: step === 0 ? 0 : 1 });
      } finally {
        await moved;
      }
    }
    if (sums === result) return target;
    using exact = target;
    return exact.astype(result);
  } catch (error) {
    target.free();
    throw error;
  }
}

/** cuBLAS reads int8 four at a time; what one rank's part of B would break, all ranks refuse. */
function checkFours(shapes: readonly (readonly (readonly number[])[])[], columns: number): void {
  for (const [i, [, [rows]]] of shapes.entries()) {
    if (rows % 4 === 0 && columns % 4 === 0) continue;
    throw new ArgumentError(
      `matmulRows: of int8 every rank's rows of B and its columns must be multiples of 4; rank ${i} has ${rows} x ${columns}; pad with zeros`,
    );
  }
}
