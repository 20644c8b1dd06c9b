import { bytesOf, dtypeOf, isTypedArray, type TypedArray } from "../../src/codec/dtype.ts";
import type { Algorithm, CollectiveContext, Pending } from "../../src/collectives/context.ts";
import { TypeMismatchError } from "../../src/errors.ts";

/**
 * Runs one collective call of N ranks in this process: the ranks' generators are resumed and their messages
 * delivered in an order drawn from a seed. It is stricter than any transport: a typed array is read only when it is
 * received; memory given to a receive is scribbled over at once; a rank that returns before its sends are done, a
 * message that nobody takes and a deadlock are errors.
 */

/** When sends are done: at once where possible, only when received, or drawn by lot. */
export type SendMode = "eager" | "rendezvous" | "mixed";

export interface SimulatorOptions {
  seed?: number;
  mode?: SendMode;
}

export interface RankTraffic {
  messages: number;
  /** Bytes of typed arrays sent. */
  bytes: number;
}

export type Outcome<T> = { value: T } | { error: unknown };
export type Program<T> = (context: CollectiveContext) => Algorithm<T>;

class Request<T> implements Pending<T> {
  done = false;
  private value: T | undefined;
  private error: unknown;

  finish(value: T): void {
    this.done = true;
    this.value = value;
  }

  fail(error: unknown): void {
    this.done = true;
    this.error = error;
  }

  result(): T {
    if (!this.done) throw new Error("simulator: result() of a request that is not done");
    if (this.error !== undefined) throw this.error;
    return this.value as T;
  }
}

interface Message {
  value: unknown;
  request: Request<void>;
}

interface Receive {
  target: TypedArray | undefined;
  request: Request<unknown>;
}

/** Messages and receives from one rank to another, each in the order posted. */
interface Lane {
  messages: Message[];
  receives: Receive[];
}

interface Rank {
  algorithm: Algorithm<unknown>;
  waiting: Pending<unknown> | undefined;
  sends: Request<void>[];
  outcome: Outcome<unknown> | undefined;
}

export class Simulator {
  readonly traffic: RankTraffic[];
  private readonly size: number;
  private readonly mode: SendMode;
  private state: number;
  private readonly lanes: Lane[];
  private readonly ranks: Rank[] = [];

  constructor(size: number, { seed = 1, mode = "mixed" }: SimulatorOptions = {}) {
    this.size = size;
    this.mode = mode;
    this.state = (seed * 2654435761 + 1) >>> 0;
    this.lanes = Array.from({ length: size * size }, () => ({ messages: [], receives: [] }));
    this.traffic = Array.from({ length: size }, () => ({ messages: 0, bytes: 0 }));
  }

  /** What each rank returned or threw. After an error the others may be left waiting, as in a job that ends. */
  run<T>(program: Program<T>): (Outcome<T> | undefined)[] {
    for (let rank = 0; rank < this.size; rank++) {
      const sends: Request<void>[] = [];
      const algorithm = program(this.context(rank, sends)) as Algorithm<unknown>;
      this.ranks.push({ algorithm, waiting: undefined, sends, outcome: undefined });
    }
    while (this.step());
    const failed = this.ranks.some(({ outcome }) => outcome !== undefined && "error" in outcome);
    if (!failed) this.requireClean();
    return this.ranks.map(({ outcome }) => outcome as Outcome<T> | undefined);
  }

  /** Resumes a rank or delivers a message, whichever comes up; false when there is nothing left to do. */
  private step(): boolean {
    const runnable = this.ranks.filter(
      ({ outcome, waiting }) => outcome === undefined && (waiting === undefined || waiting.done),
    );
    const ready = this.lanes.filter(({ messages, receives }) => messages.length > 0 && receives.length > 0);
    const choices = runnable.length + ready.length;
    if (choices === 0) return false;
    const choice = this.draw(choices);
    if (choice < runnable.length) this.resume(runnable[choice]);
    else this.deliver(ready[choice - runnable.length]);
    return true;
  }

  private resume(rank: Rank): void {
    try {
      const { done, value } = rank.algorithm.next();
      if (!done) {
        if (value.done) throw new Error("simulator: yielded a request that is done");
        rank.waiting = value;
        return;
      }
      if (rank.sends.some(send => !send.done))
        throw new Error("simulator: returned before its sends were done");
      rank.outcome = { value };
    } catch (error) {
      rank.outcome = { error };
    }
  }

