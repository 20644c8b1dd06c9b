/** Pools that go wrong: tasks that throw, values that cannot travel, tasks that ranks do not share. */
import { hostname } from "node:os";
import { expect } from "chai";
import { ArgumentError, CollectiveMismatchError, NotSendableError, world } from "tsmpi";
import {
  compute,
  currentWorker,
  delayed,
  map,
  type Pool,
  type Shared,
  TaskError,
  TasksError,
  task,
  withPool,
} from "tsmpi/parallel";
import { expectFailure, failure, ok } from "../../ranks/programs/support.ts";

const { rank, size } = world;

const identity = task("identity", (x: unknown) => x);
const odd = task("odd", (x: number) => {
  if (x % 2 === 0) throw Object.assign(new RangeError(`${x} is even`), { code: "EVEN" });
  return x;
});
const rejects = task(async () => Promise.reject(new TypeError("later")));
const throwsText = task(() => {
  throw "text";
});
const gives = task(() => () => {});
const submits = task(() => currentWorker().pool.submit(identity, () => {}));
const unregistered = (x: number): number => x;

async function throwing(pool: Pool): Promise<void> {
  const error = (await failure(() => pool.submit(odd, 4))) as TaskError;
  expect(error).to.be.instanceOf(TaskError);
  expect(error).to.include({ code: "TSMPI_TASK", host: hostname() });
  expect(error.rank).to.be.within(size === 1 ? 0 : 1, size - 1);
  expect(error.message).to.match(/^task odd \d+ failed on rank \d \(.+\): RangeError: 4 is even$/);
  const cause = error.cause as RangeError & { code: string };
  expect(cause).to.be.instanceOf(RangeError);
  expect(cause.code).to.equal("EVEN");
  expect(cause.stack).to.match(/pool-errors\.ts:\d+/);
  await expectFailure(() => pool.submit(rejects), TaskError, "TSMPI_TASK", "TypeError: later");
  await expectFailure(() => pool.submit(throwsText), TaskError, "TSMPI_TASK", ": text");

  const first = (await failure(() => pool.map(odd, [1, 2, 3]))) as TaskError;
  expect(first).to.be.instanceOf(TaskError);
  expect(first.index).to.equal(1);
  expect(first.message).to.match(/^pool\.map: odd, item 1 failed/);
  const all = (await failure(() => pool.map(odd, [1, 2, 3, 4, 5], { errors: "collect" }))) as TasksError;
  expect(all).to.be.instanceOf(TasksError);
  expect(all.errors.map(({ index }) => index)).to.deep.equal([1, 3]);
  expect(all.results).to.deep.equal([1, undefined, 3, undefined, 5]);
  const stream = pool.imap(odd, [1, 3, 4, 5]);
  expect((await stream.next()).value).to.equal(1);
  expect((await stream.next()).value).to.equal(3);
  await expectFailure(() => stream.next(), TaskError, "TSMPI_TASK", "pool.imap: odd, item 2 failed");
  function* broken(): Generator<number> {
    yield 1;
    throw new Error("no more items");
  }
  const ends = pool.imap(odd, broken());
  expect((await ends.next()).value).to.equal(1);
  expect(String(await failure(() => ends.next()))).to.equal("Error: no more items");
}

async function sending(pool: Pool): Promise<void> {
  const good = pool.submit(identity, 1);
  const bad = pool.submit(identity, { deep: [() => {}] });
  const other = pool.submit(identity, 2);
  await expectFailure(() => bad, NotSendableError, "TSMPI_NOT_SENDABLE", "value[0].deep[0]: it is a");
  expect([await good, await other]).to.deep.equal([1, 2]);
  const mixed = [pool.submit(identity, 3), pool.submit(gives), pool.submit(identity, 4)] as const;
  await expectFailure(() => mixed[1], TaskError, "TSMPI_TASK", "cannot send value: it is a function");
  const shared = (): Promise<unknown> => pool.share({ deep: () => {} });
  await expectFailure(shared, NotSendableError, "TSMPI_NOT_SENDABLE", "value.deep: it is a function");
  const inTask = pool.submit(submits);
  await expectFailure(() => inTask, TaskError, "TSMPI_TASK", "value[0]: it is a function");
  expect([await mixed[0], await mixed[2]]).to.deep.equal([3, 4]);
}

const maps = task(() => map(world, 2, item => item));
const computes = task(() => compute(world, delayed(() => 1)()));
const pools = task(() => withPool(world, () => {}));

/** The ranks of a pool are taken: what else wants all of them would wait for ever. */
async function nesting(pool: Pool): Promise<void> {
  for (const [name, each] of [
    ["map", maps] as const,
    ["compute", computes] as const,
    ["withPool", pools] as const,
  ]) {
    const sentence = `${name}: a withPool on world is under way on this rank. In its tasks`;
    await expectFailure(() => pool.submit(each as () => unknown), TaskError, "TSMPI_TASK", sentence);
    await expectFailure(each, ArgumentError, "TSMPI_ARGUMENT", sentence);
  }
}

