/** The communicator for device arrays: its collectives, and its messages, which are in messages.ts. */
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { inspect } from "node:util";
import { requireOptions, rootOf } from "../collectives/options.ts";
import { describe } from "../describe.ts";
import {
  ArgumentError,
  Communicator,
  type CountsOptions,
  type ReductionOptions,
  type RootOptions,
  type TypedArray,
} from "../index.ts";
import { type DeviceArray, requireDeviceArray } from "./array.ts";
import { combined, download, type Ends, through, upload } from "./by-host.ts";
import { type Device, synchronizeAll } from "./device.ts";
import { dtypes } from "./dtype.ts";
import { checkDense, Messages } from "./messages.ts";
import type { Elements } from "./moves.ts";
import { Nccl, type NcclCall, reductionCodes } from "./nccl.ts";
import { staged } from "./staging.ts";

/** Collectives, by which number ranks tell each other what they have called. */
const methods = [
  "broadcastInto",
  "allreduceInto",
  "reduceInto",
  "reduceScatterInto",
  "allgatherInto",
  "gatherInto",
  "scatterInto",
  "alltoallInto",
  "scanInto",
  "exscanInto",
] as const;

type Method = (typeof methods)[number];

const dtypeNames = [...dtypes.keys()];

/** A collective, in both ways that it can go. */
interface Plan {
  readonly root?: number;
  /** Of a reduction that NCCL can do. */
  readonly codes?: { readonly type: number; readonly operator: number };
  /** What this rank writes and reads. */
  readonly target: DeviceArray | undefined;
  readonly source: DeviceArray | undefined;
  /** Elements or bytes, which for NCCL must be as many on all ranks. */
  readonly size: number;
  /** Whether the arrays are as long as they should be, and NCCL has what is asked for. */
  readonly fits: boolean;
  /** The calls of NCCL, for the addresses of source and target. */
  calls(from: number, to: number): NcclCall[];
  byHost(ends: Ends): Promise<void>;
}

/** An operator as `Communicator.allreduceInto` takes it for typed arrays. */
type Operator = Parameters<Communicator["allreduceInto"]>[2];

/**
 * A communicator for device arrays, as `Communicator` is for typed arrays: the same names and meanings. Arrays go
 * through pinned memory of the host, or straight from device to device: messages between ranks of one host whose driver
 * allows it, collectives by NCCL where each rank has a device of its own. Messages of its own: it receives nothing that was sent on the communicator it was made of.
 */
export class DeviceCommunicator extends Messages {
  /** By rank. */
  private readonly hosts: readonly string[];
  /** Made by the first collective. */
  private nccl: Promise<Nccl | string> | undefined;
  /** Ends with the collective called last. */
  private last: Promise<unknown> = Promise.resolve();
  private freed = false;

  /** Programs get these from `over`. @param heads of collectives, too */
  constructor(heads: Communicator, bodies: Communicator, hosts: readonly string[]) {
    super(
      heads,
      bodies,
      hosts.map(host => host === hosts[heads.rank]),
    );
    this.hosts = hosts;
  }

  /** "DeviceCommunicator(rank 0 of 2)" */
  override toString(): string {
    return `DeviceCommunicator(rank ${this.rank} of ${this.size})`;
  }

  /** As console.log shows it. */
  [inspect.custom](): string {
    return this.toString();
  }

  /** The root's elements, on all ranks. */
  async broadcastInto(target: DeviceArray, options?: RootOptions): Promise<void> {
    const root = rootOf("broadcastInto", options);
    requireDeviceArray("broadcastInto", "the target", target);
    checkDense("broadcastInto", target);
    const isRoot = this.rank === root;
    await this.collective("broadcastInto", {
      root,
      target: isRoot ? undefined : target,
      source: isRoot ? target : undefined,
      size: target.byteLength,
      fits: true,
      calls: (from, to) => [
        { operation: "broadcast", from: from || to, to: to || from, count: target.byteLength, peer: root },
      ],
      byHost: ({ source, target: to }) =>
        staged(target.type, target.size, async host => {
          if (source !== undefined) await download(source, host);
          await this.heads.broadcastInto(host, { root });
          if (to !== undefined) await upload(to, host);
        }),
    });
  }

