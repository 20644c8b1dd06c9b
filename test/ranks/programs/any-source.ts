/**
 * A receive from any rank that has matched a long message is taken: what other ranks have sent meanwhile belongs
 * to the next receives.
 */
import { expect } from "chai";
import { world } from "tsmpi";
import { compute, faces, ok, sleep } from "./support.ts";

for (const face of faces) {
  for (const into of [false, true]) {
    await world.barrier();
    if (world.rank === 0) {
      // All others have filled their rings by now.
      compute(150);
      const lengths: number[] = [];
      for (let i = 1; i < world.size; i++) {
        if (into) {
          const target = new Float64Array(1 << 20);
          const { source, count } = await face.recvInto(target);
          expect([target[0], target[count - 1], target[count] ?? 0], `from ${source}`).to.deep.equal([
            source,
            source,
            0,
          ]);
          lengths.push(count);
        } else {
          const value = await face.recv<Float64Array>();
          expect(new Set(value).size).to.equal(1);
          lengths.push(value.length);
        }
      }
      expect(lengths.sort()).to.deep.equal(
        Array.from({ length: world.size - 1 }, (_, i) => lengthOf(i + 1)).sort(),
      );
    } else {
      // From rank 1 a long array, from the others short ones that overtake it.
      const sending = world.send(new Float64Array(lengthOf(world.rank)).fill(world.rank), 0);
      await sleep(1);
      await sending;
    }
  }
}

function lengthOf(rank: number): number {
  return rank === 1 ? 1 << 20 : rank;
}
await world.barrier();
ok();
