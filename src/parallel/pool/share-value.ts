import type { Communicator, TypedArray } from "../../index.ts";

/** How the ranks of a pool lie on hosts. */
export interface Hosts {
  /** The ranks of this one's host. Collective on each host. */
  readonly own: Communicator;
  /** The first rank of each host, in the order of hosts; rank 0 first. */
  readonly leaders: readonly number[];
}

const LARGE_TAG = { tag: 2 } as const;

type ArrayType = new (length: number) => TypedArray;
const types: ReadonlyMap<string, ArrayType> = new Map(
  [
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    BigInt64Array,
    BigUint64Array,
    Float32Array,
    Float64Array,
    (globalThis as { Float16Array?: ArrayType }).Float16Array,
  ].flatMap(type => (type === undefined ? [] : [[type.name, type as ArrayType] as const])),
);

/** Whether a value can lie in shared memory. */
export function isShareable(value: unknown): value is TypedArray {
  return ArrayBuffer.isView(value) && types.has(value.constructor.name);
}

/** The same array on every rank, once in memory for each host. All ranks call it; rank 0 has the elements. */
export async function shareArray(
  comm: Communicator,
  { own, leaders }: Hosts,
  shape: { readonly type: string; readonly length: number },
  array?: TypedArray,
): Promise<TypedArray> {
  const shared = (await own.shared(types.get(shape.type)!, shape.length)) as TypedArray;
  if (array !== undefined) {
    shared.set(array as never);
    for (const leader of leaders.slice(1)) await comm.send(array, leader, LARGE_TAG);
  } else if (own.rank === 0) {
    await comm.recvInto(shared, 0, LARGE_TAG);
  }
  await own.barrier();
  return shared;
}