  /** All ranks' elements combined by an operator, on all ranks; target and array may be one. */
  async allreduceInto(
    target: DeviceArray,
    array: DeviceArray,
    op: Operator,
    options: ReductionOptions = {},
  ): Promise<void> {
    const codes = this.checkReduction("allreduceInto", target, array, op, options);
    await this.collective("allreduceInto", {
      codes,
      target,
      source: array,
      size: array.size,
      fits: codes !== undefined && target.size === array.size,
      calls: (from, to) => [{ operation: "allReduce", from, to, count: array.size, ...codes }],
      byHost: ends => combined(ends, (to, from) => this.heads.allreduceInto(to!, from!, op, options)),
    });
  }

  /** All ranks' elements combined by an operator, on the root; elsewhere the target is not needed. */
  async reduceInto(
    target: DeviceArray | undefined,
    array: DeviceArray,
    op: Operator,
    options: RootOptions & ReductionOptions = {},
  ): Promise<void> {
    const root = rootOf("reduceInto", options);
    const there = this.rank === root ? target : undefined;
    const codes = this.checkReduction("reduceInto", this.rank === root ? target : array, array, op, options);
    await this.collective("reduceInto", {
      root,
      codes,
      target: there,
      source: array,
      size: array.size,
      fits: codes !== undefined && (there === undefined || there.size === array.size),
      calls: (from, to) => [{ operation: "reduce", from, to, count: array.size, ...codes, peer: root }],
      byHost: ends =>
        combined(ends, (to, from) => this.heads.reduceInto(to as TypedArray, from!, op, options)),
    });
  }

  /**
   * Every rank's block of all ranks' arrays combined by an operator. Blocks have as many elements as `target` has, or
   * as `counts` says for each rank.
   */
  async reduceScatterInto(
    target: DeviceArray,
    array: DeviceArray,
    op: Operator,
    options: CountsOptions & ReductionOptions = {},
  ): Promise<void> {
    const codes = this.checkReduction("reduceScatterInto", target, array, op, options);
    await this.collective("reduceScatterInto", {
      codes,
      target,
      source: array,
      size: array.size,
      fits: codes !== undefined && options.counts === undefined && target.size * this.size === array.size,
      calls: (from, to) => [{ operation: "reduceScatter", from, to, count: target.size, ...codes }],
      byHost: ends => combined(ends, (to, from) => this.heads.reduceScatterInto(to!, from!, op, options)),
    });
  }

  /** The elements of ranks 0 to this one combined by an operator. By way of the host. */
  async scanInto(
    target: DeviceArray,
    array: DeviceArray,
    op: Operator,
    options: ReductionOptions = {},
  ): Promise<void> {
    await this.prefix("scanInto", target, array, op, options);
  }

  /** The elements of the ranks below this one combined by an operator; rank 0's target stays. By way of the host. */
  async exscanInto(
    target: DeviceArray,
    array: DeviceArray,
    op: Operator,
    options: ReductionOptions = {},
  ): Promise<void> {
    await this.prefix("exscanInto", target, array, op, options);
  }

  private async prefix(
    method: "scanInto" | "exscanInto",
    target: DeviceArray,
    array: DeviceArray,
    op: Operator,
    options: ReductionOptions,
  ): Promise<void> {
    this.checkReduction(method, target, array, op, options);
    // Rank 0's target of an exscan is not written.
    const there = method === "exscanInto" && this.rank === 0 ? undefined : target;
    await this.collective(method, {
      target: there,
      source: array,
      size: array.size,
      fits: false,
      calls: () => [],
      byHost: ends =>
        combined(ends, (to, from) =>
          this.heads[method](to ?? likeTarget(from!, target.size), from!, op, options),
        ),
    });
  }

  /** Every rank's elements one after the other, on all ranks. */
  async allgatherInto(target: DeviceArray, array: DeviceArray): Promise<void> {
    checkPair("allgatherInto", target, array);
    const count = array.byteLength;
    await this.collective("allgatherInto", {
      target,
      source: array,
      size: count,
      fits: target.byteLength === count * this.size,
      calls: (from, to) => [{ operation: "allGather", from, to, count }],
      byHost: ends => through(ends, (to, from) => this.heads.allgatherInto(to!, from!)),
    });
  }

  /**
   * Every rank's elements one after the other, on the root; elsewhere the target is not needed. Ranks may give as many
   * elements as they like.
   */
  async gatherInto(
    target: DeviceArray | undefined,
    array: DeviceArray,
    options?: RootOptions,
  ): Promise<void> {
    const root = rootOf("gatherInto", options);
    const there = this.rank === root ? target : undefined;
    if (this.rank === root) checkPair("gatherInto", target, array);
    else requireDeviceArray("gatherInto", "the array", array);
    const count = array.byteLength;
    await this.collective("gatherInto", {
      root,
      target: there,
      source: array,
      size: count,
      fits: there === undefined || there.byteLength === count * this.size,
      calls: (from, to) => [
        { operation: "send", from, count, peer: root },
        ...(there === undefined ? [] : this.parts("receive", count, to)),
      ],
      byHost: ends => through(ends, (to, from) => this.heads.gatherInto(to, from!, { root })),
    });
  }

