import type { TypedArray } from "../codec/dtype.ts";

/**
 * Something under way. An algorithm that needs its outcome yields it while `done` is false and then calls
 * `result()`, which returns the outcome or throws what went wrong.
 */
export interface Pending<T> {
  readonly done: boolean;
  result(): T;
}

/**
 * A collective algorithm: a generator that yields what it waits for. The driver resumes it when that is done,
 * by blocking (`comm.sync`) or by awaiting (`comm`), so both faces run the same code.
 */
export type Algorithm<T> = Generator<Pending<unknown>, T, void>;

/**
 * What an algorithm may do. One context serves one collective call: its messages match only those of the same
 * call on the other ranks, in the order sent, and carry the call's signature (operation, root), which the
 * receiver compares with its own.
 */
export interface CollectiveContext {
  readonly rank: number;
  readonly size: number;
  /** Whether the ranks of the job outnumber the cores. */
  readonly crowded: boolean;
  /**
   * Sends any value. An object is encoded at once. A typed array is read until the request is done and must not
   * change before that.
   */
  send(value: unknown, dest: number): Pending<void>;
  /** Receives a value; a typed array arrives as a new array of the same kind. */
  recv(source: number): Pending<unknown>;
  /** Receives a typed array into `target`, which must have its element type and length. */
  recvInto(target: TypedArray, source: number): Pending<void>;
}
