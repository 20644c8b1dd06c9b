/** Products in several layers of ranks: the results of one process, and what is sent. */
import { expect } from "chai";
import { ArgumentError, Communicator, sum, world } from "tsmpi";
import { DistributedMatrix, distributed, ProcessGrid, sync } from "tsmpi/linalg";
import {
  dtypes,
  eachGrid,
  element,
  epsilon,
  expectClose,
  expectFailure,
  localMatrix,
  ok,
} from "./support.ts";

const { matmul } = distributed;
const { size } = world;
const other = (i: number, j: number): number => element(j + 100, i);

/** Bytes that this rank has got from others in the collectives that products consist of. */
let received = 0;
const methods = Communicator.prototype;
const { broadcastInto, alltoallInto, reduceScatterInto } = methods;
methods.broadcastInto = function (target, options) {
  if (this.rank !== options!.root) received += target.byteLength;
  return broadcastInto.call(this, target, options);
};
methods.alltoallInto = function (target, array, counts) {
  received += target.byteLength - counts!.recvCounts![this.rank] * target.BYTES_PER_ELEMENT;
  return alltoallInto.call(this, target, array, counts);
};
methods.reduceScatterInto = function (target, array, op, options) {
  received += target.byteLength * (this.size - 1);
  return reduceScatterInto.call(this, target, array, op as never, options);
};

/** Elements of 8 bytes that all ranks together get during a call. */
async function elementsSent(call: () => Promise<unknown>): Promise<number> {
  received = 0;
  await call();
  return (await world.allreduce(received, sum)) / 8;
}

const shapes = [
  [0, 3, 2, 4],
  [3, 0, 2, 4],
  [1, 1, 1, 1],
  [50, 33, 61, 3],
  [13, 700, 9, 40],
];

const apart = world.host.size < size;
if (!apart)
  await eachGrid(async grid => {
    // Twelve share few cores.
    for (const dtype of size > 8 ? dtypes.slice(0, 1) : dtypes) {
      for (const [m, k, n, block] of shapes) {
        const a = DistributedMatrix.fromFunction(grid, m, k, element, { block, dtype });
        const b = DistributedMatrix.fromFunction(grid, k, n, other, { block, dtype });
        const wanted = sync.matmul(localMatrix(m, k, element, dtype), localMatrix(k, n, other, dtype));
        for (const copies of [2, 3, 4, 6, 8, 12]) {
          // Not on every grid can there be so many.
          if (copies > size) continue;
          const c = await matmul(a, b, { copies });
          const what = `${m} x ${k} x ${n} of ${dtype} in ${block} on ${grid.rows} x ${grid.columns}, ${copies} copies`;
          expect([c.grid, c.block, c.dtype, ...c.shape]).to.deep.equal([grid, block, dtype, m, n]);
          const whole = await c.gather();
          if (whole !== undefined) expectClose(whole, wanted, 4 * (k + 1) * epsilon[dtype], what);
        }
      }
    }
  });

await using grid = await ProcessGrid.create(world);
const { rows, columns } = grid;
// Whole numbers of blocks for every layer, so that what is sent can be told.
const n = 96;
const square = (order: number, block: number): DistributedMatrix =>
  DistributedMatrix.fromFunction(grid, order, order, element, { block });
const a = square(n, 2);
const summa = n * n * (columns - 1 + rows - 1);
expect(await elementsSent(() => matmul(a, a, { copies: 1 }))).to.equal(summa);
// By itself a product so small is not worth it; 7 copies fit no grid here.
expect(await elementsSent(() => matmul(a, a))).to.equal(summa);
expect(await elementsSent(() => matmul(a, a, { copies: 7 }))).to.equal(summa);
const twoCopies: Record<string, number> = {
  "2 x 2": n * n * (0 + 1.5 + 1),
  "2 x 4": n * n * (1 + 1.5 + 1),
  "3 x 4": n * n * (1 + 2.5 + 1),
};
const known = twoCopies[`${rows} x ${columns}`];
if (known !== undefined) expect(await elementsSent(() => matmul(a, a, { copies: 2 }))).to.equal(known);
if (size === 8) {
  expect(known).to.be.below(summa);
  const large = square(1536, 128);
  const sent = await elementsSent(() => matmul(large, large));
  expect(sent).to.equal(((apart ? known : summa) * 1536 ** 2) / n ** 2);
  // Layers take memory: one rank that has none for them is enough for all to do without.
  const { availableMemory } = process;
  if (world.rank === size - 1) process.availableMemory = () => 1 << 20;
  expect(await elementsSent(() => matmul(large, large))).to.equal((summa * 1536 ** 2) / n ** 2);
  process.availableMemory = availableMemory;
}
for (const copies of [0, 1.5, "2" as unknown as number]) {
  await expectFailure(
    () => matmul(a, a, { copies }),
    ArgumentError,
    /copies must be a whole number, at least 1/,
  );
}
await ok();
