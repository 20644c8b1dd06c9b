/** Runs this rank's part of a map. */
import type { Generator } from "../random/index.ts";
import type { Indices } from "./shares.ts";
import { failureOf, type TaskFailure } from "./task-error.ts";
import { Spans } from "./trace.ts";

/** What a task is told beside its item. */
export interface TaskContext {
  /** Rank that runs the task, in the communicator of the map. */
  readonly rank: number;
  readonly size: number;
  /** Whether another task has thrown, so that a long one may give up. */
  readonly cancelled: boolean;
  /** The item's own random numbers, the same whichever rank runs it; for maps with a `seed`. */
  readonly random: Generator;
}

/** The function that is mapped: its value, or the promise of one, is the item's result. */
export type Task<T, R> = (item: T, index: number, context: TaskContext) => R | Promise<R>;

/** Places from .. to - 1 in the order of a map. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Says what this rank is to run next, and hears what it has run. */
export interface Source {
  /** Undefined: nothing is left, or a task has thrown. */
  next(): Span | undefined | Promise<Span | undefined>;
  /** A task of this rank is over. A promise: the rank has something else to do before the next. */
  taskDone(threw: boolean): Promise<void> | undefined;
  /** A task of this rank has thrown, and no other one is to be begun. */
  cancel(): void;
  readonly cancelled: boolean;
  /** This rank runs nothing more; waits until nobody needs it for that. */
  finish(): Promise<void> | undefined;
}

export interface Part<R> {
  /** Items run, in the order in which they were done. */
  readonly indices: number[];
  /** Their results. */
  readonly values: R[];
  readonly failures: TaskFailure[];
  /** Tasks run, and milliseconds in them where they are timed. */
  tasks: number;
  busy: number;
  /** Each task, where that is wanted. */
  readonly spans: Spans;
}

export interface Work<T> {
  /** Which item stands in a place; undefined: the items in their order. */
  readonly order: Indices | undefined;
  item(index: number, place: number): T;
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}

export interface RunOptions<R> {
  readonly concurrency: number;
  /** Whether tasks are run although others have thrown. */
  readonly collect: boolean;
  readonly timed: Timing;
  /** Throws when a result is not what was asked for. */
  readonly check?: ((result: unknown) => void) | undefined;
  /** Takes a result at once, which then does not stay in the part. A promise: the next task waits. */
  readonly deliver?: (index: number, value: R) => Promise<void> | undefined;
}

/** What is wanted of the times of tasks: nothing, `busy`, or that and `spans`. */
export const Timing = { none: 0, sum: 1, each: 2 } as const;
export type Timing = (typeof Timing)[keyof typeof Timing];

/** Runs what `source` gives, `concurrency` tasks at once. Never rejects but for mistakes of this library. */
export async function runTasks<T, R>(
  work: Work<T>,
  source: Source,
  task: Task<T, R>,
  contextOf: (index: number) => TaskContext,
  { concurrency, collect, timed, check, deliver }: RunOptions<R>,
): Promise<Part<R>> {
  const part: Part<R> = { indices: [], values: [], failures: [], tasks: 0, busy: 0, spans: new Spans() };
  // With several runners each takes its next place from the span that they share, and one asks for the next span.
  let place = 0;
  let end = 0;
  let isLast = false;
  let asking: Promise<void> | undefined;
  const take = (span: Span | undefined): void => {
    if (span === undefined) {
      isLast = true;
    } else {
      place = span.from;
      end = span.to;
    }
  };
  const heard = (span: Span | undefined): void => {
    asking = undefined;
    take(span);
  };
  const runner = async (): Promise<void> => {
    for (;;) {
      if (place === end) {
        if (isLast) return;
        if (asking === undefined) {
          const next = source.next();
          if (isPromise(next)) asking = next.then(heard);
          else take(next);
        }
        if (asking !== undefined) await asking;
        continue;
      }
      if (source.cancelled) return;
      const index = work.order === undefined ? place : work.order[place];
      let threw = false;
      const began = timed === Timing.none ? 0 : performance.now();
      try {
        const outcome = task(work.item(index, place++), index, contextOf(index));
        const value = isPromise(outcome) ? await outcome : outcome;
        check?.(value);
        if (deliver === undefined) {
          part.indices.push(index);
          part.values.push(value);
        } else {
          const delivery = deliver(index, value);
          if (delivery !== undefined) await delivery;
        }
      } catch (error) {
        threw = true;
        part.failures.push(failureOf(index, error));
        if (!collect) source.cancel();
      }
      part.tasks++;
      if (timed !== Timing.none) {
        const ended = performance.now();
        part.busy += ended - began;
        if (timed === Timing.each) part.spans.add(index, began, ended, threw);
      }
      const pause = source.taskDone(threw);
      if (pause !== undefined) await pause;
    }
  };
  const runners = Array.from({ length: concurrency }, runner);
  await Promise.all(runners);
  await source.finish();
  return part;
}
