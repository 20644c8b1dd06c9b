/** Which rank runs what: static and cyclic as said, the others every item once; chunks, cost, async tasks. */
import { expect } from "chai";
import { ArgumentError, world } from "tsmpi";
import { type MapOptions, map, type TaskContext, type TaskError } from "tsmpi/parallel";
import { everyRank, expectFailure, failure, ok, random, sleep } from "../../ranks/programs/support.ts";

const { rank, size } = world;
const items = Array.from({ length: 31 }, (_, i) => i);

/** The rank that ran each item; and that this rank ran its own in the order given. */
async function owners(options: MapOptions<number>, list: readonly number[] = items): Promise<number[]> {
  return map(
    world,
    list,
    (_item, _index, context) => {
      expect([context.rank, context.size, context.cancelled]).to.deep.equal([rank, size, false]);
      return context.rank;
    },
    options,
  );
}

/** Items in the order in which this rank began them. */
async function ran(
  options: MapOptions<number>,
  wait: () => Promise<void> | undefined = () => undefined,
): Promise<number[]> {
  const mine: number[] = [];
  const task = (item: number): Promise<void> | undefined => {
    mine.push(item);
    return wait();
  };
  await map(world, items, task, options);
  return mine;
}

// Blocks, the first ones longer.
const longer = items.length % size;
const block = Math.floor(items.length / size);
const blocks = everyRank.flatMap(r => new Array(block + (r < longer ? 1 : 0)).fill(r));
expect(await owners({ schedule: "static" })).to.deep.equal(blocks);
// Dealt one by one, or in blocks.
expect(await owners({ schedule: "cyclic" })).to.deep.equal(items.map(i => i % size));
expect(await owners({ schedule: "cyclic", chunk: 3 })).to.deep.equal(
  items.map(i => Math.floor(i / 3) % size),
);
const chunk = Math.ceil(items.length / (2 * size));
expect(await owners({ schedule: "cyclic", chunksPerRank: 2 })).to.deep.equal(
  items.map(i => Math.floor(i / chunk) % size),
);
// The lecture's example: six tasks, three workers.
if (size === 3) {
  expect(await owners({ schedule: "cyclic" }, [1, 2, 3, 4, 5, 6])).to.deep.equal([0, 1, 2, 0, 1, 2]);
  expect(await owners({ schedule: "static" }, [1, 2, 3, 4, 5, 6])).to.deep.equal([0, 0, 1, 1, 2, 2]);
}

// Claimed: each item runs once, whoever runs it, and each rank's come in order.
for (const schedule of ["dynamic", "guided"] as const) {
  for (const options of [{}, { chunk: 1 }, { chunk: 4 }, { chunk: 1000 }, { chunksPerRank: 3 }]) {
    const mine = await ran({ schedule, ...options });
    expect(mine).to.deep.equal([...mine].sort((a, b) => a - b));
    const all = (await world.allgather(mine)).flat().sort((a, b) => a - b);
    expect(all).to.deep.equal(items);
  }
}

// Several of a rank at once, which finish in the same turn of the event loop or later: each item once, too.
for (const schedule of ["static", "cyclic", "dynamic", "guided"] as const) {
  for (const wait of [undefined, () => Promise.resolve(), () => sleep(1)]) {
    const mine = await ran({ schedule, concurrency: 3, chunk: 1 }, wait);
    expect((await world.allgather(mine)).flat().sort((a, b) => a - b)).to.deep.equal(items);
  }
}

// The most costly first; with static the sums are even.
const cost = (item: number): number => (item * 7) % 31;
const byCost = [...items].sort((a, b) => cost(b) - cost(a) || a - b);
for (const schedule of ["static", "cyclic", "dynamic", "guided"] as const) {
  const mine = await ran({ schedule, cost });
  expect(mine).to.deep.equal(byCost.filter(item => mine.includes(item)));
  const all = await world.allgather(mine);
  expect(all.flat().sort((a, b) => a - b)).to.deep.equal(items);
  if (schedule === "static") {
    const sums = all.map(each => each.reduce((total, item) => total + cost(item), 0));
    expect(Math.max(...sums) - Math.min(...sums)).to.be.at.most(Math.max(...items.map(cost)) / 2);
  }
  const results = await map(world, items, item => item * 10, { schedule, cost });
  expect(results).to.deep.equal(items.map(item => item * 10));
}
await expectFailure(
  () => map(world, items, item => item, { cost: () => NaN }),
  ArgumentError,
  "TSMPI_ARGUMENT",
  /cost must give a number; for item 0 it gave NaN/,
);

// Tasks of random length that wait, several of a rank at once.
const draw = random(5);
const waits = items.map(() => 3 * draw());
for (const schedule of ["static", "cyclic", "dynamic", "guided"] as const) {
  let running = 0;
  let most = 0;
  const results = await map(
    world,
    items,
    async item => {
      most = Math.max(most, ++running);
      await new Promise(resolve => setTimeout(resolve, waits[item]));
      running--;
      return -item;
    },
    { schedule, concurrency: 3, chunk: 2 },
  );
  expect(results).to.deep.equal(items.map(item => -item));
  expect(most).to.be.at.most(3);
}

// Many maps after each other; more ranks than items.
for (let i = 0; i < 200; i++) {
  const total = i % 5;
  expect(await map(world, total, item => item + i)).to.deep.equal(
    items.slice(0, total).map(item => item + i),
  );
}
const many = await map(world, 100_000, item => item % 1000, { as: Int32Array });
expect(many.every((value, i) => value === i % 1000)).to.equal(true);

// On a part of the world while the other part does something else.
{
  await using part = await world.split(rank % 2);
  const results = await map(part, 10 + (rank % 2), item => item * rank - item * rank + (rank % 2));
  expect(results).to.deep.equal(new Array(10 + (rank % 2)).fill(rank % 2));
}

// Few long tasks: no rank has two while another has none, be there one for each rank or more.
{
  await using others = await world.dup();
  for (const schedule of ["dynamic", "guided"] as const) {
    for (const total of [size, size + 1, 2 * size]) {
      for (const options of [{}, { cost: (i: number) => -i }]) {
        let isFirst = true;
        // A first task waits until every rank has begun one.
        const task = async (_item: number, _index: number, context: TaskContext): Promise<number> => {
          if (isFirst) {
            isFirst = false;
            await others.barrier();
          }
          return context.rank;
        };
        const ranks = await map(world, total, task, { schedule, ...options });
        expect([...new Set(ranks)].sort()).to.deep.equal([...everyRank]);
      }
    }
  }
}

// One within the other, and two at once.
const nested = (await failure(() => map(world, 4, () => map(world, 2, item => item)))) as TaskError;
expect((nested.cause as Error).message).to.match(/^map: a map on world is under way on this rank/);
const first = map(world, 4, item => item);
await expectFailure(
  () => map(world, 2, item => item),
  ArgumentError,
  "TSMPI_ARGUMENT",
  /a map on world is under way/,
);
expect(await first).to.deep.equal([0, 1, 2, 3]);
ok();
