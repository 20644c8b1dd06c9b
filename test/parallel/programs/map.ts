/** map: results in the order of items for every schedule, kind of item and of result; options that are wrong. */
import { expect } from "chai";
import { ArgumentError, world } from "tsmpi";
import { foldMap, gridMap, map, reducers, type Schedule } from "tsmpi/parallel";
import { expectFailure, expectSame, ok } from "../../ranks/programs/support.ts";

const { rank, size } = world;
const schedules: readonly Schedule[] = ["static", "cyclic", "dynamic", "guided"];
const square = (x: number): number => x * x;

for (const schedule of schedules) {
  for (const total of [0, 1, 2, 7, 100]) {
    const expected = Array.from({ length: total }, (_, i) => i * i);
    expect(await map(world, total, square, { schedule })).to.deep.equal(expected);
    expect(await map(world, total, async i => i * i, { schedule, chunk: 3 })).to.deep.equal(expected);
  }
  // Every kind of items.
  const words = ["one", "two", "three", "four", "five"];
  const named = words.map((word, i) => `${i}${word}`);
  const name = (word: string, i: number): string => `${i}${word}`;
  expect(await map(world, words, name, { schedule })).to.deep.equal(named);
  expect(await map(world, new Set(words), name, { schedule })).to.deep.equal(named);
  expect(await map(world, "abc", (letter, i) => letter + i, { schedule })).to.deep.equal(["a0", "b1", "c2"]);
  const halves = Float64Array.of(0.5, 1.5, 2.5);
  expect(await map(world, halves, x => 2 * x, { schedule })).to.deep.equal([1, 3, 5]);
  // Every kind of results.
  const mixed = await map(world, 4, i => [undefined, null, { i }, Int8Array.of(i)][i], { schedule });
  expect(mixed).to.deep.equal([undefined, null, { i: 2 }, Int8Array.of(3)]);
  expectSame(
    await map(world, 9, i => i / 4, { schedule, as: Float32Array }),
    Float32Array.from({ length: 9 }, (_, i) => i / 4),
    "as",
  );
  expect(Object.is((await map(world, [-0], x => x, { schedule }))[0], -0)).to.equal(true);
  // Every root.
  for (let root = 0; root < size; root++) {
    const squares = await map(world, 5, square, { schedule, root });
    expect(squares).to.deep.equal(rank === root ? [0, 1, 4, 9, 16] : undefined);
  }
}

const neverRun = (): never => {
  throw new Error("a task was run");
};

// What is wrong is named.
const wrong = async (operation: () => unknown, sentence: RegExp) =>
  expectFailure(operation, ArgumentError, "TSMPI_ARGUMENT", sentence);
await wrong(() => map(world, -1, square), /^map: items must be .* a count from 0 .*; got -1/);
await wrong(() => map(world, undefined as never, square), /items must be .*; got undefined/);
for (const length of [-1, 0.5, 2 ** 31, "3"]) {
  await wrong(
    () => map(world, { length } as never, square),
    new RegExp(`^map: the length of items .* is ${length}`),
  );
}
await wrong(
  () => map(world, 1, square, { schedule: "random" as never }),
  /schedule must be static, cyclic, dynamic, guided; got random/,
);
await wrong(
  () => map(world, 1, square, { schedul: "static" } as never),
  /^map: there is no option schedul; did you mean schedule\?/,
);
await wrong(
  () => map(world, 1, square, { chunks: 2 } as never),
  /no option chunks; did you mean chunksPerRank\?/,
);
await wrong(
  () => map(world, 3, square, 4 as never),
  /^map: options must be an object .*; got a number \(4\)/,
);
await wrong(() => map(world, 3, square, null as never), /^map: options must be an object .*; got null/);
await wrong(() => map(world, 3, undefined as never), /^map: the task must be a function; got undefined/);
await wrong(() => map(world, 3, neverRun, { root: 7 + size }), /^map: root must be a rank from 0/);
await wrong(() => map(world, 3, neverRun, { root: 0.5 }), /root must be .*; got 0.5/);
await wrong(
  () => foldMap(world, 3, square, reducers.sum(), { root: 0 } as never),
  /^foldMap: there is no option root; there are/,
);
await wrong(() => map(world, 1, square, { chunk: 0 }), /chunk must be a whole number from 1; got 0/);
await wrong(() => map(world, 1, square, { concurrency: 1.5 }), /concurrency must be/);
await wrong(
  () => map(world, 1, square, { as: Array as never }),
  /as must be the constructor of a typed array/,
);
await wrong(
  () => map(world, 1, square, { as: "Float64Array" as never }),
  /as must .*; got string Float64Array/,
);
await wrong(() => map(world, 1, square, { cost: 3 as never }), /cost must be a function/);
await wrong(() => map(world, 1, square, { errors: "ignore" as never }), /errors must be cancel or collect/);
await wrong(() => map(world, 1, square, { progress: "dots" as never }), /progress must be/);
await wrong(() => map(world, 1, square, { usage: 3 as never }), /usage must be true, false or a function/);
if (size > 1)
  await wrong(
    () => map(world, rank === 0 ? 3 : 2, square),
    /all ranks must give the same number of items; one has 2, another 3/,
  );
if (size > 1) {
  // As many, but others: found when asked for, be it by one rank alone; nothing is run.
  let runs = 0;
  const run = (): number => runs++;
  // The engine keeps these zeros, ones and texts in different ways on different ranks.
  const one = rank === 1 ? Float64Array.of(1)[0] : 1;
  const text = rank === 1 ? "x\u{1f600}".slice(0, 1) : "x";
  const loop: { again?: object } = {};
  loop.again = loop;
  const alike = [
    one,
    { a: [2, text] },
    square,
    Float64Array.of(3),
    undefined,
    new Map([[1, new Set("ab")]]),
    loop,
  ];
  const other = [1, { a: [2, rank === 1 ? "y" : "x"] }, square, Float64Array.of(3), undefined];
  for (const schedule of schedules) {
    const options = { schedule, checkItems: rank === 1 };
    await wrong(() => map(world, other, run, options), /^map: .* item 1 is not the same on all of them/);
    await wrong(
      () => foldMap(world, Float64Array.of(0, 1, rank), run, reducers.sum(), options),
      /^foldMap: .* item 2 is not/,
    );
    await wrong(() => gridMap(world, [2, [5, 6 + rank]], run, options), /^gridMap: .* item 1 is not/);
    expect(runs).to.equal(0);
    expect(await map(world, alike, (_, i) => i, options)).to.deep.equal([0, 1, 2, 3, 4, 5, 6]);
    expect(await gridMap(world, [2, [5, 6]], (a, b) => a * b, options)).to.deep.equal([
      [0, 0],
      [5, 6],
    ]);
  }
}
await wrong(
  () => map(world, 1, square, { checkItems: 1 as never }),
  /checkItems must be true or false; got 1/,
);
ok();
