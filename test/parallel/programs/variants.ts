/** scatterMap, gridMap, starmap, imap. */
import { expect } from "chai";
import { ArgumentError, world } from "tsmpi";
import {
  foldMap,
  gridMap,
  imap,
  map,
  mapReduce,
  reducers,
  scatterMap,
  starmap,
  summarize,
  TaskError,
  TasksError,
  zip,
} from "tsmpi/parallel";
import { expectFailure, expectSame, failure, ok } from "../../ranks/programs/support.ts";

const { rank, size } = world;
const schedules = ["static", "cyclic", "dynamic", "guided"] as const;
const last = size - 1;
const numbers = Array.from({ length: 23 }, (_, i) => i);
const squares = numbers.map(x => x * x);

// scatterMap: only root has items, only root gets results.
for (const root of new Set([0, last])) {
  const onRoot = <T>(value: T): T | undefined => (rank === root ? value : undefined);
  for (const schedule of schedules) {
    for (const cost of [undefined, (x: number) => x % 5]) {
      const squared = await scatterMap(world, onRoot(numbers), x => x * x, {
        schedule,
        root,
        cost,
        chunk: 2,
      });
      expect(squared).to.deep.equal(onRoot(squares));
    }
    const typed = await scatterMap(world, onRoot(Float32Array.from(numbers)), (x, i) => x + i, {
      schedule,
      root,
      as: Int32Array,
    });
    if (rank === root)
      expectSame(
        typed,
        Int32Array.from(numbers, x => 2 * x),
        "typed",
      );
    else expect(typed).to.equal(undefined);
    const bytes = await scatterMap(world, onRoot(Buffer.from(numbers)), x => x, { schedule, root });
    expect(bytes).to.deep.equal(onRoot(numbers));
    const objects = await scatterMap(world, onRoot([{ a: 1 }, new Map([[1, "x"]])]), item => [item], {
      schedule,
      root,
    });
    expect(objects).to.deep.equal(onRoot([[{ a: 1 }], [new Map([[1, "x"]])]]));
    expect(await scatterMap(world, onRoot([]), x => x, { schedule, root })).to.deep.equal(onRoot([]));
    await expectFailure(
      () => scatterMap(world, onRoot(-1), x => x, { schedule, root }),
      ArgumentError,
      "TSMPI_ARGUMENT",
      /^scatterMap: items must be/,
    );
    const error = (await failure(() =>
      scatterMap(
        world,
        onRoot(numbers),
        x => {
          if (x === 20) throw new Error("twenty");
        },
        { schedule, root },
      ),
    )) as TaskError;
    expect([error.name, error.index]).to.deep.equal(["TaskError", 20]);
  }
}
{
  // Items that cannot be sent.
  if (size > 1) {
    for (const schedule of schedules) {
      await expectFailure(
        () => scatterMap(world, rank === 0 ? [1, { f: [() => 1] }] : undefined, x => x, { schedule }),
        ArgumentError,
        "TSMPI_ARGUMENT",
        /^scatterMap: item 1 cannot be sent to other ranks: cannot send value\.f\[0\]: it is a function/,
      );
    }
  }
  // Each rank is sent its own items only.
  const mine: number[] = [];
  await scatterMap(world, rank === 0 ? numbers : undefined, (x, i) => mine.push(x, i), {});
  expect(mine).to.deep.equal(numbers.filter(x => x % size === rank).flatMap(x => [x, x]));
}

