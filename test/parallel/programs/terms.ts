/** Maps whose options are not the same on all ranks: refused on every rank, before any task is run. */
import { expect } from "chai";
import { ArgumentError, world } from "tsmpi";
import {
  foldMap,
  gridMap,
  imap,
  type MapOptions,
  map,
  mapReduce,
  reducers,
  scatterMap,
} from "tsmpi/parallel";
import { SeedSequence } from "tsmpi/random";
import { expectFailure, ok } from "../../ranks/programs/support.ts";

const { rank, size } = world;
const first = rank === 0;
let runs = 0;
const task = (item: number): number => {
  runs++;
  return item;
};
const differ = async (operation: () => unknown, name: string, values: string): Promise<void> => {
  const sentence = `all ranks must give the same ${name}; ${values}.`;
  await expectFailure(operation, ArgumentError, "TSMPI_ARGUMENT", sentence);
  expect(runs, "tasks run").to.equal(0);
};
const refused = (options: MapOptions<number> & { root?: number; as?: never }, name: string, values: string) =>
  differ(() => map(world, 8, task, options), name, values);

// Each would give some items twice and others not at all, or leave ranks waiting.
await refused({ schedule: first ? "static" : "cyclic" }, "schedule", "one has static, another cyclic");
await refused({ schedule: first ? "dynamic" : "static" }, "schedule", "one has static, another dynamic");
await refused({ schedule: first ? "dynamic" : "guided" }, "schedule", "one has dynamic, another guided");
await refused(first ? {} : { schedule: "cyclic" }, "schedule", "one has cyclic, another dynamic");
for (const schedule of ["static", "cyclic", "dynamic", "guided"] as const) {
  const chunk = first ? 2 : 3;
  await refused({ schedule, chunk }, "chunk", "one has 2, another 3");
  await refused(first ? { schedule } : { schedule, chunksPerRank: 8 }, "chunk", "one has none, another 1");
  await refused({ schedule, cost: i => (first ? i : -i) }, "cost", "they differ");
  await refused(first ? { schedule } : { schedule, cost: i => i }, "cost", "they differ");
}
// Others make shares of their own, though the order is the same.
await refused({ schedule: "static", cost: i => (first ? 8 - i : 2 ** -i) }, "cost", "they differ");

await refused({ seed: first ? 1 : 2 }, "seed", "they differ");
await refused(first ? { seed: 1 } : {}, "seed", "they differ");
await refused({ seed: new SeedSequence() }, "seed", "they differ");
await refused({ errors: first ? "cancel" : "collect" }, "errors", "one has cancel, another collect");
await refused(first ? {} : { root: 1 }, "root", "one has none, another 1");
await refused({ as: (first ? Float64Array : Float32Array) as never }, "as", "they differ");
await differ(() => map(world, first ? 3 : 2, task), "number of items", "one has 2, another 3");

// All that is built on the same.
const schedule = first ? ("static" as const) : ("cyclic" as const);
const schedules = "one has static, another cyclic";
await differ(() => gridMap(world, [2, 2], task, { schedule }), "schedule", schedules);
await differ(() => foldMap(world, 4, task, reducers.sum(), { schedule }), "schedule", schedules);
await differ(() => imap(world, 4, task, { root: first ? 0 : 1 }).next(), "root", "one has 0, another 1");
const mapper = (i: number): [number, number][] => [[task(i), i]];
const combine = (a: number, b: number): number => a + b;
await differ(() => mapReduce(world, 4, mapper, first ? { combine } : {}), "combine", "they differ");
await differ(() => mapReduce(world, 4, mapper, { results: first ? "all" : 0 }), "results", "they differ");
const seed = first ? 1 : 2;
await differ(() => scatterMap(world, first ? [1, 2] : undefined, task, { seed }), "seed", "they differ");

// What only one rank wants of it is its own affair; and the ranks are together still.
const own: MapOptions<number> = first
  ? { label: "mine", usage: () => {}, progress: () => {}, checkItems: true }
  : { concurrency: 2 };
const squares = Array.from({ length: 10 }, (_, i) => i * i);
expect(await map(world, 10, i => i * i, own)).to.deep.equal(squares);
for (const each of ["static", "cyclic", "dynamic", "guided"] as const) {
  const options = { schedule: each, cost: (i: number) => (i * 7) % 5, seed: new SeedSequence(3), chunk: 2 };
  expect(await map(world, 10, i => i * i, options)).to.deep.equal(squares);
}
expect((await world.allgather(rank)).length).to.equal(size);
ok();
