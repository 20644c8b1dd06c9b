/** A pool whose ranks say that they are on different hosts: arrays are sent to each once, and no task is taken back. */
import { syncBuiltinESMExports } from "node:module";
import os from "node:os";
import { expect } from "chai";
import { world } from "tsmpi";
import { task, withPool } from "tsmpi/parallel";
import { ok } from "../../ranks/programs/support.ts";

os.hostname = () => `host ${world.rank % 3}`;
syncBuiltinESMExports();

const total = task((array: Float64Array) => array.reduce((left, right) => left + right, 0));
/** What ranks of one host write, the others of that host see, and nobody else. */
const count = task(
  (array: Int32Array | Uint8Array) => [os.hostname(), 1 + Atomics.add(array, 0, 1)] as const,
);
const hostOf = task((_x: number) => os.hostname());
const square = task((x: number) => x * x);

await withPool(world, async pool => {
  const array = await pool.share(Float64Array.from({ length: 5000 }, (_, i) => i));
  expect(await pool.map(total, new Array(50).fill(array))).to.deep.equal(new Array(50).fill(12_497_500));
  // A Buffer, too, lies once on each host.
  for (const zero of [new Int32Array(1), Buffer.alloc(1)]) {
    const counter = await pool.share(zero);
    const counts = await pool.map(count, new Array(60).fill(counter));
    for (const host of new Set(counts.map(([name]) => name))) {
      const seen = counts.flatMap(([name, n]) => (name === host ? [n] : []));
      expect(seen.sort((a, b) => a - b)).to.deep.equal(seen.map((_, i) => i + 1));
    }
  }
  const many = Array.from({ length: 1000 }, (_, i) => i);
  expect(await pool.map(square, many)).to.deep.equal(many.map(x => x * x));
  const worker = world.size - 1;
  expect(await pool.map(hostOf, 20, { worker })).to.deep.equal(new Array(20).fill(`host ${worker % 3}`));
  const dropped = pool.submit(square, 1);
  expect(dropped.cancel()).to.equal(true);
});
ok();
