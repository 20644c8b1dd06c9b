/** Progress of a map as a function, and as what the first argument says. */
import { hostname } from "node:os";
import { expect } from "chai";
import { world } from "tsmpi";
import { imap, map, type ProgressState, type RankUsage } from "tsmpi/parallel";
import { compute, everyRank, failure, ok, sleep } from "../../ranks/programs/support.ts";

const { rank, size } = world;
const mode = process.argv[2] as "bar" | "lines" | "usage" | undefined;

if (mode === "usage") {
  await map(world, 3 * size, () => compute(5), { usage: true, label: "counting", schedule: "static" });
} else if (mode !== undefined) {
  await map(world, 40, async () => sleep(5), { progress: mode, label: "waiting", chunk: 1 });
} else {
  for (const schedule of ["static", "cyclic", "dynamic", "guided"] as const) {
    const states: ProgressState[] = [];
    const progress = (state: ProgressState): void => void states.push(state);
    await map(world, 30, async () => sleep(2), { schedule, progress });
    if (rank !== 0) {
      expect(states).to.deep.equal([]);
      continue;
    }
    const last = states.at(-1)!;
    expect([last.done, last.total, last.remaining]).to.deep.equal([30, 30, 0]);
    expect(states.every(({ done }, i) => done <= 30 && (i === 0 || done >= states[i - 1].done))).to.equal(
      true,
    );
    expect(
      states.every(({ elapsed }, i) => elapsed >= 0 && (i === 0 || elapsed >= states[i - 1].elapsed)),
    ).to.equal(true);
  }
  // Only rank 0's is asked for, the others count for it.
  const states: ProgressState[] = [];
  const show = (state: ProgressState): void => void states.push(state);
  await map(world, 30, i => i, rank === 0 ? { progress: show } : {});
  expect(states.at(-1)?.done).to.equal(rank === 0 ? 30 : undefined);
  // Told of the end when a task throws, too.
  states.length = 0;
  await failure(() =>
    map(
      world,
      30,
      () => {
        throw new Error("no");
      },
      { progress: show },
    ),
  );
  if (rank === 0) expect(states.at(-1)!.total).to.equal(30);
  states.length = 0;
  for await (const _ of imap(world, 30, i => i, { progress: show }));
  if (rank === 0) expect(states.at(-1)!.done).to.equal(30);

  // How evenly ranks were kept busy, and what memory they took; rank 0 may be the only one to ask.
  const LARGE = 200 * 2 ** 20;
  for (const errors of ["collect", undefined] as const) {
    let usages: readonly RankUsage[] = [];
    const usage = (all: readonly RankUsage[]): void => void (usages = all);
    const task = (i: number): number => {
      if (i === 4 * size - 1) new Uint8Array(LARGE).fill(1); // on the last rank
      compute(2);
      if (i === 3 && errors !== undefined) throw new Error("three");
      return i;
    };
    const mapping = map(world, 4 * size, task, {
      schedule: "static",
      errors,
      ...(rank === 0 ? { usage } : {}),
    });
    await (errors === undefined ? mapping : failure(() => mapping));
    if (rank !== 0) continue;
    expect(usages.map(each => [each.rank, each.tasks])).to.deep.equal(everyRank.map(r => [r, 4]));
    for (const { rank: of, busy, idle, host, peakMemory } of usages) {
      const isLast = of === size - 1;
      expect(peakMemory).to.be.within(isLast ? LARGE : 2e7, isLast ? 2e9 : LARGE);

      expect(host).to.equal(hostname());
      expect(busy).to.be.at.least(0.0075);
      expect(idle).to.be.at.least(0);
    }
  }
}
ok();
