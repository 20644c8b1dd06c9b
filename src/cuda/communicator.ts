/** Messages and collectives of device arrays. */
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { inspect } from "node:util";
import { describe } from "../describe.ts";
import {
  ANY,
  ArgumentError,
  Communicator,
  CudaError,
  type RecvOptions,
  type RootOptions,
  type SendOptions,
  TruncationError,
  type TypedArray,
  TypeMismatchError,
} from "../index.ts";
import { type ArrayOptions, type DeviceArray, empty, requireDeviceArray } from "./array.ts";
import { type Device, synchronizeAll } from "./device.ts";
import { type DtypeName, dtypeNamed, dtypes } from "./dtype.ts";
import { copyFrom, type Export, exported } from "./ipc.ts";
import { castInto } from "./moves.ts";
import { Nccl, type NcclCall, reductionCodes } from "./nccl.ts";
import { isPinned } from "./pinned.ts";
import { show } from "./shape.ts";
import { partsOf, staged, stagedInParts } from "./staging.ts";

/** What goes ahead of an array. */
interface Header {
  readonly dtype: DtypeName;
  readonly shape: readonly number[];
  /** By which its elements, and an answer to the sender, are known from others under way. */
  readonly id: number;
  /** Where the array lies, if the receiver may be able to read it there; it answers whether it has. */
  readonly there: Export | undefined;
}

/** Whence an array came, and how many elements it had. */
export interface DeviceStatus {
  readonly source: number;
  readonly tag: number;
  readonly count: number;
}

/** What a sender says in place of the elements that it cannot read. */
type Report = Pick<CudaError, "message" | "call" | "status">;

function reported(error: unknown): Report {
  if (!(error instanceof CudaError)) return { message: String(error), call: "", status: 0 };
  const { message, call, status } = error;
  return { message, call, status };
}

/** Shorter arrays go through the host: a handle takes longer to open than they to copy. */
const leastShared = 2 ** 18;

/** Brings the elements of a message to an address, when an event has come. */
type Load = (device: Device, address: number, event: number) => Promise<void>;

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
  byHost(): Promise<void>;
}

/** An operator as `Communicator.allreduceInto` takes it for typed arrays. */
type Operator = Parameters<Communicator["allreduceInto"]>[2];

/** What ranks on one host have in common, and no others. */
function hostIdentity(): string {
  try {
    return `${hostname()} ${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()}`;
  } catch {
    return hostname();
  }
}

/**
 * A communicator for device arrays, as `Communicator` is for typed arrays: the same names and meanings. Arrays go
 * through pinned memory of the host, or straight from device to device: messages between ranks of one host whose driver
 * allows it, collectives by NCCL where each rank has a device of its own. Messages of its own: it receives nothing that was sent on the communicator it was made of.
 */
export class DeviceCommunicator {
  /** Of headers and collectives. */
  private readonly heads: Communicator;
  /** Of elements and answers, apart so that no receive from any rank takes them for a header. */
  private readonly bodies: Communicator;
  /** Whether rank i shares this rank's host. */
  private readonly near: readonly boolean[];
  /** By rank. */
  private readonly hosts: readonly string[];
  private nextId = 0;
  /** Made by the first collective. */
  private nccl: Promise<Nccl | string> | undefined;
  /** Ends with the collective called last. */
  private last: Promise<unknown> = Promise.resolve();

  /** Programs get these from `over`. */
  constructor(heads: Communicator, bodies: Communicator, hosts: readonly string[]) {
    this.heads = heads;
    this.bodies = bodies;
    this.hosts = hosts;
    this.near = hosts.map(host => host === hosts[heads.rank]);
  }

  get rank(): number {
    return this.heads.rank;
  }

  get size(): number {
    return this.heads.size;
  }

  /** "DeviceCommunicator(rank 0 of 2)" */
  toString(): string {
    return `DeviceCommunicator(rank ${this.rank} of ${this.size})`;
  }

  /** As console.log shows it. */
  [inspect.custom](): string {
    return this.toString();
  }

