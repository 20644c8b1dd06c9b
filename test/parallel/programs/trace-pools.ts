/** The trace of pools and graphs, in the file that the first argument names. */
import { hostname } from "node:os";
import { expect } from "chai";
import { ArgumentError, world } from "tsmpi";
import { compute, currentWorker, delayed, map, persist, task, withPool } from "tsmpi/parallel";
import { compute as busy, everyRank, failure, ok, sleep } from "../../ranks/programs/support.ts";
import { boxesOf, type Event, readTrace, trace } from "./trace-file.ts";

const { rank, size } = world;
const namesOf = (events: readonly Event[]): string[] => events.map(({ name }) => name).sort();

/** Where tasks ran, as they have said themselves. */
const places = new Map<string, number>();
const work = task("work", (i: number) => {
  busy(2);
  return [i, currentWorker().rank];
});
let tries = 0;
const fails = task("fails", () => {
  tries++;
  if (tries % 2 === 1) throw new Error("once");
  return "at last";
});
const outer = task("outer", async () => {
  const { pool } = currentWorker();
  await Promise.all([pool.submit(inner), pool.submit(inner)]);
});
const inner = task("inner", () => sleep(5));

// Rank 0 alone may ask.
await withPool(
  world,
  async pool => {
    const placed = await pool.map(work, 12);
    await pool.with({ retries: 1, worker: pool.workers === 1 ? undefined : 1 }).submit(fails);
    await pool.submit(outer);
    for (const [i, place] of placed) places.set(`work ${i}`, place);
  },
  rank === 0 ? { trace } : {},
);
if (rank === 0) {
  const processes = readTrace().flatMap(({ name, pid, args }) =>
    name === "process_name" ? [[pid, args.name]] : [],
  );
  expect(processes).to.deep.equal(everyRank.map(r => [r, `rank ${r} on ${hostname()}`]));
  const boxes = boxesOf("pool");
  const works = Array.from({ length: 12 }, (_, i) => `work ${i}`);
  // A task that is run again has two boxes, and the numbers are those that errors have.
  expect(namesOf(boxes)).to.deep.equal(
    [...works, "fails 12", "fails 12", "outer 13", "inner 0", "inner 1"].sort(),
  );
  for (const { name, pid, dur, args } of boxes.filter(box => box.name.startsWith("work"))) {
    expect(pid, name).to.equal(places.get(name));
    expect(dur, name).to.be.within(1900, 60e6);
    expect(name).to.equal(`work ${args.item}`);
  }
  expect(namesOf(boxes.filter(({ args }) => args.threw))).to.deep.equal(["fails 12"]);
  // A task that waits is open while those run for which it waits. Clocks of several ranks are not compared.
  const outerBox = boxes.find(({ name }) => name === "outer 13")!;
  for (const box of boxes.filter(({ name }) => name.startsWith("inner"))) {
    if (box.pid !== outerBox.pid) continue;
    expect(box.ts).to.be.at.least(outerBox.ts - 2);
    expect(box.ts + box.dur).to.be.at.most(outerBox.ts + outerBox.dur + 2);
    expect(box.tid).not.to.equal(outerBox.tid);
  }
}

// A body that throws leaves what has run until then.
const broken = await failure(() =>
  withPool(
    world,
    async pool => {
      await pool.submit(work, 77);
      throw new Error("the body");
    },
    { trace },
  ).then(() => {
    if (rank > 0) throw new Error("the body");
  }),
);
expect(String(broken)).to.equal("Error: the body");
if (rank === 0)
  expect(namesOf(boxesOf("pool")))
    .to.include("work 0")
    .and.to.have.lengthOf(18);

// Graphs: a node is a box, with the number in its key.
const load = delayed(
  (i: number) => {
    busy(2);
    return i;
  },
  { name: "load" },
);
const total = delayed((list: readonly number[]) => list.reduce((a, b) => a + b, 0), { name: "total" });
const throws = delayed(
  (i: number): number => {
    throw new Error(`no ${i}`);
  },
  { name: "throws" },
);
const loads = [1, 2, 3, 4, 5].map(i => load(i));
const sum = total(loads);
const options = { label: "graph", ...(rank === 0 ? { trace } : {}) };
expect(await compute(world, sum, options)).to.equal(15);
const keyOf = (key: string): string => key.replace(/-(\d+)$/, " $1");
if (rank === 0) {
  const boxes = boxesOf("graph");
  expect(namesOf(boxes)).to.deep.equal([...loads, sum].map(({ key }) => keyOf(key)).sort());
  for (const { name, dur } of boxes.filter(({ name }) => name.startsWith("load")))
    expect(dur, name).to.be.within(1900, 60e6);
  const end = boxes.find(({ name }) => name.startsWith("total"))!;
  for (const { pid, ts, dur } of boxes)
    if (pid === end.pid && ts !== end.ts) expect(ts + dur).to.be.at.most(end.ts + 2);
}
const failing = throws(loads[0]);
await failure(() => compute(world, failing, { trace, label: "failing" }));
await persist(world, load(6), { trace, label: "kept" });
await compute(world, load(7), { label: "silent" });
// What another rank alone wants is not written.
await compute(world, load(8), { label: "elsewhere", ...(rank === 1 ? { trace } : {}) });
await map(world, 3, i => i, { trace, label: "map" });
if (rank === 0) {
  const boxes = boxesOf("failing");
  expect(namesOf(boxes.filter(({ args }) => args.threw))).to.deep.equal([keyOf(failing.key)]);
  expect(boxes).to.have.lengthOf(2);
  expect(namesOf(boxesOf("kept"))).to.have.lengthOf(1);
  expect([...boxesOf("silent"), ...boxesOf("elsewhere")]).to.deep.equal([]);
  expect(namesOf(boxesOf("map"))).to.deep.equal(["map 0", "map 1", "map 2"]);
  expect(boxesOf("pool")).to.have.lengthOf(18);
}

for (const wrong of [
  () => withPool(world, () => {}, { trace: 5 as never }),
  () => compute(world, load(9), { trace: "" }),
]) {
  const error: any = await failure(wrong);
  expect(error).to.be.instanceOf(ArgumentError);
  expect(error.message).to.include("trace must be the name of a file; got ");
}
if (size === 1) {
  const error: any = await failure(() => withPool(world, () => {}, { trace: "/nowhere/at/all.json" }));
  expect(error).to.be.instanceOf(ArgumentError);
}
ok();
