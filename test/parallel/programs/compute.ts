/** compute: graphs of every shape, where values go, what goes wrong. */
import { inspect } from "node:util";
import { expect } from "chai";
import { ArgumentError, CollectiveMismatchError, world } from "tsmpi";
import {
  compute,
  Delayed,
  delayed,
  map,
  type ProgressState,
  persist,
  TaskError,
  TasksError,
  withPool,
} from "tsmpi/parallel";
import { expectFailure, failure, ok } from "../../ranks/programs/support.ts";

const { rank, size } = world;

const runs = new Map<string, number>();
function count(name: string): void {
  runs.set(name, (runs.get(name) ?? 0) + 1);
}
/** How often a function has run since the last call, on all ranks. */
async function total(name: string): Promise<number> {
  const counts = await world.allgather(runs.get(name) ?? 0);
  runs.delete(name);
  return counts.reduce((left, right) => left + right);
}

const constant = delayed(
  (x: number) => {
    count("constant");
    return x;
  },
  { name: "constant" },
);
const add = delayed((left: number, right: number) => left + right, { name: "add" });
const later = delayed(async (x: number) => {
  await new Promise(resolve => setImmediate(resolve));
  return 2 * x;
});
const sumOf = delayed((list: readonly number[]) => list.reduce((left, right) => left + right, 0));

// Shared nodes are computed once; every rank gets the values.
{
  const [a, b] = [constant(1), constant(2)];
  const c = add(a, b);
  const d = add(c, a);
  expect(String(d)).to.equal("Delayed(add-3)");
  expect(d.inputs).to.deep.equal([c, a]);
  expect(await compute(world, [c, d, later(d)])).to.deep.equal([3, 4, 8]);
  expect(await total("constant")).to.equal(2);
  expect(await compute(world, d)).to.equal(4);
  expect(await compute(world, { c, list: [d, 5, { a }] })).to.deep.equal({ c: 3, list: [4, 5, { a: 1 }] });
  for (let root = 0; root < size; root++) {
    expect(await compute(world, d, { root })).to.equal(rank === root ? 4 : undefined);
  }
  expect(await total("constant")).to.equal(2 * (2 + size));
}

// Nodes in lists and plain objects; arguments that hold none stay the very same.
{
  const held = { class: new Set([1]) };
  const shapes = delayed((value: { list: readonly number[]; deep: { x: number } }, same: typeof held) => {
    expect(same).to.equal(held);
    return value.list.join() + value.deep.x;
  });
  expect(
    await compute(world, shapes({ list: [constant(1), 2, constant(3)], deep: { x: constant(4) } }, held)),
  ).to.equal("1,2,34");
}

// In Maps and Sets as well, as keys and as values; what holds itself ends, too.
{
  const held = { nothing: new Map([[1, new Set([2])]]) };
  const target = new Map<unknown, unknown>([
    ["a", constant(1)],
    [constant(2), new Set([constant(3), 4])],
    ["held", held],
  ]);
  const computed = (await compute(world, target)) as Map<unknown, unknown>;
  expect(computed).to.deep.equal(
    new Map<unknown, unknown>([
      ["a", 1],
      [2, new Set([3, 4])],
      ["held", held],
    ]),
  );
  expect(computed.get("held")).to.equal(held);
  const total = delayed(
    (map: ReadonlyMap<string, number>, set: ReadonlySet<number>) => map.get("a")! + set.size,
  );
  expect(
    await compute(world, total(new Map([["a", constant(5)]]), new Set([constant(6), constant(7)]))),
  ).to.equal(7);
  const ring: { node: Delayed<number>; self?: unknown } = { node: constant(8) };
  ring.self = ring;
  const whole = (await compute(world, ring)) as unknown as { node: number; self: unknown };
  expect(whole.node).to.equal(8);
  expect(whole.self).to.equal(whole);
}

// Many nodes, wide and deep; a chain longer than the stack.
{
  runs.clear();
  const wide = Array.from({ length: 500 }, (_, i) => constant(i));
  expect(await compute(world, sumOf(wide))).to.equal(124_750);
  expect(await total("constant")).to.equal(500);
  let tree = wide;
  while (tree.length > 1) {
    tree = Array.from({ length: Math.ceil(tree.length / 2) }, (_, i) =>
      2 * i + 1 < tree.length ? add(tree[2 * i], tree[2 * i + 1]) : tree[2 * i],
    );
  }
  expect(await compute(world, tree[0])).to.equal(124_750);
  let chain = constant(0);
  for (let i = 0; i < 3000; i++) chain = add(chain, 1);
  expect(await compute(world, chain)).to.equal(3000);
  runs.clear();
}