// gridMap: nested loops.
for (const schedule of schedules) {
  const table = await gridMap(world, [3, 4], (f, m) => 10 * f + m, { schedule });
  expect(table).to.deep.equal([
    [0, 1, 2, 3],
    [10, 11, 12, 13],
    [20, 21, 22, 23],
  ]);
}
expect(
  await gridMap(world, [["a", "b"], 2, [true]], (a, n, b, context) => `${a}${n}${b}${context.size}`),
).to.deep.equal([
  [[`a0true${size}`], [`a1true${size}`]],
  [[`b0true${size}`], [`b1true${size}`]],
]);
expect(await gridMap(world, [4], i => i)).to.deep.equal([0, 1, 2, 3]);
expect(await gridMap(world, [2, 0], () => 1)).to.deep.equal([[], []]);
expect(await gridMap(world, [0, 2], () => 1)).to.deep.equal([]);
expectSame(
  await gridMap(world, [2, 3], (i, j) => i * 3 + j, { as: Uint8Array, cost: ([i, j]) => i + j }),
  Uint8Array.of(0, 1, 2, 3, 4, 5),
  "flat",
);
expect(await gridMap(world, [2, 2], (i, j) => i + j, { root: last })).to.deep.equal(
  rank === last
    ? [
        [0, 1],
        [1, 2],
      ]
    : undefined,
);
await expectFailure(
  () => gridMap(world, [] as never, () => 1),
  ArgumentError,
  "TSMPI_ARGUMENT",
  /^gridMap: axes must be/,
);
await expectFailure(
  () => gridMap(world, [2 ** 20, 2 ** 20], () => 1),
  ArgumentError,
  "TSMPI_ARGUMENT",
  /up to 1073741824 combinations/,
);

// starmap.
const noList = (await failure(() => starmap(world, [1] as never, (x: number) => x))) as TaskError;
expect(noList.message).to.match(/ArgumentError: starmap: each item must be a list of arguments; got 1/);
expect(await starmap(world, zip([1, 2, 3], "abc"), (n, letter) => letter.repeat(n))).to.deep.equal([
  "a",
  "bb",
  "ccc",
]);
await expectFailure(
  async () => zip([1], [1, 2]),
  ArgumentError,
  "TSMPI_ARGUMENT",
  /^zip: lists must have one length; got 1, 2/,
);

// imap: as they come or in order, on any root.
for (const schedule of schedules) {
  for (const ordered of [true, false]) {
    for (const root of new Set([0, last])) {
      const came: [number, number][] = [];
      for await (const pair of imap(world, numbers, x => x * x, { schedule, ordered, root })) came.push(pair);
      if (rank !== root) {
        expect(came).to.deep.equal([]);
        continue;
      }
      if (!ordered) came.sort((a, b) => a[0] - b[0]);
      expect(came).to.deep.equal(numbers.map(x => [x, x * x]));
    }
  }
  // Asynchronous tasks, and results of every kind.
  const came: unknown[] = [];
  for await (const [i, result] of imap(
    world,
    ["a", "b", "c"],
    async (item, i) => (i === 1 ? undefined : { item }),
    { schedule, concurrency: 2 },
  )) {
    came[i] = result;
  }
  if (rank === 0) expect(came).to.deep.equal([{ item: "a" }, undefined, { item: "c" }]);
}
{
  // More than fits anywhere while root does not look.
  let total = 0;
  for await (const [, value] of imap(world, 5_000, i => [i, "x".repeat(50)] as const, {
    ordered: false,
    chunk: 1,
  })) {
    if (total === 0) await new Promise(resolve => setTimeout(resolve, 20));
    total += value[0];
  }
  if (rank === 0) expect(total).to.equal((5_000 * 4_999) / 2);
}
{
  // Root leaves early; the ranks are together still.
  const seen: number[] = [];
  for await (const [i] of imap(world, 100_000, i => i, { chunk: 1 })) {
    seen.push(i);
    if (seen.length === 5) break;
  }
  expect(seen).to.deep.equal(rank === 0 ? [0, 1, 2, 3, 4] : []);
  const mine = await failure(async () => {
    for await (const _ of imap(world, 50, i => i)) throw new Error("of the loop");
    throw new Error("of the loop");
  });
  expect((mine as Error).message).to.equal("of the loop");
}
for (const ordered of [true, false]) {
  const seen: number[] = [];
  const through = async (errors: "cancel" | "collect"): Promise<void> => {
    const task = (i: number): number => {
      if (i % 20 === 13) throw new Error(`at ${i}`);
      return i;
    };
    for await (const [i] of imap(world, 60, task, { ordered, errors })) seen.push(i);
  };
  const error = (await failure(() => through("cancel"))) as TaskError;
  expect(error).to.be.instanceOf(TaskError);
  expect(error.index % 20).to.equal(13);
  if (ordered && rank === 0) expect(seen).to.deep.equal(seen.map((_, i) => i));
  seen.length = 0;
  const errors = (await failure(() => through("collect"))) as TasksError;
  expect(errors).to.be.instanceOf(TasksError);
  expect(errors.errors.map(each => each.index)).to.deep.equal([13, 33, 53]);
  if (rank === 0)
    expect(seen.sort((a, b) => a - b)).to.deep.equal(
      Array.from({ length: 60 }, (_, i) => i).filter(i => i % 20 !== 13),
    );
}
const wrongRoot = async () => {
  for await (const _ of imap(world, 2, i => i, { root: size }));
};
await expectFailure(wrongRoot, ArgumentError, "TSMPI_ARGUMENT", /^imap: root must be a rank from 0/);

