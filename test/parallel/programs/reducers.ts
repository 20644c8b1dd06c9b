/** Reducers over the values of all ranks, fused in one pass; missing values; user operators; folds of maps. */
import { expect } from "chai";
import { ArgumentError, world } from "tsmpi";
import { fold, foldMap, mergeOf, type Reducer, reducers, summarize, type TaskError } from "tsmpi/parallel";
import { blockOf } from "../../../src/parallel/shares.ts";
import { expectFailure, failure, ok, random } from "../../ranks/programs/support.ts";

const { rank, size } = world;
const {
  count,
  deviation,
  field,
  fused,
  grouped,
  histogram,
  max,
  mean,
  min,
  missing,
  quantiles,
  sum,
  variance,
} = reducers;

const draw = random(11);
const N = 20_000;
/** With holes, and of such sizes that rounding shows. */
const all: (number | null | undefined)[] = Array.from({ length: N }, (_, i) => {
  if (i % 100 === 7) return [NaN, null, undefined][Math.floor(i / 100) % 3];
  return 1e6 * (draw() - 0.5) ** 3 + 1e3;
});
const present = all.filter((x): x is number => x !== null && x !== undefined && !Number.isNaN(x));
const { from, to } = blockOf(N, size, rank);
const mine = all.slice(from, to);

const everything = fused({
  n: count(),
  holes: missing(),
  least: min(),
  most: max(),
  total: sum(),
  average: mean(),
  spread: variance(),
  population: variance({ ddof: 0 }),
  sd: deviation(),
  q: quantiles([0, 0.01, 0.25, 0.5, 0.75, 0.99, 1]),
  bins: histogram({ bins: 10, from: -1e5, to: 1e5 }),
});
const stats = await summarize(world, mine, everything);
expect(stats.n).to.equal(present.length);
expect(stats.holes).to.equal(N / 100);
expect(stats.least).to.equal(Math.min(...present));
expect(stats.most).to.equal(Math.max(...present));
const { total, average } = stats;
// Exact: the same as on one rank, to the last bit.
const alone = fold(fused({ total: sum(), average: mean() }), all);
expect(total).to.equal(sum().result(alone.total));
expect(average).to.equal(mean().result(alone.average));
const squares = present.reduce((s, x) => s + (x - average) ** 2, 0);
expect(stats.spread / (squares / (present.length - 1))).to.be.closeTo(1, 1e-12);
expect(stats.population / (squares / present.length)).to.be.closeTo(1, 1e-12);
expect(stats.sd).to.equal(Math.sqrt(stats.spread));
expect(stats.bins.below + stats.bins.above + stats.bins.counts.reduce((a, b) => a + b)).to.equal(
  present.length,
);
expect(stats.bins.counts[5]).to.equal(present.filter(x => x >= 0 && x < 2e4).length);
expect([...stats.bins.edges].slice(0, 3)).to.deep.equal([-1e5, -8e4, -6e4]);
// Ranks of the quantiles, within the stated error.
const sorted = [...present].sort((a, b) => a - b);
const error = 2.296 / 200 ** 0.9723;
for (const [i, p] of [0, 0.01, 0.25, 0.5, 0.75, 0.99, 1].entries()) {
  const at = sorted.findIndex(x => x >= stats.q[i]) / sorted.length;
  expect(Math.abs(at - p), `quantile ${p}`).to.be.lessThan(error);
}
expect([stats.q[0], stats.q[6]]).to.deep.equal([sorted[0], sorted.at(-1)]);
// The same everywhere.
expect(new Set((await world.allgather(stats)).map(each => JSON.stringify(each))).size).to.equal(1);

// Sorted values are as good, more exact sketches more so, and a state stays small.
{
  const k = 800;
  const reducer = quantiles([0.1, 0.5, 0.9], { k });
  const state = fold(
    reducer,
    Array.from({ length: 100_000 }, (_, i) => i),
  );
  expect(state.levels.flat().length).to.be.lessThan(3.2 * k);
  expect(state.levels.reduce((weight, level, h) => weight + level.length * 2 ** h, 0)).to.equal(100_000);
  const merged = await world.allreduce(state, mergeOf(reducer));
  for (const [i, p] of [0.1, 0.5, 0.9].entries()) {
    expect(Math.abs(reducer.result(merged)[i] / 100_000 - p)).to.be.lessThan(2.296 / k ** 0.9723);
  }
  const few = quantiles([0.5], { k });
  expect(few.result(fold(few, [3, 1, 2]))).to.deep.equal([2]);
}

// No values, and one rank with values only.
const none = await summarize(world, [NaN, null], everything);
expect([none.n, none.holes, none.least, none.most, none.total]).to.deep.equal([
  0,
  2 * size,
  undefined,
  undefined,
  0,
]);
expect([none.average, none.spread, none.q[3]]).to.deep.equal([NaN, NaN, NaN]);
const lonely = await summarize(world, rank === size - 1 ? [2, 4] : [], everything);
expect(await summarize(world, rank === size - 1 ? [1e200, 1e200] : [], variance())).to.equal(0);
expect([lonely.n, lonely.average, lonely.spread, lonely.least]).to.deep.equal([2, 3, 2, 2]);

