import { ArgumentError } from "../../errors.ts";
import type { Communicator } from "../../index.ts";
import { type OptionNames, requireKnownOptions } from "../../known-options.ts";
import { type ProgressOption, progressOf, requireProgress } from "../progress.ts";
import { TaskError, type TaskFailure, TasksError } from "../task-error.ts";
import { exclusively } from "../team.ts";
import { type Caption, requireTrace, Spans, tellTrace, traceOf } from "../trace.ts";
import { type Computed, type Delayed, withValues } from "./delayed.ts";
import { exchange } from "./exchange.ts";
import { Plan } from "./plan.ts";
import { type Outcome, runPlan } from "./run-plan.ts";

export interface PersistOptions {
  /**
   * cancel: once a node has thrown no other one is begun, and the call rejects with its TaskError. collect: all that
   * do not depend on it are run, then it rejects with a TasksError. Both on every rank. Default cancel.
   */
  errors?: "cancel" | "collect";
  /** Rank 0 only hands out nodes and runs none; for nodes that take long and differ much. Default false. */
  dedicated?: boolean;
  /** Shown by rank 0. Default false. */
  progress?: ProgressOption;
  /**
   * Writes when each node ran, and on which rank, into this file at the end: a trace that ui.perfetto.dev and
   * chrome://tracing show. Rank 0 decides. Maps, pools and graphs that name the same file all add to it. Default: none.
   */
  trace?: string;
  /** Stands in errors and before the progress. Default: the name of the operation. */
  label?: string;
}

export interface ComputeOptions extends PersistOptions {
  /** Only this rank gets the values; undefined elsewhere. Default: every rank gets them. */
  root?: number;
}

const persistOptions: OptionNames<PersistOptions> = {
  errors: true,
  dedicated: true,
  progress: true,
  trace: true,
  label: true,
};
const computeOptions: OptionNames<ComputeOptions> = { ...persistOptions, root: true };

/** The value of a node that was persisted: which rank of which communicator has it. */
interface Kept {
  readonly comm: Communicator;
  readonly rank: number;
  readonly value: unknown;
}

const keptValues = new WeakMap<Delayed, Kept>();

/**
 * Makes the calls that nodes stand for, each once, and gives their values: of one node, or of all nodes in a list,
 * plain object, Map or Set, which may hold others. All ranks call it, having made the same nodes in the same order.
 *
 * Rank 0 hands out the nodes that are ready, those with the longest way to go first, and runs some itself. Values stay
 * on the rank that has made them, and go from rank to rank where another one needs them.
 * @throws {TaskError} on every rank: a node has thrown
 * @throws {TasksError} on every rank, with `errors: "collect"`: nodes have thrown; `results` has the values of the
 * nodes asked for, in the order in which they stand in `target`
 * @throws {CollectiveMismatchError} on every rank: the ranks have made different graphs
 * @throws {ArgumentError} bad options, or nothing to be computed; a map, a pool or a graph of `comm` is under way on
 * this rank, such as one whose task calls it
 */
export async function compute<T, O extends ComputeOptions>(
  comm: Communicator,
  target: T,
  options: O = {} as O,
): Promise<Computed<T> | (O extends { root: number } ? undefined : never)> {
  requireKnownOptions<ComputeOptions>("compute", options, computeOptions);
  const { root, label = "compute" } = options;
  if (root !== undefined && !(Number.isInteger(root) && root >= 0 && root < comm.size)) {
    throw new ArgumentError(`compute: root must be a rank from 0 to ${comm.size - 1}; got ${String(root)}.`);
  }
  return (await inPrivate(comm, "compute", async own => {
    const plan = planOf(comm, "compute", target);
    const outcome = await run(comm, own, plan, label, options);
    const { values, unsent } = await exchange(own, plan.outputs, outcome, root);
    const failures = [...outcome.failures, ...unsent];
    requireNone(plan, label, options, failures, values && plan.outputs.map(step => values.get(step)));
    return values && (withValues(target, node => values.get(plan.numberOf(node))) as Computed<T>);
  })) as Computed<T>;
}

