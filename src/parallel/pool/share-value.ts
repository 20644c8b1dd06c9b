import { hasDetached } from "../../codec/detached.ts";
import { type Dtype, dtypeOf, dtypes } from "../../codec/dtype.ts";
import type { Communicator, TypedArray } from "../../index.ts";

/** How the ranks of a pool lie on hosts. */
export interface Hosts {
  /** The ranks of this one's host. Collective on each host. */
  readonly own: Communicator;
  /** The first rank of each host, in the order of hosts; rank 0 first. */
  readonly leaders: readonly number[];
}

const LARGE_TAG = { tag: 2 } as const;

/**
 * The element type of a value that can lie in shared memory, else undefined. A Buffer becomes a Uint8Array there; what has
 * lost its memory is left to be refused as other values are.
 */
export function shareableType(value: unknown): Dtype | undefined {
  const dtype = dtypeOf(value);
  return dtype === undefined || hasDetached(value as TypedArray) ? undefined : dtype;
}

/** The same array on every rank, once in memory for each host. All ranks call it; rank 0 has the elements. */
export async function shareArray(
  comm: Communicator,
  { own, leaders }: Hosts,
  shape: { readonly code: number; readonly length: number },
  array?: TypedArray,
): Promise<TypedArray> {
  const shared = (await own.shared(dtypes[shape.code]!.create, shape.length)) as TypedArray;
  if (array !== undefined) {
    shared.set(array as never);
    for (const leader of leaders.slice(1)) await comm.send(array, leader, LARGE_TAG);
  } else if (own.rank === 0) {
    await comm.recvInto(shared, 0, LARGE_TAG);
  }
  await own.barrier();
  return shared;
}
