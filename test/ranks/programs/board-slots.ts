/** Boards that earlier communicators of other ranks have used, and left in the middle of their cells. */
import { expect } from "chai";
import { sum, world } from "tsmpi";
import { BULK, CELL } from "./board-places.ts";
import { doubles, expectSame, faces, ok, random } from "./support.ts";

const { rank, size } = world;
// The same on all ranks.
const draw = random(7);
const pick = (count: number): number => Math.floor(draw() * count);
const lengths = [1, CELL / 8, CELL / 8 + 1, BULK / 8, BULK / 8 + 1];

for (let round = 0; round < 100; round++) {
  const colors = Array.from({ length: size }, () => pick(3));
  const keys = Array.from({ length: size }, () => pick(10));
  const turns = Array.from({ length: 3 }, () => pick(24));
  const color = colors[rank];
  // Some are freed at once, some live on while others come and go.
  const comm = await world.split(color === 2 && round % 2 === 0 ? undefined : color, { key: keys[rank] });
  if (comm === undefined) continue;
  const members = [...colors.keys()].filter(r => colors[r] === color);
  const total = members.reduce((a, b) => a + b, 0);
  for (let turn = 0; turn < turns[color]; turn++) {
    const face = faces[turn % 2] === world ? comm : comm.sync;
    const length = lengths[(round + turn) % lengths.length];
    const target = new Float64Array(length);
    const what = `round ${round}, turn ${turn}, ${length} doubles`;
    await face.allreduceInto(
      target,
      doubles(length, i => rank + i),
      sum,
    );
    expectSame(
      target,
      doubles(length, i => total + comm.size * i),
      what,
    );
    const root = turn % comm.size;
    const here = comm.rank === root ? doubles(length, i => round + turn + i) : target;
    await face.broadcastInto(here, { root });
    expectSame(
      here,
      doubles(length, i => round + turn + i),
      what,
    );
    expect(await face.allreduce(rank, sum), what).to.equal(total);
  }
  await comm.free();
  expect(() => comm.sync.broadcastInto(new Float64Array(4 * BULK)), "freed").to.throw(/has been freed/);
}
ok();