// Groups, and fields of records.
const records = mine.map((value, i) => ({ key: (from + i) % 7, value }));
const groups = await summarize(
  world,
  records,
  grouped(
    record => record.key,
    field(record => record.value, fused({ n: count(), total: sum() })),
  ),
);
expect([...groups.keys()].sort()).to.deep.equal([0, 1, 2, 3, 4, 5, 6]);
const third = all.filter((_, i) => i % 7 === 3);
expect(groups.get(3)!.total).to.equal(sum().result(fold(sum(), third)));
// Things of any type are counted.
const sizes = await summarize(
  world,
  records,
  grouped(record => record.key, count()),
);
expect(sizes.get(3)).to.equal(third.length);
const byObject = grouped(() => ({}) as never, count());
const noKey = (await failure(() => summarize(world, records.slice(0, 1), byObject))) as TaskError;
expect(noKey.message).to.match(/grouped: keys must be strings, numbers, bigints or booleans; got object/);

// Results of tasks, not stored.
for (const schedule of [undefined, "dynamic"] as const) {
  const folded = await foldMap(world, N, i => all[i], fused({ total: sum(), n: count() }), { schedule });
  expect(folded).to.deep.equal({ total, n: present.length });
}
const failed = (await failure(() =>
  foldMap(
    world,
    10,
    i => {
      if (i === 4) throw new Error("four");
      return i;
    },
    sum(),
  ),
)) as TaskError;
expect(failed.index).to.equal(4);

// A state may be a typed array: it is merged as a whole.
const extremes: Reducer<number, Float64Array, number> = {
  empty: () => Float64Array.of(Infinity, -Infinity),
  add: ([least, most], value) => Float64Array.of(Math.min(least, value), Math.max(most, value)),
  merge: ([a, b], [c, d]) => Float64Array.of(Math.min(a, c), Math.max(b, d)),
  result: ([least, most]) => most - least,
};
expect(await summarize(world, present.slice(rank), extremes)).to.equal(stats.most! - stats.least!);
expect(await foldMap(world, present, x => x, extremes)).to.equal(stats.most! - stats.least!);

// What a reducer cannot take fails on every rank, be it on one alone.
const last = size - 1;
for (const [name, reducer] of Object.entries({
  max: max(),
  min: min(),
  sum: sum(),
  mean: mean(),
  variance: variance(),
  quantiles: quantiles([0.5]),
  histogram: histogram([0, 1]),
})) {
  const values = [1, (rank === last ? "NA" : 2) as number];
  const refused = (await failure(() => summarize(world, values, reducer as never))) as TaskError;
  expect([refused.name, refused.index]).to.deep.equal(["TaskError", last]);
  expect(refused.message).to.match(
    new RegExp(`^summarize: the values of rank ${last} failed .*${name}: values must be numbers.*string NA`),
  );
  const item = (await failure(() =>
    foldMap(world, 9, i => (i === 7 ? "NA" : i) as number, reducer as never),
  )) as TaskError;
  expect([item.name, item.index]).to.deep.equal(["TaskError", 7]);
}
const unmerged: typeof extremes = {
  ...extremes,
  merge: () => {
    throw new RangeError("not to be merged");
  },
};
if (size > 1) {
  const refused = (await failure(() => summarize(world, [1], unmerged))) as TaskError;
  expect(refused.message).to.match(
    /^summarize: the values of rank \d failed .* RangeError: not to be merged/,
  );
  const folded = (await failure(() => foldMap(world, 9, i => i, unmerged, { label: "spread" }))) as TaskError;
  expect(folded.message).to.match(/^spread: the state of rank \d failed .*: not to be merged/);
  const kept = { ...extremes, empty: () => (() => 1) as never, add: () => (() => 1) as never };
  const unsent = (await failure(() => summarize(world, [1], kept))) as TaskError;
  expect(unsent.message).to.include("NotSendableError: cannot send value: it is a function");
}
expect(await summarize(world, ["a", "NA", null], count())).to.equal(2 * size);

// A plain collective with the operator of a reducer.
const states = await world.reduce(fold(variance(), mine), mergeOf(variance()));
if (rank === 0) expect(variance().result(states!)).to.equal(stats.spread);

const wrong = async (make: () => unknown, sentence: RegExp) =>
  expectFailure(async () => make(), ArgumentError, "TSMPI_ARGUMENT", sentence);
await wrong(() => quantiles([1.1]), /probabilities must be from 0 to 1; got 1.1/);
await wrong(() => quantiles([0.5], { k: 3 }), /k must be/);
await wrong(() => quantiles([0.5], { K: 300 } as never), /^quantiles: there is no option K; there are k/);
await wrong(() => quantiles(0.5 as never), /probabilities must be a list, such as \[0.25, 0.5\]; got 0.5/);
await wrong(() => variance({ dof: 0 } as never), /^variance: there is no option dof; did you mean ddof\?/);
await wrong(
  () => histogram({ bins: 3, from: 0, upto: 1 } as never),
  /^histogram: there is no option upto; there are bins, from, to/,
);
await wrong(() => histogram([1, 1]), /edges must be/);
await wrong(() => histogram(10 as never), /^histogram: wants edges, .*; got 10/);
await wrong(() => histogram([NaN, 1]), /edges must be/);
await wrong(() => histogram({ bins: 0, from: 0, to: 1 }), /bins must be/);
ok();
