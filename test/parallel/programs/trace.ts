/** The trace of maps, in the file that the first argument names. */
import { hostname } from "node:os";
import { expect } from "chai";
import { ArgumentError, world } from "tsmpi";
import { imap, map } from "tsmpi/parallel";
import { compute, everyRank, failure, ok, sleep } from "../../ranks/programs/support.ts";
import { boxesOf, type Event, readTrace, trace } from "./trace-file.ts";

const { rank, size } = world;
const itemsOf = (events: Event[]): number[] => events.map(({ args }) => args.item!).sort((a, b) => a - b);

const began = Date.now();
const work = (i: number): number => {
  compute(2);
  return i;
};
await map(world, 3 * size, work, { schedule: "static", trace, label: "first" });
// Rank 0 alone may ask; and a task that has thrown is told of, too.
const options = { label: "second", errors: "collect" as const, ...(rank === 0 ? { trace } : {}) };
await failure(() =>
  map(
    world,
    10,
    i => {
      if (i === 4) throw new Error("four");
      return i;
    },
    options,
  ),
);
for await (const _ of imap(world, 8, async () => sleep(20), { trace, label: "third", concurrency: 4 }));
// This one leaves the file as it is.
await map(world, 10, i => i, { label: "fourth" });

if (rank === 0) {
  const names = new Map(
    readTrace().flatMap(({ name, pid, args }) => (name === "process_name" ? [[pid, args.name]] : [])),
  );
  expect([...names]).to.deep.equal(everyRank.map(r => [r, `rank ${r} on ${hostname()}`]));

  const first = boxesOf("first");
  expect(itemsOf(first)).to.deep.equal(Array.from({ length: 3 * size }, (_, i) => i));
  for (const { name, pid, tid, ts, dur, args } of first) {
    expect(name).to.equal(`first ${args.item}`);
    expect([pid, tid]).to.deep.equal([Math.floor(args.item! / 3), 0]);
    expect(dur).to.be.within(1900, 60e6);
    // The clocks of a process's beginning and of the system are not the same.
    expect(ts / 1000).to.be.within(began - 1000, Date.now() + 1000);
  }
  const second = boxesOf("second");
  expect(itemsOf(second)).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(second.filter(({ args }) => args.threw).map(({ args }) => args.item)).to.deep.equal([4]);

  const third = boxesOf("third");
  expect(itemsOf(third)).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7]);
  // No two tasks of a row overlap, and those under way at once have rows of their own.
  for (const a of third) {
    for (const b of third) {
      if (a === b || a.pid !== b.pid || a.tid !== b.tid) continue;
      expect(a.ts + a.dur <= b.ts + 2 || b.ts + b.dur <= a.ts + 2, `${a.name}, ${b.name}`).to.equal(true);
    }
  }
  expect(new Set(third.map(({ pid, tid }) => `${pid} ${tid}`)).size).to.be.at.least(2);
  expect(boxesOf("fourth")).to.deep.equal([]);
}

const wrong: any = await failure(() => map(world, 3, i => i, { trace: 5 as never }));
expect(wrong).to.be.instanceOf(ArgumentError);
expect(wrong.message).to.include("trace must be the name of a file; got 5");
if (size === 1) {
  const nowhere: any = await failure(() => map(world, 3, i => i, { trace: "/nowhere/at/all.json" }));
  expect(nowhere).to.be.instanceOf(ArgumentError);
  expect(nowhere.message).to.include("/nowhere/at/all.json cannot be written");
}
ok();
