import type { Communicator } from "../../index.ts";
import { refusal } from "../sendable.ts";
import { failureOf, type TaskFailure } from "../task-error.ts";
import type { Outcome } from "./run-plan.ts";

/** What a rank has of the outputs. */
interface Parcel {
  readonly entries: readonly (readonly [step: number, value: unknown])[];
  /** Those that cannot be sent. */
  readonly unsent: readonly TaskFailure[];
}

export interface Exchanged {
  /** Of all outputs; undefined on ranks that are not root. */
  readonly values: ReadonlyMap<number, unknown> | undefined;
  /** Outputs whose values could not be sent, the same on every rank. */
  readonly unsent: readonly TaskFailure[];
}

/** Brings the values of outputs from the ranks that have made them to root, or to every rank. Collective. */
export async function exchange(
  comm: Communicator,
  outputs: readonly number[],
  outcome: Outcome,
  root: number | undefined,
): Promise<Exchanged> {
  const parcel = parcelOf(comm, outputs, outcome, root);
  const parcels = root === undefined ? await comm.allgather(parcel) : await comm.gather(parcel, { root });
  const found = parcels?.flatMap(({ unsent }) => unsent);
  return {
    values: parcels && new Map(parcels.flatMap(({ entries }) => entries)),
    unsent: root === undefined ? found! : await comm.broadcast(found, { root }),
  };
}

function parcelOf(
  { rank, size }: Communicator,
  outputs: readonly number[],
  { makers, values }: Outcome,
  root: number | undefined,
): Parcel {
  const mine = outputs.filter((_, i) => makers[i] === rank);
  const entries = mine.map(step => [step, values.get(step)] as const);
  if (size === 1 || root === rank || refusal(mine.map(step => values.get(step))) === undefined) {
    return { entries, unsent: [] };
  }
  const unsent = entries.flatMap(([step, value]) => {
    const error = refusal(value);
    return error === undefined ? [] : [failureOf(step, error)];
  });
  const failed = new Set(unsent.map(({ index }) => index));
  return { entries: entries.filter(([step]) => !failed.has(step)), unsent };
}
