import { inspect } from "node:util";
import { ArgumentError } from "../errors.ts";
import type { Communicator } from "../index.ts";
import { prepare } from "./execute.ts";
import { type Items, toList } from "./items.ts";
import { type ItemOf, planOf } from "./map.ts";
import { type MapOptions, mapOptions, requireOptions, requireTask } from "./options.ts";
import { agreeOnFailures } from "./results.ts";
import { runTasks, type Task, type TaskContext } from "./run.ts";
import { refusal, refusals } from "./sendable.ts";
import { failureOf, type TaskFailure } from "./task-error.ts";
import { exclusively } from "./team.ts";

export type Key = string | number | bigint | boolean;

export interface MapReduceOptions<T, K extends Key, V, R> extends MapOptions<T> {
  /**
   * Combines two values of one key, the left one of an earlier item; associative. Values are combined on the rank that
   * emits them, so that one for each key travels. Without it all values travel.
   */
  combine?: (left: V, right: V) => V;
  /** Makes the result of a key from its values, in the order of items; a single one with `combine`. Default: the values. */
  reduce?: (key: K, values: V[]) => R;
  /** all: every rank gets all results. A rank: it alone. parts: each rank keeps those of its keys. Default all. */
  results?: "all" | "parts" | number;
}

/** Values of a key on their way, with the number of the item that each came from. */
interface Group<V> {
  readonly from: number[];
  readonly values: V[];
}

type Groups<K, V> = Map<K, Group<V>>;

/**
 * Map, combine, shuffle and reduce [J. Dean and S. Ghemawat, "MapReduce", 2004]. `mapper` gives the pairs of key and value of
 * an item, as a list or a generator; each key belongs to one rank, found from a hash of it, to which all its values are sent, all in one
 * exchange; there `reduce` makes its result.
 *
 * All ranks call it with the same items. Keys in the result are in ascending order, so that it is the same for every
 * number of ranks; with `combine` the schedule is static unless said, with another one it must be commutative, too.
 * @returns results by key; an empty Map on ranks that get none
 * @throws {TaskError} on every rank: the mapper has thrown, or `combine` or `reduce` for a key; then `index` is the first item that
 * has given the key @throws {TasksError} @throws {ArgumentError} as `map`
 */
export async function mapReduce<I extends Items<any>, K extends Key, V, R = V[]>(
  comm: Communicator,
  items: I,
  mapper: Task<ItemOf<I>, Iterable<readonly [K, V]>>,
  options: MapReduceOptions<ItemOf<I>, K, V, R> = {},
): Promise<Map<K, R>> {
  type T = ItemOf<I>;
  requireOptions("mapReduce", options, { ...mapOptions, combine: true, reduce: true, results: true });
  requireTask("mapReduce", mapper);
  const { combine, reduce, results = "all", schedule = "static", concurrency = 1, errors } = options;
  requireResults(results, comm.size);
  for (const [name, option] of Object.entries({ combine, reduce })) {
    if (option === undefined || typeof option === "function") continue;
    throw new ArgumentError(`mapReduce: ${name} must be a function; got ${typeof option}.`);
  }
  const collect = errors === "collect";
  const terms = {
    results: typeof results === "number" ? results : results === "all" ? -1 : -2,
    combine: combine === undefined ? 0 : 1,
    reduce: reduce === undefined ? 0 : 1,
  };
  const plan = planOf("mapReduce", comm, toList<T>("mapReduce", items as Items<T>), { ...options, schedule });
  return exclusively(comm, "mapReduce", async () => {
    const { source, contextOf, what, timed, tell, end } = await prepare(
      comm,
      "mapReduce",
      plan,
      options,
      terms,
    );
    try {
      const groups: Groups<K, V> = new Map();
      const task = async (item: T, index: number, context: TaskContext): Promise<void> => {
        const pairs = await mapper(item, index, context);
        for (const [key, value] of checked(pairs)) add(groups, key, value, index, combine);
      };
      const deliver = (): undefined => {};
      const part = await runTasks(plan, source, task, contextOf, { concurrency, collect, timed, deliver });
      await tell(part);
      const unsendable = comm.size > 1 ? unsendableOf(groups) : [];
      await agreeOnFailures(comm, [...part.failures, ...unsendable], what, collect);
      const mine = merged(await comm.alltoall(byOwner(groups, comm.size)));
      const { reduced, failed } = reduceAll(mine, options, comm.size > 1 && results !== "parts");
      // What was given by the mapper can be sent.
      if (reduce !== undefined || combine !== undefined) await agreeOnFailures(comm, failed, what, collect);
      return await distribute(comm, reduced, results);
    } finally {
      end();
    }
  });
}

function requireResults(results: unknown, size: number): void {
  if (results === "all" || results === "parts") return;
  if (Number.isInteger(results) && (results as number) >= 0 && (results as number) < size) return;
  throw new ArgumentError(
    `mapReduce: results must be all, parts or a rank from 0 to ${size - 1}; got ${String(results)}.`,
  );
}

