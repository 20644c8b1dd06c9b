/** Pools that go well: results, futures, order, cancelling, tasks that submit tasks, retries, state, shared values. */
import { inspect } from "node:util";
import { expect } from "chai";
import { ArgumentError, world } from "tsmpi";
import {
  asCompleted,
  CancelledError,
  currentWorker,
  type Future,
  type FutureState,
  type Pool,
  TaskError,
  task,
  withPool,
} from "tsmpi/parallel";
import { expectFailure, failure, ok } from "../../ranks/programs/support.ts";

const { rank, size } = world;
const workers = Math.max(1, size - 1);

const square = task((x: number) => x * x);
const add = task("sum of two", (a: number, b: number) => a + b);
const echo = task((value: unknown) => value);
const later = task(async (x: number) => {
  await new Promise(resolve => setImmediate(resolve));
  return -x;
});
const where = task(() => currentWorker().rank);
const whereFor = task((_x: number) => currentWorker().rank);
const asksWhere = task((worker: number, times: number) =>
  currentWorker().pool.map(whereFor, times, { worker }),
);
/** Each has captured a value of its own. */
const adders = [10, 20].map(k => task((x: number) => x + k));

const fibonacci = task(async (n: number): Promise<number> => {
  if (n < 2) return n;
  const { pool } = currentWorker();
  const [left, right] = [pool.submit(fibonacci, n - 1), pool.submit(fibonacci, n - 2)];
  return (await left) + (await right);
});
const chain = task(async (n: number): Promise<number> => {
  return n === 0 ? 0 : 1 + (await currentWorker().pool.submit(chain, n - 1));
});
const treeSum = task(async (depth: number): Promise<number> => {
  if (depth === 0) return 1;
  const parts = await currentWorker().pool.map(treeSum, [depth - 1, depth - 1, depth - 1]);
  return parts.reduce((left, right) => left + right);
});
const asks = task(async (x: number): Promise<string> => {
  const { pool } = currentWorker();
  const error = await failure(() => pool.submit(breaks, x));
  return `${(error as Error).name}: ${(error as Error).message}`;
});
const breaks = task("breaks", (x: number) => {
  throw new RangeError(`${x} is too much`);
});

interface State {
  readonly begun: number[];
  fails: number;
}
const order = task((x: number) => {
  const { state } = currentWorker<State>();
  state.begun.push(x);
  return [...state.begun];
});
const flaky = task((times: number) => {
  const { state } = currentWorker<State>();
  if (state.fails < times) throw new Error(`failed ${++state.fails} times`);
  return state.fails;
});
const identify = task((array: Float64Array) => {
  const { state } = currentWorker<{ seen?: Float64Array }>();
  const known = state.seen !== undefined;
  const same = state.seen === array;
  state.seen = array;
  return { known, same, sum: array.reduce((left, right) => left + right, 0) };
});

const sumIn = task(({ deep }: { deep: { array: Float64Array } }) => deep.array.reduce((a, b) => a + b, 0));

const opens = task((opened: Int32Array) => Atomics.add(opened, 0, 1));
const blocks = task((opened: Int32Array, wanted: number) => {
  // Naps, without giving other tasks a turn.
  const nap = new Int32Array(new SharedArrayBuffer(4));
  while (Atomics.load(opened, 0) < wanted) Atomics.wait(nap, 0, 0, 1);
});

/** Says in the second place that it has begun, and waits for the first. */
const blocksAfter = task((opened: Int32Array) => {
  Atomics.store(opened, 1, 1);
  blocks(opened, 1);
  return "opened";
});
let marked = 0;
const marks = task(() => ++marked);
const howOftenMarked = task(() => marked);
const cancels = task(async (worker: number | undefined) => {
  const future = currentWorker().pool.with({ worker }).submit(marks);
  const before = future.state;
  const cancelled = future.cancel();
  const error = await failure(() => future);
  expect(error).to.be.instanceOf(CancelledError);
  return [before, cancelled, future.state, future.cancel()];
});

