/**
 * Two values of 8 MiB, made on two ranks: they stay there, what wants one runs there, and what wants both has one sent.
 * Rank 0 only hands out. For three ranks, with --stats.
 */
import { expect } from "chai";
import { world } from "tsmpi";
import { compute, delayed, persist } from "tsmpi/parallel";

const begun = await world.shared(Int32Array, 1);
/** Ends when both have begun, so that no rank makes both. */
const make = delayed((value: number) => {
  Atomics.add(begun, 0, 1);
  const nap = new Int32Array(new SharedArrayBuffer(4));
  while (Atomics.load(begun, 0) < 2) Atomics.wait(nap, 0, 0, 1);
  return { maker: world.rank, array: new Float64Array(1 << 20).fill(value) };
});
type Made = { maker: number; array: Float64Array };
const isThere = delayed(({ maker, array }: Made) => [array[0], maker === world.rank]);
const combine = delayed((left: Made, right: Made) => left.array[5] + right.array[5]);

const [one, two] = [make(1), make(2)];
const dedicated = true;
await persist(world, [one, two], { dedicated });
expect(await compute(world, [isThere(one), isThere(two)], { dedicated })).to.deep.equal([
  [1, true],
  [2, true],
]);
expect(await compute(world, combine(one, two), { dedicated })).to.equal(3);