async function mistakes(pool: Pool): Promise<void> {
  const expectMistake = (act: () => unknown, sentence: string): void =>
    void expect(act).to.throw(ArgumentError, sentence);
  expectMistake(() => pool.submit(unregistered, 1), "the other ranks do not know the function unregistered");
  expectMistake(() => pool.submit(5 as never), "wants a task, then its arguments; got 5");
  expectMistake(() => pool.with({ priority: Number.NaN }), "priority must be a number; got NaN");
  expectMistake(() => pool.with({ retries: -1 }), "retries must be a whole number from 0; got -1");
  expectMistake(() => task("odd", () => 1), 'another task is named "odd"');
  expectMistake(() => task("another", odd), "is a task already");
  expectMistake(() => task(5 as never), "wants a function");
  const future = pool.submit(identity, 1);
  const isFuture = `among the arguments of identity is a future, identity ${future.index}, which means nothing to`;
  expectMistake(() => pool.submit(identity, future), isFuture);
  expectMistake(() => pool.submit(identity, { deep: [new Map([[1, future]])] }), isFuture);
  expect(await future).to.equal(1);
  const refused = (act: () => unknown, sentence: string): Promise<void> =>
    expectFailure(act, ArgumentError, "TSMPI_ARGUMENT", sentence);
  await refused(
    () => pool.map(odd, -1),
    "pool.map: items must be a list, a typed array, an iterable or a count",
  );
  await refused(
    () => pool.starmap(identity, 3 as never),
    "pool.starmap: each item must be a list of arguments; got 0",
  );
  await refused(() => pool.imap(odd, null as never).next(), "pool.imap: items must be a list");
  await refused(
    () => pool.map(odd, [1], { prioritty: 1 } as never),
    "there is no option prioritty; did you mean priority?",
  );
  await refused(
    () => pool.starmap(odd, [[1]], { retry: 1 } as never),
    "pool.starmap: there is no option retry",
  );
  expectMistake(
    () => pool.imap(odd, [1], { inflight: 1 } as never),
    "there is no option inflight; did you mean inFlight?",
  );
  expectMistake(
    () => pool.with({ retrys: 1 } as never),
    "pool.with: there is no option retrys; did you mean retries?",
  );
  for (const worker of [-1, size === 1 ? 1 : 0, size, 1.5, "1" as never]) {
    const ranks = size > 2 ? `from 1 to ${size - 1}` : size - 1;
    expectMistake(
      () => pool.with({ worker }),
      `worker must be a rank that runs tasks, ${ranks}; got ${worker}`,
    );
  }
  const options = { errors: "ignore" as never };
  await expectFailure(() => pool.map(odd, [1], options), ArgumentError, "TSMPI_ARGUMENT", "got ignore");
  const flow = pool.imap(odd, [1], { inFlight: 0 });
  await expectFailure(() => flow.next(), ArgumentError, "TSMPI_ARGUMENT", "inFlight must be");
}

for (const scenario of [throwing, sending, nesting, mistakes]) await withPool(world, scenario);

// Failures that nobody looks at are not lost.
async function onRoot(act: () => Promise<unknown>, expected: (error: unknown) => void): Promise<void> {
  if (rank !== 0) expect(await act()).to.equal(undefined);
  else expected(await failure(act));
}
await onRoot(
  () => withPool(world, pool => void pool.submit(odd, 2)),
  error => expect(error).to.be.instanceOf(TaskError),
);
await onRoot(
  () => withPool(world, pool => void [pool.submit(odd, 2), pool.submit(odd, 4), pool.submit(odd, 1)]),
  error => expect((error as TasksError).errors).to.have.length(2),
);
// What the body throws; what has not begun is cancelled.
const reason = new Error("of the body");
await onRoot(
  () =>
    withPool(world, pool => {
      for (let i = 0; i < 100; i++) pool.submit(identity, i);
      throw reason;
    }),
  error => expect(error).to.equal(reason),
);
// After its end.
let left: Pool | undefined;
let handle: Shared<number> | undefined;
await withPool(world, async pool => {
  left = pool;
  handle = await pool.share(1);
});
if (rank === 0) {
  expect(handle!.value).to.equal(1);
  expect(() => left!.submit(identity, 1)).to.throw(ArgumentError, "the pool has ended");
}

await expectFailure(
  () =>
    withPool(world, () => {}, {
      initializer: r => {
        if (r === size - 1) throw new Error("cannot begin");
      },
    }),
  TaskError,
  "TSMPI_TASK",
  `the initializer of worker ${size - 1} failed on rank ${size - 1}`,
);
await expectFailure(
  () => withPool(world, () => {}, { initialiser: () => 1 } as never),
  ArgumentError,
  "TSMPI_ARGUMENT",
  "withPool: there is no option initialiser; did you mean initializer?",
);
await expectFailure(() => withPool(world, 5 as never), ArgumentError, "TSMPI_ARGUMENT", "the body must be");

// Ranks that disagree.
if (size > 1) {
  if (rank === size - 1) task("of the last rank only", () => 0);
  await expectFailure(
    () => withPool(world, () => {}),
    CollectiveMismatchError,
    "TSMPI_COLLECTIVE_MISMATCH",
    `is nothing on rank 0 and of the last rank only on rank ${size - 1}`,
  );
}
ok();