  /**
   * Resolves when the array may be changed and freed again. A view with gaps is copied first. A signal ends the wait;
   * the message goes on where it has begun, and until it has ended the array must not be written to.
   */
  async send(array: DeviceArray, dest: number, options: SendOptions = {}): Promise<void> {
    requireDeviceArray("send", "the array", array);
    const { signal, ...rest } = options;
    signal?.throwIfAborted();
    if (array.isDense) return await untilAborted(this.sendWhole(array, dest, rest), signal);
    const dense = array.copy();
    await untilAborted(
      this.sendWhole(dense, dest, rest).finally(() => dense.free()),
      signal,
    );
  }

  /** Never left half-way: a receiver that has the header waits for the elements, or may read them where they lie. */
  private async sendWhole(
    array: DeviceArray,
    dest: number,
    options: Omit<SendOptions, "signal">,
  ): Promise<void> {
    const there = this.offer(array, dest);
    this.nextId = (this.nextId + 1) % 2 ** 20;
    const header: Header = { dtype: array.dtype, shape: array.shape, id: this.nextId, there };
    const { device, type, size } = array;
    const address = array.readAddress;
    // What is called from now on need not have ended when the elements leave, for it cannot write to them.
    await array.reading(() =>
      device.marked(async event => {
        if (there !== undefined) await device.until(event);
        await this.heads.send(header, dest, options);
        const read =
          there !== undefined && (await this.bodies.recv<boolean>(dest, { tag: answerTag(header) }));
        if (read) return;
        try {
          await stagedInParts(type, size, async (host, from) => {
            await device.transfer(false, address + from * type.bytes, host, isPinned(host), event);
            await this.bodies.send(host, dest, { tag: bodyTag(header) });
          });
        } catch (error) {
          // In place of elements, so that the receiver's wait ends.
          await this.bodies.send(null, dest, { tag: bodyTag(header) });
          await this.bodies.send(reported(error), dest, { tag: bodyTag(header) });
          throw error;
        }
      }),
    );
  }

  private offer(array: DeviceArray, dest: number): Header["there"] {
    if (!this.near[dest] || dest === this.rank || array.byteLength < leastShared) return undefined;
    return exported(array);
  }

  /**
   * Receives into a dense array of the same type with room for all elements; those beyond the message stay. From the
   * call until the promise resolves the array must not be used. A signal ends the wait for a
   * message, and no longer one for the elements of a message that is there.
   * @throws {TruncationError} the message is longer; it is lost
   * @throws {TypeMismatchError} the message holds elements of another type; it is lost
   */
  async recvInto(
    target: DeviceArray,
    source: number = ANY,
    options: RecvOptions = {},
  ): Promise<DeviceStatus> {
    requireDeviceArray("recvInto", "the target", target);
    checkDense("recvInto", target);
    const { device } = target;
    const address = target.writeAddress;
    const fits = ({ dtype, shape }: Header): void => {
      const count = product(shape);
      if (dtype !== target.dtype)
        throw new TypeMismatchError(`recvInto: ${target.toString()} cannot hold the ${dtype} that came`);
      if (count <= target.size) return;
      throw new TruncationError(
        `recvInto: ${target.toString()} is too short for the ${count} elements that came`,
      );
    };
    // What is called from now on need not have ended when the elements come, for it cannot touch this memory.
    return target.writing(() =>
      device.marked(event =>
        this.receive(source, options, (header, load) => {
          fits(header);
          return load(device, address, event);
        }),
      ),
    );
  }

  /** Receives an array as it was sent, in new memory. */
  async recv(
    source: number = ANY,
    options: RecvOptions & Pick<ArrayOptions, "device"> = {},
  ): Promise<DeviceArray> {
    const { device, ...rest } = options;
    let array: DeviceArray | undefined;
    try {
      await this.receive(source, rest, ({ dtype, shape }, load) => {
        array = empty(shape, { dtype, device });
        const address = array.writeAddress;
        return array.device.marked(event => load(array!.device, address, event));
      });
      return array!;
    } catch (error) {
      array?.free();
      throw error;
    }
  }

