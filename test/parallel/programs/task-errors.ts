/** Tasks that throw: all ranks get the error with item, rank, host and stack, and can go on. */
import { hostname } from "node:os";
import { runInNewContext } from "node:vm";
import { expect } from "chai";
import { world } from "tsmpi";
import { map, type TaskContext, TaskError, TasksError } from "tsmpi/parallel";
import { failure, ok } from "../../ranks/programs/support.ts";

const { rank, size } = world;
const schedules = ["static", "cyclic", "dynamic", "guided"] as const;

function breaks(): never {
  throw Object.assign(new RangeError("out of reach", { cause: new TypeError("deeper") }), {
    code: "E_REACH",
    detail: { at: 3 },
    method: () => 0,
  });
}

for (const schedule of schedules) {
  for (const isAsync of [false, true]) {
    const task = (item: number): unknown => {
      if (item === 17) return isAsync ? Promise.resolve().then(breaks) : breaks();
      return item;
    };
    const error = (await failure(() => map(world, 40, task, { schedule, label: "trial" }))) as TaskError;
    expect(error).to.be.instanceOf(TaskError);
    expect(error.code).to.equal("TSMPI_TASK");
    expect(error.index).to.equal(17);
    expect(error.host).to.equal(hostname());
    expect(error.message).to.equal(
      `trial: item 17 failed on rank ${error.rank} (${hostname()}): RangeError: out of reach`,
    );
    const cause = error.cause as RangeError & { code: string; detail: object };
    expect(cause).to.be.instanceOf(RangeError);
    expect(cause.stack).to.match(/RangeError: out of reach\n\s+at breaks .*task-errors\.ts:\d+/);
    expect(cause.code).to.equal("E_REACH");
    expect(cause.detail).to.deep.equal({ at: 3 });
    expect(cause.cause).to.be.instanceOf(TypeError);
    // The same everywhere, from one rank that did run it.
    const ranks = await world.allgather(error.rank);
    expect(ranks).to.deep.equal(new Array(size).fill(error.rank));
    if (schedule === "cyclic") expect(error.rank).to.equal(17 % size);
  }

  // Nothing is begun afterwards by the rank that has seen it.
  const mine: number[] = [];
  await failure(() =>
    map(
      world,
      1000,
      (item, _index, context) => {
        expect(context.cancelled).to.equal(false);
        mine.push(item);
        throw new Error("each");
      },
      { schedule, chunk: 1 },
    ),
  );
  expect(mine.length).to.be.at.most(1);

  // All others are run.
  const collected = (await failure(() =>
    map(
      world,
      50,
      item => {
        if (item % 10 === 3) throw new Error(`no ${item}`);
        return item;
      },
      { schedule, errors: "collect" },
    ),
  )) as TasksError<number>;
  expect(collected).to.be.instanceOf(TasksError);
  expect(collected.code).to.equal("TSMPI_TASKS");
  expect(collected.errors.map(each => each.index)).to.deep.equal([3, 13, 23, 33, 43]);
  expect(collected.errors.map(each => (each.cause as Error).message)).to.include("no 23");
  expect(collected.message).to.match(/^map: item 3 failed on rank \d+ \(.*\): Error: no 3 and 4 more$/);
  const expected = Array.from({ length: 50 }, (_, i) => (i % 10 === 3 ? undefined : i));
  expect(Array.from(collected.results!)).to.deep.equal(expected);
}

// Whatever is thrown arrives.
for (const thrown of [
  "text",
  7,
  null,
  undefined,
  { a: 1 },
  Symbol("s"),
  new AggregateError([new Error("one")], "both"),
]) {
  const error = (await failure(() =>
    map(world, 1, () => {
      throw thrown;
    }),
  )) as TaskError;
  expect(error.message).to.match(/^map: item 0 failed on rank \d+/);
  if (typeof thrown === "symbol") expect(error.cause).to.equal("Symbol(s)");
  else if (!(thrown instanceof Error)) expect(error.cause).to.deep.equal(thrown);
  else expect((error.cause as AggregateError).errors[0].message).to.equal("one");
}

