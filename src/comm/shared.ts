/**
 * Arrays that the ranks of a host share. One rank makes an anonymous memory file; the others open it through its entry
 * in /proc, which the kernel allows between processes of one user, and map it. A file without a name needs no cleaning
 * up, however the job ends.
 */
import { closeSync, openSync, readlinkSync, readSync, writeSync } from "node:fs";
import { totalmem } from "node:os";
import {
  type Dtype,
  dtypeOfConstructor,
  type TypedArray,
  type TypedArrayConstructor,
} from "../codec/dtype.ts";
import { allgather } from "../collectives/allgather.ts";
import { broadcast } from "../collectives/broadcast.ts";
import type { Algorithm } from "../collectives/context.ts";
import { operations } from "../collectives/operations.ts";
import { describe } from "../describe.ts";
import { ArgumentError, NoSharedMemoryError, NotOneHostError, TsmpiError } from "../errors.ts";
import { native } from "../native.ts";
import type { Core } from "./core.ts";

/** A constructor of typed arrays. */
export type ArrayType = abstract new (...args: any) => TypedArray;

/** What the rank that makes a memory file tells the others. */
interface Made {
  readonly type: string;
  readonly length: number;
  readonly pid: number;
  readonly fd: number;
  /** Stands in the file behind the elements: nobody takes another file for this one, least of all on another host. */
  readonly token: string;
  /** Why there is no file. */
  readonly problem: string | undefined;
}

type Problem = { readonly kind: "argument" | "host" | "system"; readonly sentence: string } | undefined;

const TOKEN_BYTES = 16;
const MADE_BY = 0;

/** Tokens of the memory that this process has mapped. */
const tokens = new WeakMap<ArrayBufferLike, string>();

/** The same on all ranks that share this memory, and of no other; undefined: no ranks share it. */
export function tokenOf(buffer: ArrayBufferLike): string | undefined {
  return tokens.get(buffer);
}

export function* shared<C extends ArrayType>(
  core: Core,
  type: C,
  length: number,
): Algorithm<InstanceType<C>> {
  const dtype = requireShape(type, length);
  const { create } = dtype;
  const bytes = length * dtype.bytes;
  if (core.size === 1) {
    core.requireLive();
    return new create(length) as InstanceType<C>;
  }
  requireMemory(core);
  const { rank } = core.scope;
  const mine = rank === MADE_BY ? make(dtype, length) : undefined;
  try {
    const made: Made = yield* broadcast(core.begin(operations.shared), mine, MADE_BY);
    let array: InstanceType<C> | undefined;
    let problem = disagreement(made, dtype, length, rank);
    if (problem === undefined && bytes > 0) {
      try {
        const buffer = rank === MADE_BY ? native().mapWindow(made.fd, bytes) : open(made, bytes);
        array = buffer === undefined ? undefined : (new create(buffer, 0, length) as InstanceType<C>);
        if (buffer === undefined) problem = notHere(core, rank);
        else tokens.set(buffer, made.token);
      } catch (error) {
        problem = { kind: "system", sentence: `rank ${rank} cannot map it: ${(error as Error).message}` };
      }
    }
    const problems: Problem[] = yield* allgather(core.begin(operations.shared), problem);
    const found = problems.find(each => each !== undefined);
    if (found !== undefined) throw toError(core, found);
    return array ?? (new create(length) as InstanceType<C>);
  } finally {
    // The others have opened it by now, or never will.
    if (mine !== undefined && mine.fd >= 0) closeSync(mine.fd);
  }
}

function requireMemory({ engine, scope }: Core): void {
  if (engine.job?.sharesMemory !== false) return;
  throw new NoSharedMemoryError(
    "shared: the ranks of this job have no memory in common, because they exchange messages over ZeroMQ; " +
      "start the job with --transport shared-memory (`npx tsmpi build-native` builds the addon that it needs), " +
      "or send copies.",
    { rank: engine.rank, communicator: scope.name },
  );
}

function requireShape(type: unknown, length: number): Dtype {
  const dtype = dtypeOfConstructor(type);
  if (dtype === undefined) {
    throw new ArgumentError(
      `shared: type must be the constructor of a typed array, such as Float64Array; got ${
        typeof type === "function" ? (type as TypedArrayConstructor).name || "a function" : describe(type)
      }.`,
    );
  }
  if (!Number.isSafeInteger(length) || length < 0) {
    throw new ArgumentError(`shared: length must be a whole number from 0; got ${describe(length)}.`);
  }
  const bytes = length * dtype.bytes;
  if (bytes > totalmem()) {
    throw new ArgumentError(
      `shared: ${dtype.name}(${length}) takes ${gibibytes(bytes)}; this machine has ${gibibytes(totalmem())}.`,
    );
  }
  return dtype;
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

function make(dtype: Dtype, length: number): Made {
  // Not from node:crypto, which every rank would load at its start.
  const token = Buffer.from(crypto.getRandomValues(new Uint8Array(TOKEN_BYTES)));
  const bytes = length * dtype.bytes;
  const made = { type: dtype.name, length, pid: process.pid, token: token.toString("hex") };
  let fd = -1;
  try {
    fd = native().createSegment(bytes + TOKEN_BYTES);
    writeSync(fd, token, 0, TOKEN_BYTES, bytes);
    return { ...made, fd, problem: undefined };
  } catch (error) {
    if (fd >= 0) closeSync(fd);
    return { ...made, fd: -1, problem: (error as Error).message };
  }
}

/** Maps what another rank has made; undefined when this process cannot see it. */
function open({ pid, fd, token }: Made, bytes: number): ArrayBuffer | undefined {
  const path = `/proc/${pid}/fd/${fd}`;
  let own = -1;
  try {
    // Nothing else is opened, which might be a device that minds.
    if (!readlinkSync(path).startsWith("/memfd:tsmpi")) return undefined;
    own = openSync(path, "r+");
    const found = Buffer.alloc(TOKEN_BYTES);
    readSync(own, found, 0, TOKEN_BYTES, bytes);
    return found.toString("hex") === token ? native().mapWindow(own, bytes) : undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH") return undefined;
    throw error;
  } finally {
    if (own >= 0) closeSync(own);
  }
}

function disagreement(made: Made, dtype: Dtype, length: number, rank: number): Problem {
  if (made.problem !== undefined) return { kind: "system", sentence: `rank ${MADE_BY}: ${made.problem}` };
  if (made.type === dtype.name && made.length === length) return undefined;
  const sentence =
    "all ranks must ask for the same type and length; " +
    `rank ${MADE_BY} wants ${made.type}(${made.length}), rank ${rank} ${dtype.name}(${length})`;
  return { kind: "argument", sentence };
}

function notHere({ scope }: Core, rank: number): Problem {
  const sentence =
    `ranks ${MADE_BY} and ${rank} of ${scope.name} share no memory; ` +
    "call it on the ranks of one host: world.host.shared(...)";
  return { kind: "host", sentence };
}

function toError({ scope }: Core, { kind, sentence }: NonNullable<Problem>): TsmpiError {
  const details = { rank: scope.toWorld(scope.rank), communicator: scope.name };
  const message = `shared: ${sentence}.`;
  if (kind === "host") return new NotOneHostError(message, details);
  return kind === "argument"
    ? new ArgumentError(message, details)
    : new TsmpiError("TSMPI_SHARED", message, details);
}