/**
 * Makes the calls and leaves the values where they were made, for later calls of `compute` and `persist` with the same
 * communicator. A value is given up when its node is.
 * @throws as `compute`
 */
export async function persist(
  comm: Communicator,
  target: unknown,
  options: PersistOptions = {},
): Promise<void> {
  requireKnownOptions("persist", options, persistOptions);
  const { label = "persist" } = options;
  await inPrivate(comm, "persist", async own => {
    const plan = planOf(comm, "persist", target);
    const { failures, makers, values } = await run(comm, own, plan, label, options);
    for (const [i, step] of plan.outputs.entries()) {
      if (makers[i] < 0) continue;
      const value = makers[i] === comm.rank ? values.get(step) : undefined;
      keptValues.set(plan.steps[step].node, { comm, rank: makers[i], value });
    }
    requireNone(plan, label, options, failures, undefined);
  });
}

/**
 * @param failures by the numbers of their steps
 * @throws {TaskError} @throws {TasksError} with "collect"
 */
function requireNone(
  plan: Plan,
  label: string,
  { errors }: PersistOptions,
  failures: readonly TaskFailure[],
  results: unknown[] | undefined,
): void {
  if (failures.length === 0) return;
  const what = `${label}: node`;
  const numbered = failures.map(failure => {
    const { name, number } = plan.steps[failure.index].node;
    return { ...failure, index: number, what: `${what} ${name}` };
  });
  throw errors === "collect" ? new TasksError(what, numbered, results) : new TaskError(what, numbered[0]);
}

async function inPrivate<R>(
  comm: Communicator,
  name: string,
  act: (own: Communicator) => Promise<R>,
): Promise<R> {
  return await exclusively(comm, name, async () => {
    const own = await comm.dup({ name: `${comm.name}.${name}` });
    try {
      return await act(own);
    } finally {
      await own.free();
    }
  });
}

function keptFor(comm: Communicator, node: Delayed): Kept | undefined {
  const kept = keptValues.get(node);
  return kept?.comm === comm ? kept : undefined;
}

function planOf(comm: Communicator, operation: string, target: unknown): Plan {
  if (typeof target !== "object" || target === null) {
    const came = typeof target === "function" ? "a function: call it, and it gives a node" : String(target);
    throw new ArgumentError(
      `${operation}: wants a node that a delayed function has given, or a list, plain object, Map or Set of nodes; ` +
        `got ${came}.`,
    );
  }
  return new Plan(target, node => keptFor(comm, node) !== undefined);
}

/** @throws {TaskError} a node has thrown, and the rest was not to be collected */
async function run(
  comm: Communicator,
  own: Communicator,
  plan: Plan,
  label: string,
  { errors = "cancel", dedicated = false, progress = false, trace }: PersistOptions,
): Promise<Outcome> {
  if (errors !== "cancel" && errors !== "collect") {
    throw new ArgumentError(`${label}: errors must be cancel or collect; got ${String(errors)}.`);
  }
  requireProgress(progress);
  if (trace !== undefined) requireTrace(trace);
  // Before the nodes, whose work would be lost otherwise.
  const written = trace !== undefined && comm.rank === 0 ? traceOf(trace) : undefined;
  const spans = (await plan.compare(own, trace !== undefined)) ? new Spans() : undefined;
  const kept = new Map<number, number>();
  const values = new Map<number, unknown>();
  for (const [step, { node }] of plan.steps.entries()) {
    const known = keptFor(comm, node);
    if (known === undefined) continue;
    kept.set(step, known.rank);
    if (known.rank === comm.rank) values.set(step, known.value);
  }
  const shown = comm.rank > 0 ? undefined : progressOf(progress, label, plan.steps.length);
  const collect = errors === "collect";
  const outcome = await runPlan(own, plan, { collect, dedicated, progress: shown, values, kept, spans });
  shown?.finish(plan.steps.length, outcome.failures.length);
  if (spans !== undefined) {
    const captionOf = (step: number): Caption => {
      const { name, number } = plan.steps[step].node;
      return { what: name, item: number };
    };
    await tellTrace(own, spans, written, label, captionOf);
  }
  if (!collect) requireNone(plan, label, { errors }, outcome.failures, undefined);
  return outcome;
}