function expectNoWorker(): void {
  expect(() => currentWorker()).to.throw(ArgumentError, "currentWorker: this rank serves no pool");
}

async function results(pool: Pool): Promise<void> {
  expect(pool.workers).to.equal(workers);
  expect(await pool.submit(square, 7)).to.equal(49);
  expect(await pool.submit(add, 1, 2)).to.equal(3);
  expect(await pool.submit(later, 5)).to.equal(-5);
  expect(await pool.submit(adders[1], 1)).to.equal(21);
  const value = { list: [1, "two", undefined], map: new Map([["a", Float32Array.of(1.5)]]) };
  expect(await pool.submit(echo, value)).to.deep.equal(value);
  expect(await pool.submit(echo, undefined)).to.equal(undefined);
  // However few there are, no worker is left without.
  for (const count of [workers, 50]) {
    const ranks = await Promise.all(Array.from({ length: count }, () => pool.submit(where)));
    for (const each of ranks) expect(each).to.be.within(size === 1 ? 0 : 1, size - 1);
    expect(new Set(ranks).size).to.equal(workers);
  }

  for (const count of [0, 1, 3, 300]) {
    const items = Array.from({ length: count }, (_, i) => i);
    const squares = items.map(i => i * i);
    expect(await pool.map(square, items)).to.deep.equal(squares);
    const pairs = items.map(i => [i, i * i - i] as const);
    expect(await pool.starmap(add, pairs)).to.deep.equal(squares);
    const ordered: number[] = [];
    for await (const each of pool.imap(square, items)) ordered.push(each);
    expect(ordered).to.deep.equal(squares);
    const any: number[] = [];
    for await (const each of pool.imap(square, items, { ordered: false, inFlight: 7 })) any.push(each);
    expect(any.sort((a, b) => a - b)).to.deep.equal(squares);
  }
  // A count stands for the numbers below it; a typed array for its elements.
  expect(await pool.map(square, 3)).to.deep.equal([0, 1, 4]);
  expect(await pool.map(square, Float32Array.of(1.5))).to.deep.equal([2.25]);
  const counted: number[] = [];
  for await (const each of pool.imap(square, 4)) counted.push(each);
  expect(counted).to.deep.equal([0, 1, 4, 9]);
  const states: number[] = [];
  await pool.map(square, [1, 2, 3], { progress: ({ done }) => states.push(done) });
  expect(states.at(-1)).to.equal(3);
}

async function endless(pool: Pool): Promise<void> {
  let given = 0;
  async function* numbers(): AsyncGenerator<number> {
    for (;;) yield given++;
  }
  const got: number[] = [];
  for await (const each of pool.imap(square, numbers(), { inFlight: 3 })) {
    got.push(each);
    expect(given - got.length).to.be.at.most(3);
    if (got.length === 20) break;
  }
  expect(got).to.deep.equal(Array.from({ length: 20 }, (_, i) => i * i));
}

async function futures(pool: Pool): Promise<void> {
  const future = pool.submit(square, 3);
  expect(future.state).to.equal("pending");
  expect(inspect([future])).to.equal(`[ Future(${future.name} ${future.index}, pending) ]`);
  expect(inspect(pool)).to.match(/^Pool\((1 worker|\d+ workers)\)$/);
  expect(future.settled).to.equal(false);
  expect(() => future.result).to.throw("pending; await it first");
  const heard: FutureState[] = [];
  future.onSettled(({ state }) => heard.push(state));
  expect(await future.then(x => x + 1)).to.equal(10);
  expect(await future.finally(() => heard.push("done"))).to.equal(9);
  expect(heard).to.deep.equal(["done", "done"]);
  expect(future.state).to.equal("done");
  expect(future.result).to.equal(9);
  expect(future.error).to.equal(undefined);
  expect(future.cancel()).to.equal(false);
  future.onSettled(({ result }) => expect(result).to.equal(9));
  expect(await pool.submit(breaks, 1).catch(String)).to.include("1 is too much");

  const some = [3, 1, 2].map(x => pool.submit(square, x));
  const seen: number[] = [];
  for await (const [place, each] of asCompleted(some)) {
    expect(each.settled).to.equal(true);
    expect(each).to.equal(some[place]);
    seen.push(each.result);
  }
  expect(seen.sort()).to.deep.equal([1, 4, 9]);
  // Tasks of different types.
  const mixed = [pool.submit(square, 3), pool.submit(asks, 0)];
  for await (const [, each] of asCompleted(mixed)) expect(each.settled).to.equal(true);
  for await (const [place] of asCompleted([])) expect.fail(`nothing is settled; got ${place}`);
}

