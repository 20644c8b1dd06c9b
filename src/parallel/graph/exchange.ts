import { NotSendableError } from "../../errors.ts";
import { type Communicator, max } from "../../index.ts";
import { failureOf, type TaskFailure } from "../task-error.ts";
import type { Outcome } from "./run-plan.ts";

type Entry = readonly [step: number, value: unknown];

export interface Exchanged {
  /** Of all outputs; undefined on ranks that are not root. */
  readonly values: ReadonlyMap<number, unknown> | undefined;
  /** Outputs whose values could not be sent, the same on every rank. */
  readonly unsent: readonly TaskFailure[];
}

/**
 * Brings the values of outputs from the ranks that have made them to root, or to every rank. Collective. By messages
 * from their makers, whom all know: in a collective a value that cannot be sent would leave the others waiting.
 */
export async function exchange(
  comm: Communicator,
  outputs: readonly number[],
  { makers, values }: Outcome,
  root: number | undefined,
): Promise<Exchanged> {
  const { rank } = comm;
  const madeBy = (maker: number): number[] => outputs.filter((_, i) => makers[i] === maker);
  const ranks = Array.from({ length: comm.size }, (_, each) => each);
  const readers = root === undefined ? ranks : [root];
  const mine = madeBy(rank).map(step => [step, values.get(step)] as const);
  const unsent = new Map<number, TaskFailure>();
  const exchanged = new Map<number, unknown>(mine);
  const transfers: Promise<void>[] = [];
  if (mine.length > 0) {
    for (const reader of readers) if (reader !== rank) transfers.push(give(comm, reader, mine, unsent));
  }
  if (readers.includes(rank)) {
    for (const maker of new Set(makers)) {
      if (maker >= 0 && maker !== rank) transfers.push(take(comm, maker, madeBy(maker).length, exchanged));
    }
  }
  await Promise.all(transfers);
  const all =
    (await comm.allreduce(unsent.size, max)) === 0 ? [] : await comm.allgather([...unsent.values()]);
  const failures = all.flat();
  for (const { index } of failures) exchanged.delete(index);
  return { values: readers.includes(rank) ? exchanged : undefined, unsent: failures };
}

/** All in one message, or one by one when some cannot be sent: an empty place goes for those. */
async function give(
  comm: Communicator,
  reader: number,
  entries: readonly Entry[],
  unsent: Map<number, TaskFailure>,
): Promise<void> {
  try {
    await comm.send(entries, reader);
  } catch (error) {
    if (!(error instanceof NotSendableError)) throw error;
    if (entries.length > 1) {
      for (const entry of entries) await give(comm, reader, [entry], unsent);
      return;
    }
    const [[step]] = entries;
    unsent.set(step, failureOf(step, error));
    await comm.send([[step, undefined]], reader);
  }
}

async function take(
  comm: Communicator,
  maker: number,
  count: number,
  into: Map<number, unknown>,
): Promise<void> {
  for (let left = count; left > 0; ) {
    const entries = await comm.recv<Entry[]>(maker);
    for (const [step, value] of entries) into.set(step, value);
    left -= entries.length;
  }
}
