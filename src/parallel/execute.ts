/** Carries a map out: agrees with the other ranks, runs this rank's part, brings the results together. */
import { type Communicator, world } from "../index.ts";
import { streams } from "../random/index.ts";
import { Context } from "./context.ts";
import { Hash } from "./hash.ts";
import type { List } from "./items.ts";
import { chunkOf, type MapOptions, type Schedule, schedules } from "./options.ts";
import { progressOf } from "./progress.ts";
import { gatherResults, type NumberArrayType } from "./results.ts";
import {
  type Part,
  runTasks,
  type Source,
  type Span,
  type Task,
  type TaskContext,
  Timing,
  type Work,
} from "./run.ts";
import { requireSameItems } from "./same-items.ts";
import { Client, Server } from "./served.ts";
import { blockOf } from "./shares.ts";
import { DynamicClaims, GuidedClaims, OwnShare } from "./sources.ts";
import { Team, type Turn } from "./team.ts";
import { NONE, type Terms } from "./terms.ts";
import { tellTrace, traceOf } from "./trace.ts";
import { tellUsage } from "./usage.ts";

/** What is to be run. */
export interface Plan<T> extends Work<T> {
  /** Items on all ranks together. */
  readonly total: number;
  readonly schedule: Schedule;
  /** Hash of the order that `cost` gives; undefined without one, or where one rank has given it to all. */
  readonly costs?: number;
  /** Places that are this rank's own; undefined: ranks claim places from all of them. */
  readonly own: Span | undefined;
  /** The items, where every rank should have the same. */
  readonly items?: List<unknown>;
}

export interface Destination {
  /** The rank that gets the results; undefined: all. */
  readonly root: number | undefined;
  readonly as: NumberArrayType | undefined;
}

const TICK_MS = 100;

/** A map that all ranks have come to. */
export interface Prepared {
  readonly team: Team;
  readonly source: Source;
  readonly contextOf: (index: number) => TaskContext;
  /** How errors name it. */
  readonly what: string;
  readonly timed: Timing;
  /** All ranks have run their parts: tells of their times where that is wanted. Collective. */
  tell(part: Part<unknown>): Promise<void>;
  /** Shows nothing more. */
  end(): void;
}

/**
 * Collective.
 * @param further terms of this operation
 * @throws {ArgumentError} on every rank: ranks have come with other options
 */
export async function prepare(
  comm: Communicator,
  operation: string,
  plan: Plan<unknown>,
  options: MapOptions<never>,
  further: Terms,
): Promise<Prepared> {
  const { label = operation, progress = false, usage = false, trace, seed, checkItems = false } = options;
  const { total, items, schedule, costs = NONE } = plan;
  const { size } = comm;
  const chunk = chunkOf(options, total, size);
  const numbers = seed === undefined ? undefined : streams(seed);
  const terms = {
    "number of items": total,
    schedule: schedules.indexOf(schedule),
    chunk: chunk ?? NONE,
    cost: costs,
    seed: numbers === undefined ? NONE : Hash.of(numbers.seedSequence.pool),
    errors: options.errors === "collect" ? 1 : 0,
    ...further,
  };
  const team = await Team.of(comm);
  const counted = progress !== false || world.watched;
  // Before the tasks, whose work would be lost otherwise.
  const written = trace !== undefined && comm.rank === 0 ? traceOf(trace) : undefined;
  const wanted = trace !== undefined ? Timing.each : usage !== false ? Timing.sum : Timing.none;
  const turn = await team.begin(operation, { terms, counted, timed: wanted, checked: checkItems });
  if (turn.checked && items !== undefined) await requireSameItems(comm, operation, items);
  // With an item for each rank at most, nobody need be asked who runs what.
  const few = !team.sharesMemory && total <= size && (chunk ?? 1) === 1;
  const own = plan.own ?? (few ? blockOf(total, size, comm.rank) : undefined);
  const source = await sourceOf(comm, team, turn, own, plan, chunk);
  const plain = new Context(comm, source, undefined, 0);
  const contextOf = (index: number): TaskContext =>
    numbers === undefined ? plain : new Context(comm, source, numbers, index);
  const what = `${label}: item`;
  const { timed } = turn;
  const began = performance.now();
  const tell = async ({ tasks, busy, spans }: Part<unknown>): Promise<void> => {
    if (timed === Timing.none) return;
    const elapsed = (performance.now() - began) / 1000;
    await tellUsage(comm, { tasks, busy: busy / 1000, elapsed }, usage, label);
    if (timed === Timing.each) await tellTrace(comm, spans, written, label);
  };
  const prepared = { team, contextOf, what, timed, tell };
  const shown = comm.rank === 0 ? progressOf(progress, label, total) : undefined;
  if (shown === undefined) return { ...prepared, source, end() {} };
  const done = (): number => (team.sharesMemory || own !== undefined ? turn.done : turn.next);
  const update = (): void => shown.update(done(), turn.failed);
  // While this rank waits for others, or for a task of its own.
  const timer = setInterval(update, TICK_MS).unref();
  const end = (): void => {
    clearInterval(timer);
    shown.finish(done(), turn.failed);
  };
  return { ...prepared, source: new Watched(source, update), end };
}

/** Collective; ends on all ranks with the results, or on all with an error. */
export async function execute<T, R>(
  comm: Communicator,
  operation: string,
  plan: Plan<T>,
  task: Task<T, R>,
  options: MapOptions<never>,
  { root, as }: Destination,
): Promise<ArrayLike<R> | undefined> {
  const { concurrency = 1, errors } = options;
  const collect = errors === "collect";
  const { source, contextOf, what, timed, tell, end } = await prepare(comm, operation, plan, options, {
    root: root ?? NONE,
    as: as === undefined ? NONE : Hash.of(as),
  });
  try {
    const check = as && requireNumber;
    const part = await runTasks(plan, source, task, contextOf, { concurrency, collect, timed, check });
    await tell(part);
    const gathering = { root, type: as, total: plan.total, what, collect };
    return (await gatherResults(comm, part, gathering)) as ArrayLike<R> | undefined;
  } finally {
    end();
  }
}

function requireNumber(result: unknown): void {
  if (typeof result === "number") return;
  throw new TypeError(`with the option "as" every task must give a number; this one gave ${typeof result}`);
}

async function sourceOf(
  comm: Communicator,
  team: Team,
  turn: Turn,
  own: Span | undefined,
  { total, schedule }: Plan<unknown>,
  chunk: number | undefined,
): Promise<Source> {
  if (own !== undefined) return new OwnShare(turn, own);
  const { size } = comm;
  const guided = schedule === "guided";
  if (team.sharesMemory) {
    return guided
      ? new GuidedClaims(turn, total, size, chunk ?? 1)
      : new DynamicClaims(turn, total, size, chunk);
  }
  const channel = await team.channel();
  const serving = { guided, chunk, total, turn };
  return comm.rank === 0 ? new Server(channel, serving) : new Client(channel, serving);
}

/** A source that tells somebody after every task. */
class Watched implements Source {
  private readonly source: Source;
  private readonly tell: () => void;

  constructor(source: Source, tell: () => void) {
    this.source = source;
    this.tell = tell;
  }

  next(): ReturnType<Source["next"]> {
    return this.source.next();
  }

  get cancelled(): boolean {
    return this.source.cancelled;
  }

  cancel(): void {
    this.source.cancel();
  }

  taskDone(threw: boolean): Promise<void> | undefined {
    const pause = this.source.taskDone(threw);
    this.tell();
    return pause;
  }

  finish(): Promise<void> | undefined {
    return this.source.finish();
  }
}