async function cancelling(pool: Pool): Promise<void> {
  const kept = pool.submit(square, 2);
  const dropped = [1, 2, 3].map(x => pool.submit(square, x));
  for (const each of dropped) expect(each.cancel()).to.equal(true);
  expect(dropped.map(({ state }) => state)).to.deep.equal(["cancelled", "cancelled", "cancelled"]);
  expect(dropped[0].cancel()).to.equal(true);
  await expectFailure(() => dropped[1], CancelledError, "TSMPI_CANCELLED", "was cancelled");
  expect(() => dropped[2].result).to.throw(CancelledError);
  expect(await kept).to.equal(4);
}

/** A task that has begun is not cancelled; what waits behind it is. */
async function runningTask(pool: Pool): Promise<void> {
  // Rank 0 would be the one that blocks.
  if (size === 1) return;
  const opened = await pool.share(new Int32Array(2));
  const first = pool.with({ worker: 1 });
  const long = first.submit(blocksAfter, opened);
  const behind = first.submit(square, 4);
  while (Atomics.load(opened.value, 1) === 0) await new Promise(resolve => setImmediate(resolve));
  expect(long.state).to.equal("running");
  expect(long.settled).to.equal(false);
  expect(long.cancel()).to.equal(false);
  expect(long.state).to.equal("running");
  expect(() => long.result).to.throw("is running; await it first");
  expect(behind.state).to.equal("pending");
  expect(behind.cancel()).to.equal(true);
  Atomics.store(opened.value, 0, 1);
  expect(await long).to.equal("opened");
  expect(long.cancel()).to.equal(false);
}

/** A task cancels one that it has submitted: its own future ends in any case, and what had not begun never does. */
async function cancellingInTasks(pool: Pool): Promise<void> {
  if (workers === 1) {
    expect(await pool.submit(cancels, undefined)).to.deep.equal(["pending", true, "cancelled", true]);
    return;
  }
  const opened = await pool.share(new Int32Array(2));
  const second = pool.with({ worker: 2 });
  const long = second.submit(blocksAfter, opened);
  const outcome = await pool.with({ worker: 1 }).submit(cancels, 2);
  expect(outcome).to.deep.equal(["pending", true, "cancelled", true]);
  Atomics.store(opened.value, 0, 1);
  await long;
  expect(await second.submit(howOftenMarked)).to.equal(0);
}

async function outsideOfTasks(): Promise<void> {
  if (size > 1) expectNoWorker();
}

async function nested(pool: Pool): Promise<void> {
  expect(await pool.submit(fibonacci, 10)).to.equal(55);
  expect(await pool.submit(chain, 100)).to.equal(100);
  expect(await pool.map(treeSum, [1, 2, 3, 4])).to.deep.equal([3, 9, 27, 81]);
  expect(await pool.submit(asks, 8)).to.match(/^TaskError: task breaks \d+ failed .* 8 is too much$/);
}

/** With one worker the order is known. */
async function priorities(pool: Pool): Promise<void> {
  const submit = (x: number, priority: number): Future<number[]> => pool.with({ priority }).submit(order, x);
  const all = [submit(1, 0), submit(2, 5), submit(3, -1), submit(4, 5), submit(5, 0.5)];
  const orders = await Promise.all(all);
  if (workers > 1) return;
  expect(orders[2]).to.deep.equal([2, 4, 5, 1, 3]);
}