const PAIRS = "pairs [key, value], in a list or by a generator";

/** @throws {ArgumentError} */
function* checked<K extends Key, V>(pairs: Iterable<readonly [K, V]>): Iterable<readonly [K, V]> {
  const fail = (came: unknown): never => {
    throw new ArgumentError(`mapReduce: the mapper must give ${PAIRS}; got ${inspect(came, { depth: 0 })}.`);
  };
  if (typeof pairs?.[Symbol.iterator] !== "function") fail(pairs);
  for (const pair of pairs) yield Array.isArray(pair) && pair.length === 2 ? pair : fail(pair);
}

/** Values that cannot be sent, as failures of the items that have given them. */
function unsendableOf<V>(groups: Groups<Key, V>): TaskFailure[] {
  const all = [...groups.values()];
  const from = all.flatMap(group => group.from);
  const values = all.flatMap(group => group.values);
  return Array.from(refusals(values), ([place, error]) => failureOf(from[place], error));
}

function add<K extends Key, V>(
  groups: Groups<K, V>,
  key: K,
  value: V,
  index: number,
  combine: ((left: V, right: V) => V) | undefined,
): void {
  const type = typeof key;
  if (type !== "string" && type !== "number" && type !== "bigint" && type !== "boolean") {
    throw new ArgumentError(`mapReduce: keys must be strings, numbers, bigints or booleans; got ${type}.`);
  }
  const group = groups.get(key);
  if (group === undefined) groups.set(key, { from: [index], values: [value] });
  else if (combine !== undefined) group.values[0] = combine(group.values[0], value);
  else {
    group.from.push(index);
    group.values.push(value);
  }
}

function byOwner<K extends Key, V>(groups: Groups<K, V>, size: number): Groups<K, V>[] {
  const parts: Groups<K, V>[] = Array.from({ length: size }, () => new Map());
  for (const [key, group] of groups) parts[hash(key) % size].set(key, group);
  return parts;
}

/** FNV-1a over the characters of the key, G. Fowler, L. C. Noll and K.-P. Vo, 1991. */
function hash(key: Key): number {
  const text = String(key);
  let state = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) state = Math.imul(state ^ text.charCodeAt(i), 0x01000193);
  return state >>> 0;
}

/** Values by key, of all ranks, in the order of items. */
function merged<K extends Key, V>(parts: readonly Groups<K, V>[]): Groups<K, V> {
  const all: Groups<K, V> = new Map();
  for (const part of parts) {
    for (const [key, { from, values }] of part) {
      const group = all.get(key);
      if (group === undefined) {
        all.set(key, { from: [...from], values: [...values] });
        continue;
      }
      for (const index of from) group.from.push(index);
      for (const value of values) group.values.push(value);
    }
  }
  for (const [key, { from, values }] of all) {
    const order = from.map((_, i) => i).sort((a, b) => from[a] - from[b] || a - b);
    all.set(key, { from: order.map(i => from[i]), values: order.map(i => values[i]) });
  }
  return all;
}

/**
 * The results of this rank's keys, and of what keys there is none.
 * @param travel whether they go to other ranks
 */
function reduceAll<K extends Key, V, R>(
  groups: Groups<K, V>,
  { combine, reduce, label = "mapReduce" }: MapReduceOptions<never, K, V, R>,
  travel: boolean,
): { reduced: Map<K, R>; failed: TaskFailure[] } {
  const reduced = new Map<K, R>();
  const failed: TaskFailure[] = [];
  for (const [key, { from, values }] of groups) {
    try {
      const few = combine === undefined ? values : [values.reduce((left, right) => combine(left, right))];
      const result = reduce === undefined ? (few as unknown as R) : reduce(key, few);
      const refused = travel ? refusal(result) : undefined;
      if (refused !== undefined) throw refused;
      reduced.set(key, result);
    } catch (error) {
      const what = `${label}: the result of ${JSON.stringify(String(key))}, first given by item`;
      failed.push({ ...failureOf(from[0], error), what });
    }
  }
  return { reduced, failed };
}

async function distribute<K extends Key, R>(
  comm: Communicator,
  mine: Map<K, R>,
  results: "all" | "parts" | number,
): Promise<Map<K, R>> {
  if (results === "parts") return sorted([mine]);
  if (results === "all") return sorted(await comm.allgather(mine));
  return sorted((await comm.gather(mine, { root: results })) ?? []);
}

/** By type of key, and then by key; NaN behind the other numbers. */
function sorted<K extends Key, R>(parts: readonly Map<K, R>[]): Map<K, R> {
  const pairs = parts.flatMap(part => [...part]);
  const rank = (key: Key): string => typeof key;
  pairs.sort(([a], [b]) => {
    if (rank(a) !== rank(b)) return rank(a) < rank(b) ? -1 : 1;
    if (a < b) return -1;
    return a > b ? 1 : Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  });
  return new Map(pairs);
}
