import { NotSendableError } from "../../errors.ts";
import type { Communicator } from "../../index.ts";
import { failureOf, type TaskFailure } from "../task-error.ts";
import type { Outcome } from "./run-plan.ts";

/** An output, or why its value cannot be sent. */
type Entry = readonly [step: number, value: unknown, failure?: TaskFailure];

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
  const { rank, size } = comm;
  const isReader = root === undefined || root === rank;
  const madeBy = (maker: number): number[] => outputs.filter((_, i) => makers[i] === maker);
  const mine = madeBy(rank).map(step => [step, values.get(step)] as const);
  const exchanged = new Map<number, unknown>(mine);
  const unsent = new Map<number, TaskFailure>();
  const transfers: Promise<void>[] = [];
  for (let reader = 0; mine.length > 0 && reader < size; reader++) {
    if (reader === rank || (root !== undefined && reader !== root)) continue;
    transfers.push(give(comm, reader, mine, unsent));
  }
  for (const maker of isReader ? new Set(makers) : []) {
    if (maker < 0 || maker === rank) continue;
    transfers.push(take(comm, maker, madeBy(maker).length, exchanged, unsent));
  }
  await Promise.all(transfers);
  const known = [...unsent.values()].sort((left, right) => left.index - right.index);
  const failures = root === undefined ? known : await comm.broadcast(known, { root });
  for (const { index } of failures) exchanged.delete(index);
  return { values: isReader ? exchanged : undefined, unsent: failures };
}

/** All in one message, or one by one when some cannot be sent: the reason goes for those. */
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
    const failure = failureOf(step, error);
    unsent.set(step, failure);
    await comm.send([[step, undefined, failure]] satisfies Entry[], reader);
  }
}

async function take(
  comm: Communicator,
  maker: number,
  count: number,
  into: Map<number, unknown>,
  unsent: Map<number, TaskFailure>,
): Promise<void> {
  for (let left = count; left > 0; ) {
    const entries = await comm.recv<Entry[]>(maker);
    for (const [step, value, failure] of entries) {
      into.set(step, value);
      if (failure !== undefined) unsent.set(step, failure);
    }
    left -= entries.length;
  }
}
