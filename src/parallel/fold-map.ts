/** Reductions of what ranks have, or of what tasks give, in one pass and one message. */
import { type Communicator, type Operator, operator } from "../index.ts";
import { prepare } from "./execute.ts";
import { type Items, toList } from "./items.ts";
import { type ItemOf, planOf } from "./map.ts";
import { type MapOptions, mapOptions, requireOptions, requireTask } from "./options.ts";
import type { Reducer } from "./reducers/reducer.ts";
import { agreeOnFailures } from "./results.ts";
import { runTasks, type Task } from "./run.ts";
import { refusal } from "./sendable.ts";
import { failureOf, TaskError, type TaskFailure } from "./task-error.ts";
import { exclusively, requireNoneUnderWay } from "./team.ts";

/**
 * The operator that merges states of a reducer, for `comm.reduce`, `allreduce`, `scan` and the rest. They combine typed arrays
 * element by element: a state that is one put into an object.
 */
export function mergeOf<S>(reducer: Reducer<never, S, unknown>): Operator<S> {
  return operator((left: S, right: S) => reducer.merge(left, right), { name: "merge" });
}

/** The state of a reducer that has been given all of `values`. */
export function fold<T, S>(reducer: Reducer<T, S, unknown>, values: Iterable<T>): S {
  let state = reducer.empty();
  for (const value of values) state = reducer.add(state, value);
  return state;
}

/**
 * The reducer's result over the values of all ranks, on every rank: each goes through its own once, then their states are
 * merged, in rank order, in one message. With `fused` several reductions share the pass and the message.
 * Waits for all ranks.
 * @throws {TaskError} on every rank: the reducer has thrown on one, whose number is `index`
 * @throws {ArgumentError} a map on `comm` is under way
 */
export async function summarize<T, S, R>(
  comm: Communicator,
  values: Iterable<T>,
  reducer: Reducer<T, S, R>,
): Promise<R> {
  requireNoneUnderWay(comm, "summarize");
  const own = attempt(comm, () => fold(reducer, values));
  return reducer.result(await mergedOf(comm, own, reducer, "summarize: the values of rank"));
}

/** A state on its way, or why there is none. Not the bare state: collectives would combine a typed array element by element. */
type Carried<S> = { readonly state: S } | { readonly failure: TaskFailure };

function attempt<S>({ rank, size }: Communicator, make: () => S): Carried<S> {
  try {
    const state = make();
    const refused = size > 1 ? refusal(state) : undefined;
    if (refused !== undefined) throw refused;
    return { state };
  } catch (error) {
    return { failure: failureOf(rank, error) };
  }
}

/**
 * The states of all ranks, merged in their order, on every rank.
 * @throws {TaskError} on every rank: one has no state, or they cannot be merged
 */
async function mergedOf<S>(
  comm: Communicator,
  own: Carried<S>,
  reducer: Reducer<never, S, unknown>,
  what: string,
): Promise<S> {
  const merge = (left: Carried<S>, right: Carried<S>): Carried<S> => {
    if ("failure" in left) return left;
    if ("failure" in right) return right;
    return attempt(comm, () => reducer.merge(left.state, right.state));
  };
  const all: Carried<S> = await comm.allreduce(own, operator(merge, { name: "merge" }) as never);
  if ("failure" in all) throw new TaskError(what, all.failure);
  return all.state;
}

/**
 * `map` whose results are not stored: each rank adds those of its tasks to the reducer as they come, then states are merged
 * in rank order. Every rank gets the reducer's result. The schedule is static unless said, so that the result depends on
 * the number of ranks at most, and not on who was faster.
 * @throws as `map`
 */
export async function foldMap<I extends Items<any>, V, S, R>(
  comm: Communicator,
  items: I,
  task: Task<ItemOf<I>, V>,
  reducer: Reducer<V, S, R>,
  options: MapOptions<ItemOf<I>> = {},
): Promise<R> {
  type T = ItemOf<I>;
  requireOptions("foldMap", options, mapOptions);
  requireTask("foldMap", task);
  const { schedule = "static", concurrency = 1, errors, label = "foldMap" } = options;
  const collect = errors === "collect";
  const plan = planOf("foldMap", comm, toList<T>("foldMap", items as Items<T>), { ...options, schedule });
  return exclusively(comm, "foldMap", async () => {
    const { source, contextOf, what, timed, tell, end } = await prepare(comm, "foldMap", plan, options, {});
    try {
      let state = reducer.empty();
      const deliver = (_index: number, value: V): undefined => {
        state = reducer.add(state, value);
      };
      const part = await runTasks(plan, source, task, contextOf, { concurrency, collect, timed, deliver });
      await tell(part);
      await agreeOnFailures(comm, part.failures, what, collect);
      const own = attempt(comm, () => state);
      return reducer.result(await mergedOf(comm, own, reducer, `${label}: the state of rank`));
    } finally {
      end();
    }
  });
}
