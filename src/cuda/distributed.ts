/** Matrix products whose operands lie in blocks of rows on the ranks' GPUs. */
import { ArgumentError } from "../index.ts";
import { type DeviceArray, empty } from "./array.ts";
import type { DeviceCommunicator } from "./communicator.ts";
import { type MatmulOptions, matmulInto } from "./matmul.ts";
import { show } from "./shape.ts";

/**
 * This rank's rows of the product A B, from its rows of A and its rows of B (any number of them, also none). Blocks of B
 * go round the ring of ranks, the next one travelling while this one is multiplied. Memory: two of the longest block of B
 * beside the operands; messages: size - 1 a rank. Called by all ranks of `gpus`, with the same options.
 * @throws {ArgumentError} (on all ranks) shapes that do not go together
 */
export async function matmulRows(
  gpus: DeviceCommunicator,
  a: DeviceArray,
  b: DeviceArray,
  options: Pick<MatmulOptions, "alpha" | "tf32"> = {},
): Promise<DeviceArray> {
  const { rank, size } = gpus;
  const shapes = await gpus.allgatherShapes([a.shape, b.shape]);
  const inner = shapes.reduce((sum, [, [rows]]) => sum + rows, 0);
  const columns = b.shape[1];
  for (const [i, [left, right]] of shapes.entries()) {
    if (left.length === 2 && right.length === 2 && left[1] === inner && right[1] === shapes[0][1][1])
      continue;
    throw new ArgumentError(
      `matmulRows: rank ${i} has ${show(left)} of A and ${show(right)} of B; B has ${inner} rows in all, and so A as many columns`,
    );
  }
  const { dtype, device } = a;
  const rowsOf = (owner: number): number => shapes[owner][1][0];
  const longest = Math.max(...shapes.map(([, [rows]]) => rows));
  const target = empty([a.shape[0], columns], { dtype, device });
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
    return target;
  } catch (error) {
    target.free();
    throw error;
  }
}
