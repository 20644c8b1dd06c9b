/** By what the ranks of one host exchange messages: shared memory where the native addon loads, else ZeroMQ. */
import { NativeMissingError } from "../src/errors.ts";
import { native } from "../src/native.ts";
import type { JobOptions, TransportName } from "./options.ts";
import { UsageError } from "./usage-error.ts";

/** Why shared memory cannot be used; undefined: it can. */
export function missingAddon(): string | undefined {
  try {
    native();
    return undefined;
  } catch (error) {
    if (!(error instanceof NativeMissingError)) throw error;
    return error.message;
  }
}

/**
 * Says on stderr when it is not shared memory and nobody has asked for that.
 * @throws {UsageError} when other options cannot be kept
 */
export function chooseTransport({ transport, bindTo, stats }: JobOptions): TransportName {
  if (transport === "shared-memory") return transport;
  const missing = transport === "zeromq" ? undefined : missingAddon();
  if (transport === undefined && missing === undefined) return "shared-memory";
  if (bindTo === "core") {
    const why = missing === undefined ? "--transport zeromq came" : missing;
    throw new UsageError(`--bind-to core expects shared memory between ranks, and ${why}`);
  }
  if (stats) {
    throw new UsageError(
      "--stats needs ranks that share memory, which these do not (--transport zeromq); leave one of the two out",
    );
  }
  if (missing !== undefined) {
    process.stderr.write(`tsmpirun: ranks use ZeroMQ (--transport zeromq), which is slower: ${missing}\n`);
  }
  return "zeromq";
}
