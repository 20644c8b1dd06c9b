/** mapReduce: results by key, the same for every number of ranks; combined or not; where they go. */
import { expect } from "chai";
import { ArgumentError, world } from "tsmpi";
import { mapReduce, type TaskError, type TasksError } from "tsmpi/parallel";
import { expectFailure, failure, ok, random } from "../../ranks/programs/support.ts";

const { rank, size } = world;
const draw = random(3);
const lines = Array.from({ length: 60 }, () =>
  Array.from({ length: Math.floor(8 * draw()) }, () => `w${Math.floor(30 * draw() ** 2)}`),
);
const counts = new Map<string, number>();
for (const word of lines.flat()) counts.set(word, (counts.get(word) ?? 0) + 1);
const expected = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));

function* pairs(line: readonly string[]): Generator<[string, number]> {
  for (const word of line) yield [word, 1];
}
const add = (a: number, b: number): number => a + b;
const total = (_: string, values: number[]): number => values.reduce(add, 0);

for (const schedule of ["static", "cyclic", "dynamic", "guided"] as const) {
  for (const combine of [undefined, add]) {
    const result = await mapReduce(world, lines, pairs, { combine, reduce: total, schedule });
    expect([...result]).to.deep.equal(expected);
  }
  // Without combine: all values, in the order of items.
  const places = await mapReduce(world, lines, (line, i) => line.map(word => [word, i] as const), {
    schedule,
  });
  for (const [word, where] of places) {
    expect(where).to.deep.equal(lines.flatMap((line, i) => line.filter(each => each === word).map(() => i)));
  }
}
// Combined in the order of items.
const joined = await mapReduce(world, lines, (_, i) => [["all", `${i}.` as string] as const], {
  combine: (a, b) => a + b,
  reduce: (_, [text]) => text,
});
expect(joined.get("all")).to.equal(lines.map((_, i) => `${i}.`).join(""));

// Where results go.
const root = size - 1;
const onRoot = await mapReduce(world, lines, pairs, { combine: add, reduce: total, results: root });
expect([...onRoot]).to.deep.equal(rank === root ? expected : []);
const parts = await mapReduce(world, lines, async line => pairs(line), {
  combine: add,
  reduce: total,
  results: "parts",
});
const together = await world.allgather(parts);
expect(together.flatMap(part => [...part]).sort(([a], [b]) => (a < b ? -1 : 1))).to.deep.equal(expected);

// Every kind of key.
const kinds = await mapReduce(world, 8, i => [
  [[i % 2, BigInt(i % 3), i % 2 === 0, `${i % 2}`][i % 4], i] as const,
]);
expect([...kinds]).to.deep.equal([
  [1n, [1]],
  [2n, [5]],
  [true, [2, 6]],
  [0, [0, 4]],
  ["1", [3, 7]],
]);
// NaN stands behind the other numbers, and in nobody's way.
const numbers = await mapReduce(world, [3, NaN, 1, NaN, 2], x => [[x, 1]]);
expect([...numbers.keys()]).to.deep.equal([1, 2, 3, NaN]);
expect([...(await mapReduce(world, [], pairs))]).to.deep.equal([]);

// What goes wrong.
const error = (await failure(() =>
  mapReduce(world, lines, (_, i) => {
    if (i === 31) throw new Error("bad line");
    return [];
  }),
)) as TaskError;
expect([error.name, error.index, (error.cause as Error).message]).to.deep.equal([
  "TaskError",
  31,
  "bad line",
]);
const key = (await failure(() => mapReduce(world, 1, () => [[{} as never, 1]]))) as TaskError;
expect(key.message).to.include("keys must be strings, numbers, bigints or booleans; got object");
for (const [given, came] of [
  [[["a"]], /pairs \[key, value\], in a list or by a generator; got \[ 'a' \]/],
  [["ab"], /got 'ab'/],
  [undefined, /got undefined/],
  [(async function* () {})(), /got Object \[AsyncGenerator\]/],
] as const) {
  const refused = (await failure(() => mapReduce(world, 1, () => given as never))) as TaskError;
  expect([refused.name, refused.index]).to.deep.equal(["TaskError", 0]);
  expect(refused.message).to.match(came);
}

// Functions that throw for a key, and what cannot be sent: all ranks hear of it, and of the item.
const breaks = (what: string): never => {
  throw new RangeError(what);
};
const w3 = lines.findIndex(line => line.includes("w3"));
const combine = (a: number, b: number): number => a + b;
const mixed: [string, () => unknown][] = [
  ["no w3", () => mapReduce(world, lines, pairs, { reduce: word => word === "w3" && breaks("no w3") })],
  [
    "no w3",
    () =>
      mapReduce(world, lines, pairs, {
        combine,
        reduce: word => word === "w3" && breaks("no w3"),
        results: 0,
      }),
  ],
];
if (size > 1) {
  mixed.push([
    "it is a function",
    () => mapReduce(world, lines, pairs, { reduce: w => (w === "w3" ? breaks : w) }),
  ]);
}
for (const [reason, reduction] of mixed) {
  const refused = (await failure(reduction)) as TaskError;
  expect([refused.name, refused.index]).to.deep.equal(["TaskError", w3]);
  expect(refused.message).to.match(
    new RegExp(`^mapReduce: the result of "w3", first given by item ${w3} failed on rank .*${reason}`),
  );
}
const two = (await failure(() =>
  mapReduce(world, lines, pairs, {
    reduce: word => (word === "w3" || word === "w0") && breaks(word),
    errors: "collect",
    results: "parts",
  }),
)) as TasksError;
expect(two.errors.map(({ cause }) => (cause as Error).message).sort()).to.deep.equal(["w0", "w3"]);
if (size > 1) {
  const sent = (await failure(() => mapReduce(world, 9, i => [[i, i === 7 ? breaks : i]]))) as TaskError;
  expect([sent.name, sent.index]).to.deep.equal(["TaskError", 7]);
  expect(sent.message).to.include("it is a function");
}
// Combined across ranks only.
const late = (await failure(() =>
  mapReduce(world, 40, i => [["k", i]], { combine: (a, b) => (a + b === 780 ? breaks("all") : a + b) }),
)) as TaskError;
expect([late.name, (late.cause as Error).message]).to.deep.equal(["TaskError", "all"]);
await expectFailure(
  () => mapReduce(world, 1, pairs as never, { reduce: 3 as never }),
  ArgumentError,
  "TSMPI_ARGUMENT",
  /reduce must be a function; got number/,
);
await expectFailure(
  () => mapReduce(world, 1, pairs as never, { combin: combine } as never),
  ArgumentError,
  "TSMPI_ARGUMENT",
  /there is no option combin; did you mean combine\?/,
);
expect((await world.allgather(rank)).length).to.equal(size);
await expectFailure(
  () => mapReduce(world, lines, pairs, { results: size }),
  ArgumentError,
  "TSMPI_ARGUMENT",
  /results must be all, parts or a rank from 0/,
);
ok();
