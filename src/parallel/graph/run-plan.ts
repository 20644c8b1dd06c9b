import { ANY, type Communicator } from "../../index.ts";
import type { Progress } from "../progress.ts";
import type { TaskFailure } from "../task-error.ts";
import type { Spans } from "../trace.ts";
import { Executor } from "./executor.ts";
import type { Plan } from "./plan.ts";
import { Kind, type Message } from "./protocol.ts";
import { Scheduler } from "./scheduler.ts";

/** How a plan came out, the same on every rank but for `values`. */
export interface Outcome {
  readonly failures: readonly TaskFailure[];
  /** The rank that has the value of each output, in their order; -1: none has. */
  readonly makers: readonly number[];
  /** What this rank has. */
  readonly values: ReadonlyMap<number, unknown>;
}

export interface RunOptions {
  readonly collect: boolean;
  readonly dedicated: boolean;
  readonly progress: Progress | undefined;
  /** Values that this rank has from earlier. */
  readonly values: ReadonlyMap<number, unknown>;
  /** The ranks that have them. */
  readonly kept: ReadonlyMap<number, number>;
  /** Gets when this rank has run which step; undefined: nobody wants to know. */
  readonly spans: Spans | undefined;
}

/** Runs a plan. All ranks call it, on a communicator that nobody else uses meanwhile. */
export async function runPlan(comm: Communicator, plan: Plan, options: RunOptions): Promise<Outcome> {
  const { rank, size } = comm;
  const tell = (message: Message, to: number): void => void comm.send(message, to);
  let scheduler: Scheduler | undefined;
  const executor = new Executor(comm, plan, options.spans, (longest, reports) => {
    if (scheduler !== undefined) scheduler.heard(0, longest, reports);
    else tell([Kind.done, rank, longest, reports], 0);
  });
  for (const [step, value] of options.values) executor.values.set(step, value);

  if (rank === 0) {
    scheduler = new Scheduler(plan, size, options.kept, options, (to, orders, drops) => {
      if (to === 0) executor.add(orders, drops);
      else tell([Kind.run, orders, drops], to);
    });
  }
  const listening = listen(comm, executor, scheduler);
  if (scheduler !== undefined) {
    scheduler.begin();
    await scheduler.finished;
    for (let other = 1; other < size; other++) tell([Kind.stop], other);
  }
  await listening;
  const own = scheduler && {
    failures: scheduler.failures,
    makers: plan.outputs.map(output => scheduler.makers[output]),
  };
  const { failures, makers } = await comm.broadcast(own);
  return { failures, makers, values: executor.values };
}

/** Hears other ranks: rank 0 until all have stopped, the others until they are told to. */
async function listen(
  comm: Communicator,
  executor: Executor,
  scheduler: Scheduler | undefined,
): Promise<void> {
  for (let left = scheduler === undefined ? 1 : comm.size - 1; left > 0; ) {
    const message = await comm.recv<Message>(ANY);
    switch (message[0]) {
      case Kind.run:
        executor.add(message[1], message[2]);
        break;
      case Kind.done:
        scheduler!.heard(message[1], message[2], message[3]);
        break;
      case Kind.fetch:
        void executor.give(message[1], message[2]);
        break;
      case Kind.value:
        executor.take(message[1], message[2], message[3]);
        break;
      case Kind.stop:
        await comm.send([Kind.stopped] satisfies Message, 0);
        left--;
        break;
      case Kind.stopped:
        left--;
        break;
    }
  }
}