// Values too large to be told move from rank to rank; so do those of every kind.
for (const dedicated of [false, true]) {
  const make = delayed((seed: number) => new Float64Array(50_000).fill(seed));
  const combine = delayed((left: Float64Array, right: Float64Array) => left.map((x, i) => x + right[i]));
  const parts = [1, 2, 3, 4, 5, 6, 7].map(seed => make(seed));
  const whole = parts.reduce((left, right) => combine(left, right));
  const last = delayed((array: Float64Array) => [array.length, array[0], array.at(-1)])(whole);
  expect(await compute(world, last, { dedicated })).to.deep.equal([50_000, 28, 28]);
  const [first, again] = await compute(world, [parts[0], whole], { dedicated });
  expect([first[9], again[9]]).to.deep.equal([1, 28]);
}

// What a function gives may be anything, as long as it stays; the nodes that want it then run there, or fail.
{
  const closure = delayed(() => () => 5);
  const call = delayed((fn: () => number) => fn());
  const made = call(closure() as never);
  const outcome = await compute(world, made).catch((error: unknown) => error);
  if (typeof outcome === "number") expect(outcome).to.equal(5);
  else expect(String(outcome)).to.include("it is a function");
}

// What is asked for must travel: all ranks hear of it that it does not, and go on.
if (size > 1) {
  const unsendable = delayed(
    (kind: "function" | "WeakMap") => (kind === "function" ? () => 5 : new WeakMap()),
    {
      name: "unsendable",
    },
  );
  const use = delayed((value: unknown) => typeof value);
  for (const kind of ["function", "WeakMap"] as const) {
    const node = unsendable(kind);
    const reason = new RegExp(`^compute: node unsendable ${node.number} failed on rank .*: it is a ${kind}`);
    await expectFailure(() => compute(world, node), TaskError, "TSMPI_TASK", reason);
    expect(await compute(world, add(1, 2))).to.equal(3);
    const all = (await failure(() =>
      compute(world, [constant(1), node, constant(2)], { errors: "collect" }),
    )) as TasksError;
    expect(all.errors.map(({ message }) => message.match(reason) !== null)).to.deep.equal([true]);
    expect(all.results).to.deep.equal([1, undefined, 2]);
    // All hear of it, too, when it does not come to root; where root has made it, it has it.
    for (let root = 0; root < size; root++) {
      const outcome = await compute(world, [node, constant(3)], { root }).catch((error: unknown) => error);
      if (outcome instanceof TaskError) expect(outcome.message).to.match(reason);
      else expect((outcome as unknown[] | undefined)?.[1]).to.equal(rank === root ? 3 : undefined);
      const failed = await world.allgather(outcome instanceof TaskError);
      expect(new Set(failed).size).to.equal(1);
    }
    // Some of those who want it run elsewhere.
    const users = Array.from({ length: 4 * size }, () => use(node));
    const used = await compute(world, users).catch((error: unknown) => error);
    if (used instanceof TaskError) expect(used.message).to.include(`send value: it is a ${kind}`);
    else
      expect(new Set(used as string[])).to.deep.equal(new Set([kind === "function" ? "function" : "object"]));
  }
  runs.clear();
}

// Pure functions.
{
  const pure = delayed((_x: unknown, _y?: unknown) => count("pure"), { pure: true });
  expect(pure(1)).to.equal(pure(1));
  expect(pure("1")).to.not.equal(pure(1));
  expect(pure(0)).to.not.equal(pure(-0));
  expect(pure(pure(1), [2n])).to.equal(pure(pure(1), [2n]));
  expect(pure({})).to.not.equal(pure({}));
  await compute(world, [pure(1), pure(1), pure(pure(1))]);
  expect(await total("pure")).to.equal(2);
}

// Values that are kept where they are.
{
  const base = constant(7);
  const big = delayed((x: number) => new Float64Array(20_000).fill(x))(base);
  await persist(world, [big]);
  expect(await total("constant")).to.equal(1);
  const at = delayed((array: Float64Array, i: number) => array[i]);
  expect(await compute(world, [at(big, 3), at(big, 4)])).to.deep.equal([7, 7]);
  expect((await compute(world, big)).length).to.equal(20_000);
  expect(await total("constant")).to.equal(0);
  // Another communicator knows nothing of it.
  const twin = await world.dup();
  expect(await compute(twin, at(big, 0))).to.equal(7);
  expect(await total("constant")).to.equal(1);
}

