/** gather and gatherInto to every root, allgather and allgatherInto: even and uneven parts. */
import { expect } from "chai";
import { ArgumentError, world } from "tsmpi";
import {
  arrayOf,
  arrayTypes,
  doubles,
  everyRank,
  expectFailure,
  expectSame,
  mixedFaces,
  ok,
} from "./support.ts";

const { rank, size } = world;
const all = process.argv[2] === "all";

const lengthCases: ((r: number) => number)[] = [
  () => 0,
  () => 3,
  r => (r * 3) % 5,
  r => (r === size - 1 ? 1 : 0),
  // On both sides of where long arrays announce their length; some ranks are, some are not.
  r => [1000, 1025, 10, 5000][r % 4],
  () => 1024,
];
const objects = (r: number): unknown =>
  [{ from: r }, "text", r, undefined, new Map([[r, [r]]]), 5n, null, [r]][r % 8];

for (const face of mixedFaces) {
  for (const root of all ? [0] : everyRank) {
    const gather = (value: unknown): Promise<unknown> =>
      all ? face.allgather(value) : face.gather(value, { root });
    const here = all || rank === root;
    expect(await gather(objects(rank))).to.deep.equal(here ? everyRank.map(objects) : undefined);
    expect(await gather(rank + 0.5)).to.deep.equal(here ? everyRank.map(r => r + 0.5) : undefined);

    for (const [number, type] of arrayTypes.entries()) {
      for (const [which, lengthOf] of lengthCases.entries()) {
        // Long ones for a third of the types each time.
        if (which > 3 && number % 3 !== size % 3) continue;
        const make = (r: number) => arrayOf(type, lengthOf(r), i => (r * 10 + i) % 100);
        const what = `${type.name}, case ${which}, to ${root}`;
        const mine = make(rank);
        const parts = (await gather(mine)) as unknown[] | undefined;
        if (here) for (const r of everyRank) expectSame(parts![r], make(r), `${what}, of ${r}`);
        const whole = arrayOf(
          type,
          everyRank.reduce((a, r) => a + lengthOf(r), 0),
          () => 0,
        );
        let at = 0;
        for (const r of everyRank) {
          whole.set(make(r) as never, at);
          at += lengthOf(r);
        }
        const target = here ? arrayOf(type, whole.length, () => 77) : undefined;
        if (all) await face.allgatherInto(target!, mine);
        else await face.gatherInto(target, mine, { root });
        if (here) expectSame(target, whole, `${what}, into`);
        expectSame(mine, make(rank), `${what}: own array`);
        // In place: the own part lies in the target already, in its place or elsewhere.
        if (here) {
          for (const place of [everyRank.slice(0, rank).reduce((a, r) => a + lengthOf(r), 0), 0]) {
            const shared = arrayOf(type, whole.length, () => 66);
            shared.set(mine as never, place);
            const part = shared.subarray(place, place + mine.length);
            if (all) await face.allgatherInto(shared, part);
            else await face.gatherInto(shared, part, { root });
            expectSame(shared, whole, `${what}, in place at ${place}`);
          }
        } else {
          for (let time = 0; time < 2; time++) await face.gatherInto(undefined, mine, { root });
        }
      }
    }
  }

  const part = doubles(Math.floor(1_000_000 / size), i => i + rank);
  const whole = new Float64Array(part.length * size);
  if (all) await face.allgatherInto(whole, part);
  else await face.gatherInto(rank === 0 ? whole : undefined, part);
  if (all || rank === 0) {
    for (const r of everyRank) {
      const came = whole.subarray(r * part.length, (r + 1) * part.length);
      expectSame(
        came,
        doubles(part.length, i => i + r),
        `a million doubles, of ${r}`,
      );
    }
  }

  const refused = (operation: () => unknown, sentence: RegExp): Promise<void> =>
    expectFailure(operation, ArgumentError, "TSMPI_ARGUMENT", sentence);
  const three = new Float64Array(3);
  if (all) {
    await refused(
      () => face.allgatherInto(three.subarray(0, 1), [] as never),
      /^allgatherInto: array must be a typed array; got a list of 0/,
    );
    await refused(
      () => face.allgatherInto(new Float32Array(3 * size), three),
      /target is a Float32Array, array a Float64Array/,
    );
    await refused(
      () => face.allgatherInto(new Float64Array(3 * size + 1), three),
      /must fill the target; it is Float64Array\(\d+\), and rank 0 has 3.*together/,
    );
    await refused(() => face.allgatherInto(new Float64Array(3 * size - 1), three), /must fill the target/);
    expect(await face.allgather(1)).to.deep.equal(everyRank.map(() => 1));
  } else {
    await refused(() => face.gather(1, { root: size }), /^gather: root must be/);
    await refused(() => face.gatherInto(undefined, "x" as never), /^gatherInto: array must be a typed array/);
    if (size === 1) {
      await refused(
        () => face.gatherInto(undefined, three),
        /root's target must be a typed array; got undefined/,
      );
      await refused(
        () => face.gatherInto(new Float64Array(4), three),
        /must fill the target; it is Float64Array\(4\)/,
      );
    }
    expect(await face.gather(1)).to.deep.equal(rank === 0 ? everyRank.map(() => 1) : undefined);
  }
}

const several = await Promise.all(
  everyRank.map(root => (all ? world.allgather([root, rank]) : world.gather([root, rank], { root }))),
);
expect(several).to.deep.equal(
  everyRank.map(root => (all || root === rank ? everyRank.map(r => [root, r]) : undefined)),
);
ok();