  /** The parts of the root's array, one for each rank and as long as its target; elsewhere the array is not needed. */
  async scatterInto(target: DeviceArray, array?: DeviceArray, options?: RootOptions): Promise<void> {
    const root = rootOf("scatterInto", options);
    const whole = this.rank === root ? array : undefined;
    if (this.rank === root) checkPair("scatterInto", target, array);
    requireDeviceArray("scatterInto", "the target", target);
    checkDense("scatterInto", target);
    const count = target.byteLength;
    await this.collective("scatterInto", {
      root,
      target,
      source: whole,
      size: count,
      fits: whole === undefined || whole.byteLength === count * this.size,
      calls: (from, to) => [
        ...(whole === undefined ? [] : this.parts("send", count, from)),
        { operation: "receive", to, count, peer: root },
      ],
      byHost: ends => through(ends, (to, from) => this.heads.scatterInto(to!, from, { root })),
    });
  }

  /** Part j of this rank's array goes to rank j; part i of the target comes from rank i. */
  async alltoallInto(target: DeviceArray, array: DeviceArray): Promise<void> {
    checkPair("alltoallInto", target, array);
    const count = array.byteLength / this.size;
    await this.collective("alltoallInto", {
      target,
      source: array,
      size: array.byteLength,
      fits: target.byteLength === array.byteLength && array.size % this.size === 0,
      calls: (from, to) => [...this.parts("send", count, from), ...this.parts("receive", count, to)],
      byHost: ends => through(ends, (to, from) => this.heads.alltoallInto(to!, from!)),
    });
  }

  /** A call for each rank's part of an array, `count` bytes each. */
  private parts(operation: "send" | "receive", count: number, address: number): NcclCall[] {
    const at = operation === "send" ? "from" : "to";
    return Array.from({ length: this.size }, (_, peer) => ({
      operation,
      [at]: address + peer * count,
      count,
      peer,
    }));
  }

  /**
   * Why collectives do not go from device to device by NCCL; undefined when they do. Called by all ranks, which get the
   * same answer; makes NCCL's communicator when none has been made yet.
   */
  ncclReason(): Promise<string | undefined> {
    return this.inTurn(async () => {
      const found = await this.joined();
      return typeof found === "string" ? found : undefined;
    });
  }

  /** Gives back what the communicator holds. Called by all ranks; none can use it after. Waits for all of them. */
  free(): Promise<void> {
    this.freed = true;
    return this.inTurn(async () => {
      // Where NCCL has not started there is nothing to leave, and whoever asked for it has its error.
      const found = await this.nccl?.catch(() => undefined);
      // To be left once: a second call ends with the error of a communicator that has been freed.
      this.nccl = undefined;
      if (found !== undefined && typeof found !== "string") await found.leave();
      await this.bodies.free();
      await this.heads.free();
    });
  }

  /**
   * The same at the end of a block, where nobody is waited for, so that an error that leaves the block is heard of even if
   * other ranks never come to its end. Nothing happens where it has been freed.
   */
  [Symbol.asyncDispose](): Promise<void> {
    if (!this.freed) void this.free();
    return Promise.resolve();
  }

  private joined(): Promise<Nccl | string> {
    this.nccl ??= Nccl.join(this.heads, this.hosts[this.rank]);
    return this.nccl;
  }