  /** Receives a header and calls `place` with what brings the elements, which the sender is bound to send from then on. */
  private async receive(
    source: number,
    options: RecvOptions,
    place: (header: Header, load: Load) => Promise<void>,
  ): Promise<DeviceStatus> {
    const message = await this.heads.probe(source, options);
    const header = await message.recv<Header>();
    const status = { source: message.source, tag: message.tag, count: product(header.shape) };
    let begun = false;
    const load: Load = (device, address, event) => {
      begun = true;
      return this.load(header, status.source, device, address, event);
    };
    try {
      await place(header, load);
    } catch (error) {
      if (!begun) await this.discard(header, status.source);
      throw error;
    }
    return status;
  }

  /** Brings the elements that a header has announced, when `event` has come. */
  private async load(
    header: Header,
    source: number,
    device: Device,
    address: number,
    event: number,
  ): Promise<void> {
    const type = dtypeNamed(header.dtype);
    const count = product(header.shape);
    if (header.there !== undefined) {
      let read = true;
      try {
        read = await copyFrom(device, address, header.there, count * type.bytes, event);
      } finally {
        // Also when the copy has failed: the sender must not wait for ever for what is this rank's error.
        await this.bodies.send(read, source, { tag: answerTag(header) });
      }
      if (read) return;
    }
    let left = partsOf(type, count);
    try {
      await stagedInParts(type, count, async (host, from) => {
        left--;
        const failed = await this.take(host, header, source);
        if (failed !== undefined) {
          left = 0;
          throw failed;
        }
        await device.transfer(true, address + from * type.bytes, host, isPinned(host), event);
      });
    } catch (error) {
      await this.drop(header, source, left);
      throw error;
    }
  }

  /** Fills `host` with a part of the elements; returns the error where the sender could not read them. */
  private async take(host: TypedArray, header: Header, source: number): Promise<CudaError | undefined> {
    try {
      await this.bodies.recvInto(host, source, { tag: bodyTag(header) });
    } catch (error) {
      if (!(error instanceof TypeMismatchError)) throw error;
      const { message, call, status } = await this.bodies.recv<Report>(source, { tag: bodyTag(header) });
      return new CudaError(`rank ${source} could not read the array that it sent: ${message}`, call, status);
    }
  }

  /** Takes parts of the elements that have no place, up to the last or to what a sender says instead. */
  private async drop(header: Header, source: number, parts: number): Promise<void> {
    for (let left = parts; left > 0; left--) {
      if ((await this.bodies.recv(source, { tag: bodyTag(header) })) !== null) continue;
      await this.bodies.recv(source, { tag: bodyTag(header) });
      return;
    }
  }

  /** Ends the sender's wait for a message that has no place here. */
  private async discard(header: Header, source: number): Promise<void> {
    if (header.there !== undefined) await this.bodies.send(true, source, { tag: answerTag(header) });
    else await this.drop(header, source, partsOf(dtypeNamed(header.dtype), product(header.shape)));
  }