/** On a chosen worker, whoever else is free; also from within tasks, and after a failure. */
async function chosenWorkers(pool: Pool): Promise<void> {
  const ranks = size === 1 ? [0] : Array.from({ length: workers }, (_, i) => i + 1);
  const mixed: [Future<number>, number | undefined][] = [];
  for (let i = 0; i < 50; i++) {
    for (const worker of ranks) {
      mixed.push([pool.with({ worker }).submit(where), worker], [pool.submit(where), undefined]);
    }
  }
  for (const [future, worker] of mixed) expect(await future).to.equal(worker ?? future.result);
  const last = ranks.at(-1)!;
  expect(new Set(await pool.map(whereFor, 300, { worker: last }))).to.deep.equal(new Set([last]));
  expect(new Set(await pool.submit(asksWhere, last, 20))).to.deep.equal(new Set([last]));
  const error = (await failure(() => pool.with({ worker: last, retries: 2 }).submit(breaks, 1))) as TaskError;
  expect(error.rank).to.equal(last);
  // Any worker again.
  expect(await pool.with({ worker: last }).with({ worker: undefined }).submit(square, 3)).to.equal(9);
}

/** Nobody takes those of a worker that is in a long task, and they are cancelled as others are. */
async function waitsForItsWorker(pool: Pool): Promise<void> {
  if (workers === 1) return;
  const opened = await pool.share(new Int32Array(1));
  await pool.map(square, 300 * workers);
  const first = pool.with({ worker: 1 });
  const long = first.submit(blocks, opened, 1);
  const behind = Array.from({ length: 20 }, () => first.submit(where));
  const elsewhere = await Promise.all(Array.from({ length: 20 }, () => pool.submit(where)));
  expect(elsewhere).to.not.include(1);
  expect(behind.map(({ settled }) => settled)).to.not.include(true);
  expect(behind[7].cancel()).to.equal(true);
  expect(behind[19].cancel()).to.equal(true);
  await pool.with({ worker: 2 }).submit(opens, opened);
  await long;
  for (const each of behind.filter(({ state }) => state !== "cancelled")) expect(await each).to.equal(1);
}

async function retries(pool: Pool): Promise<void> {
  // Each worker fails three times.
  expect(await pool.with({ retries: 3 * workers }).submit(flaky, 3)).to.equal(3);
  const hopeless = pool.with({ retries: 2 }).submit(breaks, 9);
  await expectFailure(() => hopeless, TaskError, "TSMPI_TASK", "9 is too much");
}

async function shared(pool: Pool): Promise<void> {
  const array = Float64Array.from({ length: 1000 }, (_, i) => i);
  const handle = await pool.share(array);
  expect(handle.value).to.deep.equal(array);
  for (const { known, same, sum } of await pool.map(identify, new Array(40).fill(handle))) {
    expect(sum).to.equal(499_500);
    // Each task of a worker gets the very same array.
    expect(same).to.equal(known);
  }
  if (size > 1) {
    // One memory for all, here as well.
    handle.value[0] = 500;
    expect((await pool.submit(identify, handle)).sum).to.equal(500_000);
  }
  const buffer = await pool.share(Buffer.from("abc").subarray(1));
  expect([...buffer.value]).to.deep.equal([98, 99]);
  const came = (await pool.submit(echo, buffer)) as Uint8Array;
  expect([...came]).to.deep.equal([98, 99]);
  const arrays = await Promise.all([1, 2, 3].map(x => pool.share(BigInt64Array.of(BigInt(x)))));
  for (const [i, each] of arrays.entries()) {
    expect(await pool.submit(echo, each)).to.deep.equal(BigInt64Array.of(BigInt(i + 1)));
  }
  const two = await pool.share({ two: 2 });
  expect(await pool.submit(echo, two)).to.deep.equal({ two: 2 });
  // At any depth.
  const nested = { list: [two, 1, [arrays[0]]], map: new Map([["a", two]]), set: new Set([two, 5]) };
  expect(await pool.submit(echo, nested)).to.deep.equal({
    list: [{ two: 2 }, 1, [BigInt64Array.of(1n)]],
    map: new Map([["a", { two: 2 }]]),
    set: new Set<unknown>([{ two: 2 }, 5]),
  });
  expect(nested.list[0]).to.equal(two);
  expect(await pool.submit(sumIn, { deep: { array: handle } })).to.equal(size > 1 ? 500_000 : 499_500);
}