// The message says what was thrown, whatever a program has made of its errors.
const odd = (change: PropertyDescriptorMap): Error => Object.defineProperties(new Error("odd"), change);
const read = (): never => {
  throw new Error("not to be read");
};
for (const [thrown, text] of [
  [{ code: 404, toString: 1 }, "{ code: 404, toString: 1 }"],
  [{ big: 5n }, "{ big: 5n }"],
  [new Proxy({}, { get: read, ownKeys: read, getPrototypeOf: read }), "something that cannot be read"],
  [odd({ name: { value: Symbol("odd") } }), "Error: odd"],
  [odd({ stack: { value: [() => 1] } }), "Error: odd"],
  [odd({ detail: { get: read, enumerable: true } }), "Error: odd"],
  [runInNewContext("new RangeError('elsewhere')"), "RangeError: elsewhere"],
] as const) {
  const error = (await failure(() =>
    map(world, 1, () => {
      throw thrown;
    }),
  )) as TaskError;
  expect(error.message).to.match(/^map: item 0 failed on rank \d+ \(.*\): /);
  expect(error.message.endsWith(`: ${text}`), error.message).to.equal(true);
}

// Results that were promised to be numbers.
const notNumber = (await failure(() =>
  map(world, 3, item => (item === 1 ? "x" : item) as number, { as: Float64Array }),
)) as TaskError;
expect(notNumber.index).to.equal(1);
expect(notNumber.message).to.include(
  'with the option "as" every task must give a number; this one gave string',
);

// A long task may look whether another has thrown: on ranks that share memory one of any rank, else one of its own.
{
  await using others = await world.dup();
  const shared = process.env.TSMPI_MAP_MEMORY !== "off";
  const last = 2 * size - 1;
  for (const thrower of shared ? [last, 0] : [last]) {
    let saw = 0;
    let begun = 0;
    let come!: (barrier: Promise<void>) => void;
    const all = new Promise<void>(resolve => {
      come = resolve;
    });
    const task = async (item: number, _index: number, context: TaskContext): Promise<void> => {
      // None throws before both tasks of every rank have begun: a rank that has heard of an error begins no more.
      if (++begun === 2) come(others.barrier());
      await all;
      if (item === thrower) throw new Error("over");
      if (!shared && context.rank !== size - 1) return;
      while (!context.cancelled) await new Promise(resolve => setImmediate(resolve));
      saw++;
    };
    const error = (await failure(() =>
      map(world, 2 * size, task, { schedule: "static", concurrency: 2 }),
    )) as TaskError;
    expect([error.index, (error.cause as Error).message]).to.deep.equal([thrower, "over"]);
    const throwing = rank === Math.floor(thrower / 2);
    expect(saw).to.equal(throwing ? 1 : shared ? 2 : 0);
  }
}

// Results that no other rank can have are failures of their tasks, on every rank.
if (size > 1) {
  const total = 2 * size;
  const reason = /NotSendableError: cannot send value\.deep\[0\]: it is a function/;
  for (const schedule of schedules) {
    const only = (bad: (i: number) => boolean) => (i: number) => (bad(i) ? { deep: [() => i] } : { i });
    // With a root: of an item that another rank runs.
    const item = schedule === "cyclic" ? size - 1 : total - 1;
    const own = schedule === "static" || schedule === "cyclic";
    for (const root of own ? [undefined, 0] : [undefined]) {
      const error = (await failure(() =>
        map(
          world,
          total,
          only(i => i === item),
          { schedule, root },
        ),
      )) as TaskError;
      expect([error.name, error.index]).to.deep.equal(["TaskError", item]);
      expect(error.message).to.match(reason);
      if (own) expect(error.rank).to.equal(size - 1);
    }
    const all = (await failure(() =>
      map(
        world,
        total,
        only(i => i % 2 === 1),
        { schedule, errors: "collect" },
      ),
    )) as TasksError;
    const expected = Array.from({ length: total }, (_, i) => (i % 2 === 1 ? undefined : { i }));
    expect(all.errors.map(each => each.index)).to.deep.equal(
      expected.flatMap((each, i) => (each ? [] : [i])),
    );
    expect(Array.from(all.results!)).to.deep.equal(expected);
    for (const each of all.errors) expect(each.message).to.match(reason);
  }
  // What is nested too deeply once other ranks' results lie around it.
  for (let depth = 492; depth <= 501; depth++) {
    let nested: unknown = 0;
    for (let i = 0; i < depth; i++) nested = [nested];
    const outcome = await map(world, size, i => (i === size - 1 ? nested : i), { schedule: "static" }).catch(
      (error: unknown) => error,
    );
    if (depth === 492) expect((outcome as unknown[]).length).to.equal(size);
    else if (outcome instanceof TaskError)
      expect(outcome.message).to.match(/nested more than 500 levels deep/);
    else expect((outcome as unknown[]).length).to.equal(size);
    if (depth === 501) expect(outcome).to.be.instanceOf(TaskError);
  }
}

// And the ranks are together still.
expect(await map(world, size, () => 1)).to.deep.equal(new Array(size).fill(1));
expect((await world.allgather(rank)).length).to.equal(size);
ok();
