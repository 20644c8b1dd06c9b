/** By what the ranks of one host exchange messages: shared memory where the native addon loads, else ZeroMQ. */
import { createRequire } from "node:module";
import { join } from "node:path";
import { NativeMissingError } from "../src/errors.ts";
import { native, packageFolder } from "../src/native.ts";
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

/** Why ZeroMQ cannot be used. Ranks load it in a thread, where it would be found out late. */
export function missingZeromq(): string | undefined {
  try {
    createRequire(join(packageFolder(), "package.json"))("zeromq");
    return undefined;
  } catch (error) {
    const [reason] = (error as Error).message.split("\n");
    return `the package zeromq does not load (${reason}); install it again with: npm install zeromq`;
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
  const why = missing ?? "--transport zeromq came";
  if (bindTo === "core") {
    throw new UsageError(`--bind-to core expects shared memory between ranks, and ${why}`);
  }
  if (stats) {
    throw new UsageError(
      "--stats needs ranks that share memory, which these do not (--transport zeromq); leave one of the two out",
    );
  }
  const broken = missingZeromq();
  if (broken !== undefined) {
    throw new UsageError(`ranks cannot use ZeroMQ: ${broken}. They would, because ${why}`);
  }
  if (missing !== undefined) {
    process.stderr.write(`tsmpirun: ranks use ZeroMQ (--transport zeromq), which is slower: ${missing}\n`);
  }
  return "zeromq";
}
