import { hostname } from "node:os";
import { describe } from "../describe.ts";
import { ArgumentError } from "../errors.ts";
import { tokenOf } from "./shared.ts";
import { world } from "./world.ts";

/** Where the bytes of an array lie, as the rank that asks sees it. */
export interface ArrayMemory {
  /**
   * ranks: those of this host, or some of them, by `comm.shared`. threads: those of this process, as a SharedArrayBuffer.
   * nobody: they are this rank's own.
   */
  readonly sharedBy: "ranks" | "threads" | "nobody";
  /**
   * A name of the memory that the array is a part of: on all ranks of a job the same for the same memory, and another
   * for any other. A name is not given again when the memory is gone, as an address is.
   */
  readonly id: string;
  /** Bytes from the beginning of that memory to the first element. */
  readonly offset: number;
  /** Of this process in `world`. */
  readonly rank: number;
  readonly pid: number;
  readonly host: string;
}

/** Of memory that is this process's own. */
const ids = new WeakMap<ArrayBufferLike, string>();

/**
 * Tells whether two arrays are the same memory, be they on one rank or on several: when their `id` is the same, and so
 * are their places in it by `offset`. Not collective, and sends nothing; compare with `comm.allgather(memoryOf(array).id)`.
 *
 * A communicator of one rank gives an ordinary array by `shared`, so that is nobody else's. Threads that have the
 * same SharedArrayBuffer each give it an id of their own.
 * @param array a typed array, a DataView, or their buffer
 * @throws {ArgumentError} it is none
 */
export function memoryOf(array: ArrayBufferView | ArrayBufferLike): ArrayMemory {
  const buffer = ArrayBuffer.isView(array) ? array.buffer : array;
  // Not instanceof: the buffer may be of another realm, as in tests under vm.
  const kind: unknown = (buffer as ArrayBufferLike | undefined)?.[Symbol.toStringTag];
  if (kind !== "ArrayBuffer" && kind !== "SharedArrayBuffer") {
    throw new ArgumentError(
      `memoryOf: array must be a typed array, a DataView or a buffer; got ${describe(array)}.`,
    );
  }
  const token = tokenOf(buffer);
  return {
    sharedBy: token !== undefined ? "ranks" : kind === "SharedArrayBuffer" ? "threads" : "nobody",
    id: token ?? ownId(buffer),
    offset: ArrayBuffer.isView(array) ? array.byteOffset : 0,
    rank: world.rank,
    pid: process.pid,
    host: hostname(),
  };
}

function ownId(buffer: ArrayBufferLike): string {
  let id = ids.get(buffer);
  if (id === undefined) {
    id = crypto.randomUUID();
    ids.set(buffer, id);
  }
  return id;
}