  /** Collectives run one after the other in the order of their calls, which is that of all ranks. */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.last.then(work);
    this.last = done.catch(() => {});
    return done;
  }

  /**
   * By NCCL where all ranks have it and all calls are alike; else by the host, which says what is wrong with them. Both
   * arrays are held from the call on, whenever its turn comes; a view with gaps is copied as it is now.
   */
  private async collective(method: Method, plan: Plan): Promise<void> {
    const { source, target } = plan;
    using dense = source === undefined || source.isDense ? undefined : source.copy();
    await held(dense ?? source, target, ends =>
      this.inTurn(async () => {
        const found = await this.joined();
        if (typeof found === "string" || !(await this.agree(method, plan, ends, found.device)))
          return await plan.byHost(ends);
        if (plan.size === 0) return;
        const calls = plan.calls(ends.source?.readAddress ?? 0, ends.target?.writeAddress ?? 0);
        await found.run(calls, `${method} by NCCL`);
      }),
    );
  }

  private async agree(
    method: Method,
    { fits, size, root = 0, codes }: Plan,
    { source, target }: Ends,
    device: Device,
  ): Promise<boolean> {
    const here = [target, source].every(array => array === undefined || array.device === device);
    // Parts of one memory: only a reduction in place is one for NCCL.
    const apart =
      target === undefined ||
      source === undefined ||
      !overlap(source, target) ||
      (method === "allreduceInto" && source.readAddress === target.writeAddress);
    const type = dtypeNames.indexOf((target ?? source)!.type.name);
    const mine = Float64Array.of(
      methods.indexOf(method),
      fits && here && apart ? 1 : 0,
      type,
      size,
      root,
      codes?.operator ?? -1,
    );
    const all = new Float64Array(mine.length * this.size);
    await this.heads.allgatherInto(all, mine);
    return mine[1] === 1 && all.every((value, i) => value === mine[i % mine.length]);
  }

  /** Checks the arguments of a reduction. Returns what NCCL calls it, undefined where it has none that means the same. */
  private checkReduction(
    method: string,
    target: DeviceArray | undefined,
    array: DeviceArray,
    op: Operator,
    options: ReductionOptions,
  ): ReturnType<typeof reductionCodes> {
    requireOptions(method, options, "{ reproducible: true }");
    checkPair(method, target, array);
    return options.reproducible === true ? undefined : reductionCodes(array.type, op);
  }

  /** What every rank gives, for the checks of distributed operations. @internal */
  allgatherShapes<T>(shapes: T): Promise<T[]> {
    return this.inTurn(() => this.heads.allgather(shapes));
  }

  /** Waits for all ranks, and for what was called on their devices before; messages have promises of their own. */
  barrier(): Promise<void> {
    return this.inTurn(async () => {
      await synchronizeAll();
      await this.heads.barrier();
    });
  }
}

/** Calls `work` with both, which nobody else writes, reads or gets until it has ended. They may share memory. */
async function held(
  source: DeviceArray | undefined,
  target: DeviceArray | undefined,
  work: (ends: Ends) => Promise<void>,
): Promise<void> {
  const ends = {
    source: source && fixed(source, source.readAddress),
    target: target && fixed(target, target.writeAddress),
  };
  const both = (): Promise<void> => work(ends);
  if (source === undefined) await target!.writing(both);
  else if (target === undefined) await source.reading(both);
  else await source.readingInto(target, both);
}

/** The elements of a dense array at their address, which those who hold them need not ask for. */
function fixed({ device, type, shape, strides, size }: DeviceArray, address: number): Elements {
  return {
    device,
    type,
    shape,
    strides,
    size,
    isDense: true,
    readAddress: address,
    writeAddress: address,
  };
}

function overlap(source: Elements, target: Elements): boolean {
  const [from, to] = [source.readAddress, target.writeAddress];
  return from < to + target.size * target.type.bytes && to < from + source.size * source.type.bytes;
}

/** A typed array as long as a target that is not written, for the check of its length. */
function likeTarget(from: TypedArray, length: number): TypedArray {
  return new (from.constructor as new (length: number) => TypedArray)(length);
}

/** What a collective goes to and comes from. */
function checkPair(method: string, target: unknown, array: unknown): void {
  requireDeviceArray(method, "the target", target);
  requireDeviceArray(method, "the array", array);
  checkDense(method, target);
  if (target.dtype === array.dtype) return;
  throw new ArgumentError(`${method}: the types differ, ${target.toString()} and ${array.toString()}`);
}

/** What ranks on one host have in common, and no others. */
function hostIdentity(): string {
  try {
    return `${hostname()} ${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()}`;
  } catch {
    return hostname();
  }
}

/**
 * The communicator of the same ranks for device arrays. Called by all of them (it makes communicators of its own).
 * @throws {CudaUnavailableError} at the first use of an array, where a rank has no GPU
 */
export async function over(comm: Communicator): Promise<DeviceCommunicator> {
  if (!(comm instanceof Communicator))
    throw new ArgumentError(`over: expected a communicator, such as world; got ${describe(comm)}`);
  // As reports of ranks that wait call it.
  const name = `cuda.over(${comm.name})`;
  const heads = await comm.dup({ name });
  const bodies = await comm.dup({ name: `${name}, elements` });
  const hosts = await comm.allgather(hostIdentity());
  return new DeviceCommunicator(heads, bodies, hosts);
}
