import { describe } from "../describe.ts";
import { ArgumentError } from "../errors.ts";

/**
 * Checks the signal that is to end an operation's wait.
 * @param blocking whether the operation blocks, and so takes none
 * @throws the signal's reason, when it is aborted already
 */
export function requireSignal(operation: string, signal: AbortSignal, blocking: boolean): void {
  if (typeof (signal as AbortSignal | null)?.throwIfAborted !== "function") {
    throw new ArgumentError(`${operation}: signal must be an AbortSignal; got ${describe(signal)}.`);
  }
  if (blocking) {
    throw new ArgumentError(
      `${operation}: an operation of sync takes no signal, which could not be aborted while it blocks; ` +
        "await the operation of the same name instead.",
    );
  }
  signal.throwIfAborted();
}