// One within the other is an error of the task, whichever they are; so is what only root does in its loop.
{
  const inner: Record<string, () => unknown> = {
    map: () => map(world, 2, i => i),
    scatterMap: () => scatterMap(world, [1], x => x),
    gridMap: () => gridMap(world, [2], i => i),
    starmap: () => starmap(world, [[1]] as [number][], x => x),
    imap: () => imap(world, 2, i => i).next(),
    foldMap: () => foldMap(world, 2, i => i, reducers.sum()),
    mapReduce: () => mapReduce(world, 2, i => [[i, i]]),
    summarize: () => summarize(world, [1], reducers.sum()),
  };
  const outer: Record<string, (task: () => Promise<never>) => unknown> = {
    map: task => map(world, size, task),
    scatterMap: task => scatterMap(world, [1, 2], task),
    gridMap: task => gridMap(world, [size], task),
    imap: task => imap(world, size, task).next(),
    foldMap: task => foldMap(world, size, task, reducers.sum()),
    mapReduce: task => mapReduce(world, size, task),
  };
  for (const [within, run] of Object.entries(outer)) {
    for (const [name, act] of Object.entries(inner)) {
      const error = (await failure(() => run(async () => (await act()) as never))) as TaskError;
      expect(error.name, `${name} in ${within}`).to.equal("TaskError");
      expect((error.cause as Error).message).to.include(
        `${name}: ${within === "imap" ? "an" : "a"} ${within} on world is under way on this rank. In its tasks`,
      );
    }
  }
  const loop = async (): Promise<void> => {
    for await (const _ of imap(world, 10, i => i)) await map(world, 2, i => i);
  };
  if (rank === 0) {
    await expectFailure(loop, ArgumentError, "TSMPI_ARGUMENT", "map: an imap on world is under way");
  } else {
    await loop();
  }
}

// What is no option, no root and no function, before anything is run.
{
  let runs = 0;
  const run = (): number => runs++;
  const refusals: [() => unknown, RegExp][] = [
    [() => scatterMap(world, [1], run, { root: size }), /^scatterMap: root must be a rank from 0/],
    [() => gridMap(world, [1], run, { root: -1 }), /^gridMap: root must be a rank from 0/],
    [() => scatterMap(world, [1], run, { roots: 0 } as never), /^scatterMap: .*roots; did you mean root\?/],
    [
      () => gridMap(world, [1], run, { sed: 1 } as never),
      /^gridMap: there is no option sed; did you mean seed\?/,
    ],
    [() => gridMap(world, [1], run, null as never), /^gridMap: options must be an object .*; got null/],
    [() => starmap(world, [[]], run, { order: true } as never), /^starmap: there is no option order/],
    [() => imap(world, 1, run, { order: true } as never).next(), /^imap: .* order; did you mean ordered\?/],
    [
      () => imap(world, 1, run, { ordered: 1 as never }).next(),
      /^imap: ordered must be true or false; got 1/,
    ],
    [
      () => scatterMap(world, [1], undefined as never),
      /^scatterMap: the task must be a function; got undefined/,
    ],
    [() => gridMap(world, [1], null as never), /^gridMap: the task must be a function; got null/],
    [() => starmap(world, [[1]], 3 as never), /^starmap: the task must be a function; got number/],
    [() => imap(world, 1, "f" as never).next(), /^imap: the task must be a function; got string/],
  ];
  for (const [call, sentence] of refusals) {
    await expectFailure(call, ArgumentError, "TSMPI_ARGUMENT", sentence);
  }
  expect(runs).to.equal(0);
}
expect(await map(world, 3, i => i)).to.deep.equal([0, 1, 2]);
ok();