// Errors.
{
  const fails = delayed(
    (x: number): number => {
      throw new RangeError(`no ${x}`);
    },
    { name: "fails" },
  );
  const bad = fails(3);
  const error = (await failure(() => compute(world, [add(bad, 1), constant(2)]))) as TaskError;
  expect(error).to.be.instanceOf(TaskError);
  expect(error.message).to.match(/^compute: node fails \d+ failed on rank \d+ \(.+\): RangeError: no 3$/);
  expect(error.index).to.equal(bad.number);
  expect((error.cause as Error).stack).to.match(/compute\.ts:\d+/);
  const all = (await failure(() =>
    compute(world, [add(bad, 1), constant(2), add(add(fails(4), 1), fails(5)), add(constant(1), 1)], {
      errors: "collect",
      label: "work",
    }),
  )) as TasksError;
  expect(all).to.be.instanceOf(TasksError);
  expect(all.errors.map(each => (each.cause as Error).message)).to.deep.equal(["no 3", "no 4", "no 5"]);
  expect(all.errors[2].message).to.match(/^work: node fails \d+ failed/);
  expect(all.results).to.deep.equal([undefined, 2, undefined, 2]);
  const gives = delayed(() => constant(1), { name: "gives" });
  await expectFailure(
    () => compute(world, gives()),
    TaskError,
    "TSMPI_TASK",
    "gives has given a node, constant-",
  );
  await expectFailure(() => persist(world, bad), TaskError, "TSMPI_TASK", "persist: node fails");

  const mistake = (act: () => unknown, sentence: string): Promise<void> =>
    expectFailure(act, ArgumentError, "TSMPI_ARGUMENT", sentence);
  await mistake(() => compute(world, 5), "wants a node");
  await mistake(() => compute(world, add), "got a function: call it, and it gives a node");
  await mistake(() => compute(world, bad, { root: size }), "root must be a rank");
  await mistake(() => compute(world, bad, { errors: "no" as never }), "errors must be cancel or collect");
  await mistake(async () => delayed(5 as never), "delayed: wants a function");
}
expect(await compute(world, [])).to.deep.equal([]);

// One within the other.
{
  const nested = async (act: () => unknown): Promise<void> => {
    const error = (await failure(() => compute(world, delayed(async () => act())()))) as TaskError;
    expect(error).to.be.instanceOf(TaskError);
    expect((error.cause as Error).message).to.match(
      /^(map|compute|withPool): a compute on world is under way on this rank\. In its tasks/,
    );
  };
  await nested(() => map(world, 2, item => item));
  await nested(() => compute(world, constant(1)));
  await nested(() => withPool(world, () => {}));
  const inMap = (await failure(() => map(world, 2, () => compute(world, constant(1))))) as TaskError;
  expect((inMap.cause as Error).message).to.match(/^compute: a map on world is under way on this rank/);
  const first = compute(world, add(1, 2));
  await expectFailure(
    () => persist(world, add(1, 2)),
    ArgumentError,
    "TSMPI_ARGUMENT",
    "persist: a compute on world is under way",
  );
  expect(await first).to.equal(3);
}

{
  const unknown = (act: () => unknown, sentence: string): Promise<void> =>
    expectFailure(act, ArgumentError, "TSMPI_ARGUMENT", sentence);
  const node = constant(1);
  await unknown(
    () => compute(world, node, { error: "collect" } as never),
    "compute: there is no option error; did you mean errors?",
  );
  await unknown(() => persist(world, node, { root: 0 } as never), "persist: there is no option root");
  await unknown(
    async () => delayed(() => 1, { pur: true } as never),
    "delayed: there is no option pur; did you mean pure?",
  );
}

// What console.log shows.
{
  const node = constant(1);
  expect(inspect({ node })).to.equal(`{ node: Delayed(${node.key}) }`);
}

// Progress.
{
  const states: ProgressState[] = [];
  await compute(world, sumOf([constant(1), constant(2)]), { progress: state => states.push(state) });
  if (rank === 0) expect(states.at(-1)).to.include({ done: 3, total: 3 });
  else expect(states).to.deep.equal([]);
}

// Ranks that disagree.
if (size > 1) {
  const disagree = (act: () => unknown, sentence: string | RegExp): Promise<void> =>
    expectFailure(act, CollectiveMismatchError, "TSMPI_COLLECTIVE_MISMATCH", sentence);
  const other = size - 1;
  const mine = rank === other ? add(constant(1), 2) : constant(1);
  await disagree(
    () => compute(world, mine),
    new RegExp(`node 1 is missing on rank 0 and add\\(node 0, 2\\).* on rank ${other}`),
  );
  const same = [constant(1), constant(1)];
  await disagree(() => compute(world, rank === other ? same[0] : same), "node 1 is constant(1)");
  const text = delayed((value: unknown) => value, { name: "text" });
  for (const [own, ...shown] of [
    [rank === other ? 5 : -5, "-5", "5"] as const,
    [rank === other ? 1n : 1, "1", "1n"] as const,
    [rank === other ? "a" : "b", '"b"', '"a"'] as const,
  ]) {
    await disagree(
      () => compute(world, text(own)),
      new RegExp(`node 0 is text\\(${shown[0]}\\).* on rank 0 and text\\(${shown[1]}\\).* on rank ${other}`),
    );
  }
  await disagree(() => compute(world, text("x".repeat(50) + rank)), "node 0 is text(");
  const [base, more] = [constant(1), constant(2)];
  await disagree(
    () => compute(world, rank === other ? add(base, more) : add(more, base)),
    "different graphs",
  );
  // Other objects may differ: a rank may have its own part of the data.
  expect(await compute(world, delayed((part: { rank: number }) => part.rank >= 0)({ rank }))).to.equal(true);
}
expect(new Delayed("x", () => 1, []).key).to.match(/^x-\d+$/);
ok();
