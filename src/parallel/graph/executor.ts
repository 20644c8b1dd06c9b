import { ArgumentError } from "../../errors.ts";
import type { Communicator } from "../../index.ts";
import { approximateBytes } from "../approximate-bytes.ts";
import { refusal, refusalIn } from "../sendable.ts";
import { failureOf, type TaskFailure } from "../task-error.ts";
import type { Spans } from "../trace.ts";
import { Delayed, withValues } from "./delayed.ts";
import type { Plan } from "./plan.ts";
import { Kind, type Message, type Order, type Report } from "./protocol.ts";

/** A result of at most so many bytes is told to rank 0, so that others need not wait for a rank that is busy. */
const TOLD_BYTES = 32 << 10;
/** Reports wait for others, and messages for their reader, at most about so many milliseconds. */
const FLUSH_MS = 0.25;

/** An order, until all its inputs are here. */
interface Waiting {
  readonly step: number;
  missing: number;
}

/** Runs nodes on one rank, one after the other, and keeps their values. */
export class Executor {
  readonly values = new Map<number, unknown>();
  private readonly comm: Communicator;
  private readonly plan: Plan;
  private readonly spans: Spans | undefined;
  private readonly report: (longest: number, reports: Report[]) => void;
  private readonly orders: Waiting[] = [];
  /** Who waits for a value that has been asked for. */
  private readonly fetching = new Map<number, Waiting[]>();
  /** Values that the ranks which have them could not send. */
  private readonly unsent = new Map<number, TaskFailure>();
  private reports: Report[] = [];
  private longest = 0;
  private draining = false;
  private letIn = performance.now();

  /**
   * @param report tells rank 0
   * @param spans gets when each node has run, by the numbers of their steps
   */
  constructor(
    comm: Communicator,
    plan: Plan,
    spans: Spans | undefined,
    report: (longest: number, reports: Report[]) => void,
  ) {
    this.comm = comm;
    this.plan = plan;
    this.spans = spans;
    this.report = report;
  }

  /** To be run when the inputs are here. */
  add(orders: readonly Order[], drops: readonly number[]): void {
    for (const step of drops) this.values.delete(step);
    for (const [step, given, remote] of orders) {
      for (const [input, value] of given) this.values.set(input, value);
      const waiting: Waiting = { step, missing: remote.length };
      for (const [input, holder] of remote) this.fetch(input, holder, waiting);
      this.orders.push(waiting);
    }
    if (!this.draining) void this.drain();
  }

  private fetch(input: number, holder: number, waiting: Waiting): void {
    const others = this.fetching.get(input);
    if (others !== undefined) {
      others.push(waiting);
      return;
    }
    this.fetching.set(input, [waiting]);
    void this.comm.send([Kind.fetch, input, this.comm.rank] satisfies Message, holder);
  }

  /** Another rank wants a value that is here. */
  async give(step: number, rank: number): Promise<void> {
    const value = this.values.get(step);
    try {
      await this.comm.send([Kind.value, step, value, undefined] satisfies Message, rank);
    } catch (error) {
      const failure = failureOf(step, refusalIn(value, error));
      await this.comm.send([Kind.value, step, undefined, failure] satisfies Message, rank);
    }
  }

  /** A value that this rank has asked for. */
  take(step: number, value: unknown, failure: TaskFailure | undefined): void {
    this.values.set(step, value);
    if (failure !== undefined) this.unsent.set(step, failure);
    for (const waiting of this.fetching.get(step)!) waiting.missing--;
    this.fetching.delete(step);
    if (!this.draining) void this.drain();
  }

  private async drain(): Promise<void> {
    this.draining = true;
    // What else has come in the meantime is looked at before a long node begins.
    await Promise.resolve();
    for (;;) {
      const place = this.orders.findIndex(({ missing }) => missing === 0);
      if (place < 0) break;
      await this.run(this.orders.splice(place, 1)[0]);
      if (performance.now() - this.letIn < FLUSH_MS) continue;
      this.flush();
      // Lets messages in: other ranks may want something from this one.
      await new Promise(resolve => setImmediate(resolve));
      this.letIn = performance.now();
    }
    this.draining = false;
    this.flush();
  }

  private async run({ step }: Waiting): Promise<void> {
    const { node, inputs, next } = this.plan.steps[step];
    const unsent = inputs.find(input => this.unsent.has(input));
    if (unsent !== undefined) {
      this.reports.push({ step, failure: this.unsent.get(unsent)!, told: false });
      return;
    }
    const { fn, args } = node;
    const began = performance.now();
    let threw = false;
    try {
      const lookUp = (node: Parameters<Plan["numberOf"]>[0]): unknown =>
        this.values.get(this.plan.numberOf(node));
      const outcome = fn(...(args.map(arg => withValues(arg, lookUp)) as never[]));
      const value = isThenable(outcome) ? await outcome : outcome;
      if (value instanceof Delayed) {
        throw new ArgumentError(
          `${node.name} has given a node, ${value.key}, which nobody computes: call functions in it that are not delayed.`,
        );
      }
      this.values.set(step, value);
      const told = !this.plan.isPassing(step) && mayBeTold(value);
      this.reports.push(told ? { step, told, value } : { step, told });
      if (next !== undefined) this.orders.unshift({ step: next, missing: 0 });
    } catch (error) {
      threw = true;
      this.reports.push({ step, failure: failureOf(step, error), told: false });
    }
    for (const input of inputs) if (this.plan.isPassing(input)) this.values.delete(input);
    const ended = performance.now();
    this.longest = Math.max(this.longest, ended - began);
    this.spans?.add(step, began, ended, threw);
  }

  private flush(): void {
    if (this.reports.length === 0) return;
    const { longest, reports } = this;
    this.longest = 0;
    this.reports = [];
    this.report(longest, reports);
  }
}

/** Whether a value is small, and of a kind that can travel. */
function mayBeTold(value: unknown): boolean {
  return approximateBytes(value, TOLD_BYTES) <= TOLD_BYTES && refusal(value) === undefined;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}