  /** The root's elements, on all ranks. */
  async broadcastInto(target: DeviceArray, { root = 0 }: RootOptions = {}): Promise<void> {
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
      byHost: () =>
        staged(target.type, target.size, async host => {
          if (isRoot) await target.downloadInto(host);
          await this.heads.broadcastInto(host, { root });
          if (!isRoot) await target.upload(host);
        }),
    });
  }

  /** All ranks' elements combined by an operator, on all ranks; target and array may be one. */
  async allreduceInto(target: DeviceArray, array: DeviceArray, op: Operator): Promise<void> {
    checkPair("allreduceInto", target, array);
    const codes = reductionCodes(array.type, op);
    await this.collective("allreduceInto", {
      codes,
      target,
      source: array,
      size: array.size,
      fits: codes !== undefined && target.size === array.size,
      calls: (from, to) => [{ operation: "allReduce", from, to, count: array.size, ...codes }],
      byHost: () => this.combined(target, array, (to, from) => this.heads.allreduceInto(to!, from, op)),
    });
  }

  /** All ranks' elements combined by an operator, on the root; elsewhere the target is not needed. */
  async reduceInto(
    target: DeviceArray | undefined,
    array: DeviceArray,
    op: Operator,
    { root = 0 }: RootOptions = {},
  ): Promise<void> {
    const there = this.rank === root ? target : undefined;
    if (this.rank === root) checkPair("reduceInto", target, array);
    else requireDeviceArray("reduceInto", "the array", array);
    const codes = reductionCodes(array.type, op);
    await this.collective("reduceInto", {
      root,
      codes,
      target: there,
      source: array,
      size: array.size,
      fits: codes !== undefined && (there === undefined || there.size === array.size),
      calls: (from, to) => [{ operation: "reduce", from, to, count: array.size, ...codes, peer: root }],
      byHost: () =>
        this.combined(there, array, (to, from) =>
          this.heads.reduceInto(to as TypedArray, from, op, { root }),
        ),
    });
  }

  /** Every rank's block, of as many elements as `target` has, of all ranks' arrays combined by an operator. */
  async reduceScatterInto(target: DeviceArray, array: DeviceArray, op: Operator): Promise<void> {
    checkPair("reduceScatterInto", target, array);
    const codes = reductionCodes(array.type, op);
    await this.collective("reduceScatterInto", {
      codes,
      target,
      source: array,
      size: array.size,
      fits: codes !== undefined && target.size * this.size === array.size,
      calls: (from, to) => [{ operation: "reduceScatter", from, to, count: target.size, ...codes }],
      byHost: () => this.combined(target, array, (to, from) => this.heads.reduceScatterInto(to!, from, op)),
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
      byHost: () => this.through(target, array, (to, from) => this.heads.allgatherInto(to, from)),
    });
  }

  /** Every rank's elements one after the other, on the root; elsewhere the target is not needed. */
  async gatherInto(
    target: DeviceArray | undefined,
    array: DeviceArray,
    { root = 0 }: RootOptions = {},
  ): Promise<void> {
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
      byHost: () => {
        const gather = (to: TypedArray | undefined, from: TypedArray): Promise<void> =>
          this.heads.gatherInto(to, from, { root });
        return there === undefined
          ? downloaded(array, from => gather(undefined, from))
          : this.through(there, array, gather);
      },
    });
  }

  /** Equal parts of the root's array, one for each rank; elsewhere the array is not needed. */
  async scatterInto(target: DeviceArray, array?: DeviceArray, { root = 0 }: RootOptions = {}): Promise<void> {
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
      byHost: () => {
        const scatter = (to: TypedArray, from: TypedArray | undefined): Promise<void> =>
          this.heads.scatterInto(to, from, { root });
        if (whole !== undefined) return this.through(target, whole, scatter);
        return staged(target.type, target.size, async to => {
          await scatter(to, undefined);
          await target.upload(to);
        });
      },
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
      byHost: () => this.through(target, array, (to, from) => this.heads.alltoallInto(to, from)),
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

  /** Gives back what the communicator holds. Called by all ranks; none can use it after. */
  free(): Promise<void> {
    return this.inTurn(async () => {
      const found = await this.nccl;
      // To be left once: a second call ends with the error of a communicator that has been freed.
      this.nccl = undefined;
      if (found !== undefined && typeof found !== "string") await found.leave();
      await this.bodies.free();
      await this.heads.free();
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.free();
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

  /** By NCCL where all ranks have it and all calls are alike; else by the host, which says what is wrong with them. */
  private collective(method: Method, plan: Plan): Promise<void> {
    return this.inTurn(async () => {
      const found = await this.joined();
      if (typeof found === "string" || !(await this.agree(method, plan, found.device)))
        return await plan.byHost();
      const { target, source, calls } = plan;
      if (plan.size === 0) return;
      using dense = source === undefined || source.isDense ? undefined : source.copy();
      const from = dense ?? source;
      await found.run(
        calls(from?.readAddress ?? 0, target?.writeAddress ?? 0),
        from,
        target,
        `${method} by NCCL`,
      );
    });
  }

  private async agree(method: Method, plan: Plan, device: Device): Promise<boolean> {
    const { target, source, size, root = 0, codes } = plan;
    const here = [target, source].every(array => array === undefined || array.device === device);
    // Parts of one memory: only a reduction in place is one for NCCL.
    const apart =
      target === undefined ||
      source === undefined ||
      target.storage !== source.storage ||
      (codes !== undefined && method === "allreduceInto" && source.isDense && samePlace(target, source));
    const type = dtypeNames.indexOf((target ?? source)!.dtype);
    const mine = Float64Array.of(
      methods.indexOf(method),
      plan.fits && here && apart ? 1 : 0,
      type,
      size,
      root,
      codes?.operator ?? -1,
    );
    const all = new Float64Array(mine.length * this.size);
    await this.heads.allgatherInto(all, mine);
    return mine[1] === 1 && all.every((value, i) => value === mine[i % mine.length]);
  }

  /** Not public: what every rank gives, for the checks of distributed operations. */
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

  /**
   * A reduction by way of the host. Halves for which it has no type, and of which only bits travel, go as float32, and
   * the result is rounded once.
   */
  private async combined(
    target: DeviceArray | undefined,
    array: DeviceArray,
    work: (to: TypedArray | undefined, from: TypedArray) => Promise<void>,
  ): Promise<void> {
    const bits = array.type.float && array.type.host === (Uint16Array as unknown);
    using wide = bits ? array.astype("float32") : undefined;
    const source = wide ?? array;
    if (target === undefined) return await downloaded(source, from => work(undefined, from));
    if (!bits) return await this.through(target, source, work);
    using sums = empty(target.shape, { dtype: "float32", device: target.device });
    await this.through(sums, source, work);
    castInto(target, sums);
  }

  /** A collective from one array to another, by way of the host. */
  private async through(
    target: DeviceArray,
    array: DeviceArray,
    work: (to: TypedArray, from: TypedArray) => Promise<void>,
  ): Promise<void> {
    await downloaded(array, from =>
      staged(target.type, target.size, async to => {
        await work(to, from);
        await target.upload(to);
      }),
    );
  }
}

async function downloaded<T>(array: DeviceArray, work: (host: TypedArray) => Promise<T>): Promise<T> {
  return staged(array.type, array.size, async host => {
    await array.downloadInto(host);
    return work(host);
  });
}

/** Ends the wait for `work`, which goes on, with the signal's reason. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await work;
  let stop = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

const bodyTag = ({ id }: Header): number => 2 * id;
const answerTag = ({ id }: Header): number => 2 * id + 1;

const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

function samePlace(a: DeviceArray, b: DeviceArray): boolean {
  return a.readAddress === b.readAddress && a.byteLength === b.byteLength;
}

/** What a collective goes to and comes from. */
function checkPair(method: string, target: unknown, array: unknown): void {
  requireDeviceArray(method, "the target", target);
  requireDeviceArray(method, "the array", array);
  checkDense(method, target);
  if (target.dtype === array.dtype) return;
  throw new ArgumentError(`${method}: the types differ, ${target.toString()} and ${array.toString()}`);
}

function checkDense(method: string, array: DeviceArray): void {
  if (array.isDense) return;
  throw new ArgumentError(
    `${method}: the target ${array.toString()} is a view with gaps (${show(array.strides)} apart)`,
  );
}

/**
 * The communicator of the same ranks for device arrays. Called by all of them (it makes communicators of its own).
 * @throws {CudaUnavailableError} at the first use of an array, where a rank has no GPU
 */
export async function over(comm: Communicator): Promise<DeviceCommunicator> {
  if (!(comm instanceof Communicator))
    throw new ArgumentError(`over: expected a communicator, such as world; got ${describe(comm)}`);
  const [heads, bodies] = [await comm.dup(), await comm.dup()];
  const hosts = await comm.allgather(hostIdentity());
  return new DeviceCommunicator(heads, bodies, hosts);
}
