import type { TypedArray } from "../codec/dtype.ts";
import { describe } from "../describe.ts";
import { TruncationError, TypeMismatchError } from "../errors.ts";
import type { Pending } from "./context.ts";

/**
 * The outcome of a receive into `target`, a part of an array whose type and cut all ranks must agree on. The
 * transport knows only that the message does not fit; this adds what the ranks have done wrong.
 */
export function endReceive(
  pending: Pending<void>,
  operation: string,
  source: number,
  target: TypedArray,
): void {
  try {
    pending.result();
  } catch (error) {
    if (!(error instanceof TypeMismatchError || error instanceof TruncationError)) throw error;
    throw new TypeMismatchError(
      `${operation}: rank ${source} sent something else than the ${describe(target)} that this rank expected ` +
        `from it; all ranks must agree on the type and length of the arrays (${error.message})`,
      { peer: source, cause: error },
    );
  }
}

/** Waits for all sends, in any order of completion. */
export function* endSends(sends: readonly Pending<void>[]): Generator<Pending<unknown>, void, void> {
  for (const send of sends) {
    if (!send.done) yield send;
    send.result();
  }
}
