/** Many collectives of the board under way at once, far ahead of a slow rank, and mixed with blocking ones. */
import { expect } from "chai";
import { sum, world } from "tsmpi";
import { BULK } from "./board-places.ts";
import { compute, doubles, expectSame, faces, ok, sleep } from "./support.ts";

const { rank, size } = world;
const total = (size * (size + 1)) / 2;
const late = size - 1;
const cell = 10;
const bulk = 1000;
const away = (2 * BULK) / 8;
const lengths = [cell, bulk, away, bulk, cell, away + 1];

// Awaited together, of all kinds and places. The slow rank begins when the others are at their wits' end.
for (let round = 0; round < 4; round++) {
  if (rank === (late + round) % size) await sleep(40);
  const checks: (() => void)[] = [];
  const calls: Promise<unknown>[] = [];
  for (let i = 0; i < 48; i++) {
    const length = lengths[(i + round) % lengths.length];
    const root = i % size;
    const mine = doubles(length, j => (rank + 1) * (j + i));
    const target = new Float64Array(length);
    const what = `call ${i} of round ${round}`;
    switch (i % 6) {
      case 0:
        calls.push(world.allreduceInto(target, mine, sum));
        checks.push(() =>
          expectSame(
            target,
            doubles(length, j => total * (j + i)),
            what,
          ),
        );
        break;
      case 1:
        calls.push(world.broadcastInto(rank === root ? mine : target, { root }));
        checks.push(() =>
          expectSame(
            rank === root ? mine : target,
            doubles(length, j => (root + 1) * (j + i)),
            what,
          ),
        );
        break;
      case 2:
        calls.push(world.allreduce(i, sum).then(outcome => expect(outcome, what).to.equal(i * size)));
        break;
      case 3: {
        const gathered = new Float64Array(length * size);
        calls.push(world.gatherInto(gathered, mine, { root }));
        checks.push(() => {
          if (rank !== root) return;
          for (let r = 0; r < size; r++) {
            const block = gathered.subarray(r * length, (r + 1) * length);
            expectSame(
              block,
              doubles(length, j => (r + 1) * (j + i)),
              `${what}, block ${r}`,
            );
          }
        });
        break;
      }
      case 4:
        // By messages, between those of the board.
        calls.push(world.broadcast({ i }, { root }).then(came => expect(came, what).to.deep.equal({ i })));
        break;
      default:
        calls.push(world.scanInto(target, mine, sum));
        checks.push(() =>
          expectSame(
            target,
            doubles(length, j => (((rank + 1) * (rank + 2)) / 2) * (j + i)),
            what,
          ),
        );
    }
    // A blocking one finds the awaited ones under way.
    if (i % 16 === 15) expect(world.sync.allreduce(1, sum), what).to.equal(size);
  }
  await Promise.all(calls);
  for (const check of checks) check();
}

// Those that only give run ahead: as far as the cells, and the bulk buffers, go.
for (const face of faces) {
  for (const length of [cell, bulk]) {
    for (const slow of [0, late]) {
      for (let turn = 0; turn < 60; turn++) {
        if (rank === slow && turn % 20 === 0) compute(15);
        const array = doubles(length, j => turn + j);
        if (rank !== 0) array.fill(0);
        await face.broadcastInto(array);
        expectSame(
          array,
          doubles(length, j => turn + j),
          `broadcast ${turn} of ${length}`,
        );
        array.fill(-1);
        const gathered = rank === slow ? new Float64Array(length * size) : undefined;
        const mine = doubles(length, j => rank * 1000 + turn + j);
        await face.gatherInto(gathered, mine, { root: slow });
        mine.fill(-1);
        for (let r = 0; gathered !== undefined && r < size; r++) {
          const block = gathered.subarray(r * length, (r + 1) * length);
          expectSame(
            block,
            doubles(length, j => r * 1000 + turn + j),
            `gather ${turn} of ${length}`,
          );
        }
      }
    }
  }
}

// What was read before an earlier collective was done is reported when that one is: root 0 waits for nothing else.
if (size > 2) {
  const gathered = new Float64Array(size);
  const long = new Float64Array(away).fill(rank === 0 ? 7 : 0);
  if (rank === late) {
    await world.recv(0);
    await sleep(20);
  }
  const gathering = world.gatherInto(gathered, Float64Array.of(rank), { root: 1 });
  const broadcast = world.broadcastInto(long);
  if (rank === 0) await world.send("go", late);
  await broadcast;
  await gathering;
  if (rank === 0) {
    await world.send("lent no more", 1);
  } else if (rank === 1) {
    expectSame(
      gathered,
      doubles(size, j => j),
      "gather begun first",
    );
    expect(await world.recv(0)).to.equal("lent no more");
  }
  expectSame(long, new Float64Array(away).fill(7), "broadcast begun second");
}
ok();