  private deliver(lane: Lane): void {
    const message = lane.messages.shift()!;
    const { target, request } = lane.receives.shift()!;
    const { value } = message;
    if (target === undefined) {
      request.finish(isTypedArray(value) ? newCopy(value) : value);
    } else if (dtypeOf(value) !== dtypeOf(target) || (value as TypedArray).length !== target.length) {
      request.fail(new TypeMismatchError("simulator: the message does not fit."));
    } else {
      (target as Float64Array).set(value as Float64Array);
    }
    if (!request.done) request.finish(undefined);
    if (!message.request.done) message.request.finish();
  }

  private context(rank: number, sends: Request<void>[]): CollectiveContext {
    const { size } = this;
    const requireRank = (peer: number) => {
      if (Number.isInteger(peer) && peer >= 0 && peer < size && peer !== rank) return;
      throw new Error(`simulator: rank ${rank} of ${size} has no peer ${peer}`);
    };
    return {
      rank,
      size,
      crowded: false,
      send: (value, dest) => {
        requireRank(dest);
        const request = new Request<void>();
        sends.push(request);
        this.traffic[rank].messages++;
        if (isTypedArray(value)) this.traffic[rank].bytes += value.byteLength;
        const atOnce = this.mode === "eager" || (this.mode === "mixed" && this.draw(2) === 0);
        const held =
          isTypedArray(value) && !atOnce
            ? value
            : isTypedArray(value)
              ? newCopy(value)
              : structuredClone(value);
        if (atOnce) request.finish();
        const lane = this.lanes[rank * size + dest];
        lane.messages.push({ value: held, request });
        if (atOnce) this.maybeDeliver(lane);
        return request;
      },
      recv: source => {
        requireRank(source);
        return this.receive(source * size + rank, undefined);
      },
      recvInto: (target, source) => {
        requireRank(source);
        bytesOf(target).fill(0x5a);
        return this.receive(source * size + rank, target) as Request<void>;
      },
    };
  }

  private receive(lane: number, target: TypedArray | undefined): Request<unknown> {
    const request = new Request<unknown>();
    this.lanes[lane].receives.push({ target, request });
    this.maybeDeliver(this.lanes[lane]);
    return request;
  }

  /** Now and then a message is there at once, so that algorithms also run without waiting. */
  private maybeDeliver(lane: Lane): void {
    while (lane.messages.length > 0 && lane.receives.length > 0 && this.draw(4) === 0) this.deliver(lane);
  }

  private requireClean(): void {
    const stuck = this.ranks.flatMap(({ outcome }, rank) => (outcome === undefined ? [rank] : []));
    if (stuck.length > 0) throw new Error(`simulator: deadlock of ranks ${stuck.join(", ")} of ${this.size}`);
    this.lanes.forEach(({ messages, receives }, index) => {
      if (messages.length + receives.length === 0) return;
      const from = Math.floor(index / this.size);
      const what = messages.length > 0 ? "a message that nobody took" : "a receive without a message";
      throw new Error(`simulator: ${what}, from rank ${from} to ${index % this.size} of ${this.size}`);
    });
  }

  /** A number from 0 to below `limit` (mulberry32). */
  private draw(limit: number): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  }
}

function newCopy(array: TypedArray): TypedArray {
  const copy = new (dtypeOf(array)!.create)(array.length);
  (copy as Float64Array).set(array as Float64Array);
  return copy;
}

/** The values that the ranks return; the first error is thrown. */
export function simulate<T>(size: number, program: Program<T>, options?: SimulatorOptions): T[] {
  return values(new Simulator(size, options).run(program));
}

export function values<T>(outcomes: readonly (Outcome<T> | undefined)[]): T[] {
  for (const outcome of outcomes) if (outcome !== undefined && "error" in outcome) throw outcome.error;
  return outcomes.map(outcome => (outcome as { value: T }).value);
}

/** The errors by rank of a call that must fail. */
export function errorsOf<T>(
  size: number,
  program: Program<T>,
  options?: SimulatorOptions,
): (Error | undefined)[] {
  const outcomes = new Simulator(size, options).run(program);
  return outcomes.map(outcome =>
    outcome !== undefined && "error" in outcome ? (outcome.error as Error) : undefined,
  );
}
