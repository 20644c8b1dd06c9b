/** mapReduce: results by key, the same for every number of ranks; combined or not; where they go. */
import { expect } from "chai";
import { ArgumentError, world } from "tsmpi";
import { mapReduce, type TaskError } from "tsmpi/parallel";
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
await expectFailure(
  () => mapReduce(world, lines, pairs, { results: size }),
  ArgumentError,
  "TSMPI_ARGUMENT",
  /results must be all, parts or a rank from 0/,
);
ok();