/** Ends only if tasks that wait behind those that block are given to others. */
async function takingBack(pool: Pool): Promise<void> {
  if (workers === 1) return;
  const opened = await pool.share(new Int32Array(1));
  // Short tasks, upon which many are sent ahead.
  await pool.map(
    square,
    Array.from({ length: 300 * workers }, (_, x) => x),
  );
  const blocked = Array.from({ length: workers - 1 }, () => pool.submit(blocks, opened, 40));
  const openers = Array.from({ length: 40 }, () => pool.submit(opens, opened));
  await Promise.all([...blocked, ...openers]);
}

/** Is not told when the task behind it is done. */
async function shortBeforeLong(pool: Pool): Promise<void> {
  // Rank 0 would be the one that blocks.
  if (size === 1) return;
  const opened = await pool.share(new Int32Array(1));
  await pool.map(
    square,
    Array.from({ length: 300 * workers }, (_, x) => x),
  );
  const short = Array.from({ length: workers }, () => pool.submit(square, 3));
  const long = Array.from({ length: workers }, () => pool.submit(blocks, opened, 1));
  expect(await Promise.all(short)).to.deep.equal(short.map(() => 9));
  Atomics.store(opened.value, 0, 1);
  await Promise.all(long);
}

/** The first worker has as many tasks as the second one, but none that can be taken back. */
async function takingBackFromTheSecond(pool: Pool): Promise<void> {
  if (workers < 3) return;
  const opened = await pool.share(new Int32Array(1));
  await pool.map(
    square,
    Array.from({ length: 300 * workers }, (_, x) => x),
  );
  const four = <R>(submit: (x: number) => Future<R>): Future<R>[] => [1, 2, 3, 4].map(submit);
  // Four tasks go to each: short ones and one that blocks, one that blocks and those it waits for, short ones.
  const first = [1, 2, 3].map(() => pool.submit(blocks, opened, 0));
  const blocked = [pool.submit(blocks, opened, 3), pool.submit(blocks, opened, 3)];
  const openers = [1, 2, 3].map(() => pool.submit(opens, opened));
  const others = Array.from({ length: workers - 2 }, () => four(x => pool.submit(square, x)));
  await Promise.all([first, blocked, openers, others].flat(2));
}

expectNoWorker();
const state = (): State => ({ begun: [], fails: 0 });
for (const scenario of [
  results,
  endless,
  futures,
  cancelling,
  runningTask,
  cancellingInTasks,
  outsideOfTasks,
  nested,
  shortBeforeLong,
  takingBack,
  takingBackFromTheSecond,
  chosenWorkers,
  waitsForItsWorker,
]) {
  const outcome = await withPool(world, async pool => {
    await scenario(pool);
    return scenario.name;
  });
  expect(outcome).to.equal(rank === 0 ? scenario.name : undefined);
}
await withPool(world, priorities, { initializer: state });
await withPool(world, retries, { initializer: async () => state() });
await withPool(world, shared, { initializer: () => ({}) });

expectNoWorker();

// What is submitted and not awaited is run nevertheless.
const forgotten = await withPool(world, pool => [pool.submit(square, 5), pool.submit(add, 1, 1)].slice(0, 1));
if (rank === 0) expect(forgotten![0].result).to.equal(25);

// Groups of ranks, each with a pool of its own.
const half = await world.split(rank % 2);
const sums = await withPool(half, pool => pool.starmap(add, [[1, 2]]));
expect(sums).to.deep.equal(half.rank === 0 ? [3] : undefined);
ok();
