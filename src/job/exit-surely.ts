/**
 * Node may wait for ever when it ends: for a thread that compiles, which waits for the main thread to collect garbage
 * (https://github.com/nodejs/node/issues/54918, seen with Node 24 in one job of 25 that pass on a lot of output).
 */
import { TsmpiError } from "../errors.ts";
import { native } from "../native.ts";

/** Node's own end takes less than a tenth of a second. Nothing of the program runs in it. */
const PATIENCE_MS = 5000;

/**
 * From now on this process ends when it ends: at most five seconds after the last listener of "exit" has returned. To be
 * called on the main thread.
 */
export function exitSurely(): void {
  const emit = process.emit as (event: string, ...args: unknown[]) => boolean;
  process.emit = function (this: NodeJS.Process, event: string, ...args: unknown[]): boolean {
    const heard = emit.call(this, event, ...args);
    if (event === "exit") exitWithin(Number(process.exitCode ?? args[0]));
    return heard;
  } as typeof process.emit;
}

function exitWithin(code: number): void {
  try {
    native().exitWithin(PATIENCE_MS, code);
  } catch (error) {
    // There is no addon, or TSMPI_SIMD keeps it from being used, as has been said.
    if (!(error instanceof TsmpiError)) throw error;
  }
}
