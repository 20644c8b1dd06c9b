/** Random numbers of items: the same for every schedule and number of ranks, and no two alike. */
import { expect } from "chai";
import { world } from "tsmpi";
import { gridMap, map, scatterMap, type TaskContext, type TaskError } from "tsmpi/parallel";
import * as random from "tsmpi/random";
import { failure, ok } from "../../ranks/programs/support.ts";

const schedules = ["static", "cyclic", "dynamic", "guided"] as const;
const draw = (_item: unknown, _index: unknown, { random }: TaskContext): number => random.random();

// NumPy's [default_rng(s).random() for s in SeedSequence(1).spawn(3)].
const numpy = [0.6990345474368357, 0.4757645185899906, 0.23316830360018304];
const numbers = await map(world, 100, draw, { seed: 1 });
expect(numbers.slice(0, 3)).to.deep.equal(numpy);
expect(new Set(numbers).size).to.equal(100);
for (const schedule of schedules) {
  expect(await map(world, 100, draw, { seed: 1, schedule, cost: i => i % 7 })).to.deep.equal(numbers);
  const items = world.rank === 0 ? new Array(100).fill(0) : undefined;
  const scattered = await scatterMap(world, items, draw, { seed: 1, schedule });
  expect(scattered).to.deep.equal(world.rank === 0 ? numbers : undefined);
}
// A task keeps its own while others run.
const waited = await map(
  world,
  100,
  async (_item, _index, context) => {
    context.random.random();
    await Promise.resolve();
    return context.random.random();
  },
  { seed: 1, concurrency: 10 },
);
expect(new Set([...numbers, ...waited]).size).to.equal(200);
const grid = await gridMap(world, [10, 10], (_f, _m, { random }) => random.random(), { seed: 1 });
expect(grid.flat()).to.deep.equal(numbers);
expect(await map(world, 3, draw, { seed: 2 })).to.not.deep.equal(numpy);

// What console.log and errors call a class, in the bundle too.
for (const [name, each] of Object.entries(random)) expect(each.name).to.equal(name);

const unseeded = (await failure(() => map(world, 1, draw))) as TaskError;
expect(unseeded.message).to.include("give the map a seed");
const bad = (await failure(() => map(world, 1, draw, { seed: -1 }))) as Error;
expect(bad.message).to.match(/must not be negative/);
ok();
