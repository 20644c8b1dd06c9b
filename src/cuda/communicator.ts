/** Messages and collectives of device arrays. */
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import {
  ANY,
  ArgumentError,
  type Communicator,
  type RecvOptions,
  type RootOptions,
  type SendOptions,
  TruncationError,
  type TypedArray,
  TypeMismatchError,
} from "../index.ts";
import { type ArrayOptions, DeviceArray, empty } from "./array.ts";
import { type DtypeName, dtypeNamed } from "./dtype.ts";
import { copyFrom, type Export, exported } from "./ipc.ts";
import { show } from "./shape.ts";
import { staged } from "./staging.ts";

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

/** Shorter arrays go through the host: a handle takes longer to open than they to copy. */
const leastShared = 2 ** 18;

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
 * through pinned memory of the host, or, between ranks of one host whose driver allows it, straight from device to
 * device. Messages of its own: it receives nothing that was sent on the communicator it was made of.
 */
export class DeviceCommunicator {
  /** Of headers and collectives. */
  private readonly heads: Communicator;
  /** Of elements and answers, apart so that no receive from any rank takes them for a header. */
  private readonly bodies: Communicator;
  /** Whether rank i shares this rank's host. */
  private readonly near: readonly boolean[];
  private nextId = 0;

  /** Programs get these from `over`. */
  constructor(heads: Communicator, bodies: Communicator, near: readonly boolean[]) {
    this.heads = heads;
    this.bodies = bodies;
    this.near = near;
  }

  get rank(): number {
    return this.heads.rank;
  }

  get size(): number {
    return this.heads.size;
  }

  /** Resolves when the array may be changed and freed again. A view with gaps is copied first. */
  async send(array: DeviceArray, dest: number, options: SendOptions = {}): Promise<void> {
    checkArray("send", array);
    if (!array.isDense) {
      using dense = array.copy();
      return await this.send(dense, dest, options);
    }
    const there = this.offer(array, dest);
    this.nextId = (this.nextId + 1) % 2 ** 20;
    const header: Header = { dtype: array.dtype, shape: array.shape, id: this.nextId, there };
    if (there !== undefined) {
      // Held and not to be written to, as in a download, until the receiver has read it.
      const read = await array.storage.download(async () => {
        await array.device.synchronize();
        await this.heads.send(header, dest, options);
        return this.bodies.recv<boolean>(dest, { tag: answerTag(header), signal: options.signal });
      });
      if (read) return;
    } else await this.heads.send(header, dest, options);
    await downloaded(array, host =>
      this.bodies.send(host, dest, { tag: bodyTag(header), signal: options.signal }),
    );
  }

  private offer(array: DeviceArray, dest: number): Header["there"] {
    if (!this.near[dest] || dest === this.rank || array.byteLength < leastShared) return undefined;
    return exported(array);
  }

  /**
   * Receives into a dense array of the same type with room for all elements; those beyond the message stay.
   * @throws {TruncationError} the message is longer; it is lost
   * @throws {TypeMismatchError} the message holds elements of another type; it is lost
   */
  async recvInto(
    target: DeviceArray,
    source: number = ANY,
    options: RecvOptions = {},
  ): Promise<DeviceStatus> {
    checkArray("recvInto", target);
    checkDense("recvInto", target);
    return this.receive(source, options, ({ dtype, shape }) => {
      const count = product(shape);
      if (dtype !== target.dtype)
        throw new TypeMismatchError(`recvInto: ${target.toString()} cannot hold the ${dtype} that came`);
      if (count > target.size) {
        throw new TruncationError(
          `recvInto: ${target.toString()} is too short for the ${count} elements that came`,
        );
      }
      return target;
    }).then(({ status }) => status);
  }

  /** Receives an array as it was sent, in new memory. */
  async recv(
    source: number = ANY,
    options: RecvOptions & Pick<ArrayOptions, "device"> = {},
  ): Promise<DeviceArray> {
    const { device, ...rest } = options;
    const { array } = await this.receive(source, rest, ({ dtype, shape }) => empty(shape, { dtype, device }));
    return array;
  }

  private async receive(
    source: number,
    options: RecvOptions,
    place: (header: Header) => DeviceArray,
  ): Promise<{ array: DeviceArray; status: DeviceStatus }> {
    const message = await this.heads.probe(source, options);
    const header = await message.recv<Header>();
    const status = { source: message.source, tag: message.tag, count: product(header.shape) };
    let array: DeviceArray;
    try {
      array = place(header);
    } catch (error) {
      await this.discard(header, status.source);
      throw error;
    }
    const type = dtypeNamed(header.dtype);
    if (header.there !== undefined) {
      const read = await copyFrom(array, header.there, status.count * type.bytes);
      await this.bodies.send(read, status.source, { tag: answerTag(header) });
      if (read) return { array, status };
    }
    await staged(type, status.count, async host => {
      await this.bodies.recvInto(host, status.source, { tag: bodyTag(header), signal: options.signal });
      using part = array.reshape([-1]).slice([0, status.count]);
      await part.upload(host);
    });
    return { array, status };
  }

  /** Ends the sender's wait for a message that has no place here. */
  private async discard(header: Header, source: number): Promise<void> {
    if (header.there !== undefined) await this.bodies.send(true, source, { tag: answerTag(header) });
    else await this.bodies.recv(source, { tag: bodyTag(header) });
  }

  /** The root's elements, on all ranks. */
  async broadcastInto(target: DeviceArray, { root = 0 }: RootOptions = {}): Promise<void> {
    checkArray("broadcastInto", target);
    checkDense("broadcastInto", target);
    await staged(target.type, target.size, async host => {
      if (this.rank === root) await target.downloadInto(host);
      await this.heads.broadcastInto(host, { root });
      if (this.rank !== root) await target.upload(host);
    });
  }

  /** All ranks' elements combined by an operator, on all ranks; target and array may be one. */
  async allreduceInto(target: DeviceArray, array: DeviceArray, op: Operator): Promise<void> {
    checkNumbers("allreduceInto", array);
    await this.through("allreduceInto", target, array, (to, from) => this.heads.allreduceInto(to, from, op));
  }

  /** All ranks' elements combined by an operator, on the root; elsewhere the target is not needed. */
  async reduceInto(
    target: DeviceArray | undefined,
    array: DeviceArray,
    op: Operator,
    { root = 0 }: RootOptions = {},
  ): Promise<void> {
    checkNumbers("reduceInto", array);
    const reduce = (to: TypedArray | undefined, from: TypedArray): Promise<void> =>
      this.heads.reduceInto(to as TypedArray, from, op, { root });
    if (this.rank === root) return await this.through("reduceInto", target!, array, reduce);
    await downloaded(array, from => reduce(undefined, from));
  }

  /** Every rank's elements one after the other, on all ranks. */
  async allgatherInto(target: DeviceArray, array: DeviceArray): Promise<void> {
    await this.through("allgatherInto", target, array, (to, from) => this.heads.allgatherInto(to, from));
  }

  /** Every rank's elements one after the other, on the root; elsewhere the target is not needed. */
  async gatherInto(
    target: DeviceArray | undefined,
    array: DeviceArray,
    { root = 0 }: RootOptions = {},
  ): Promise<void> {
    const gather = (to: TypedArray | undefined, from: TypedArray): Promise<void> =>
      this.heads.gatherInto(to, from, { root });
    if (this.rank === root) return await this.through("gatherInto", target!, array, gather);
    checkArray("gatherInto", array);
    await downloaded(array, from => gather(undefined, from));
  }

  /** Equal parts of the root's array, one for each rank; elsewhere the array is not needed. */
  async scatterInto(target: DeviceArray, array?: DeviceArray, { root = 0 }: RootOptions = {}): Promise<void> {
    const scatter = (to: TypedArray, from: TypedArray | undefined): Promise<void> =>
      this.heads.scatterInto(to, from, { root });
    if (this.rank === root) return await this.through("scatterInto", target, array!, scatter);
    checkArray("scatterInto", target);
    checkDense("scatterInto", target);
    await staged(target.type, target.size, async to => {
      await scatter(to, undefined);
      await target.upload(to);
    });
  }

  /** Part j of this rank's array goes to rank j; part i of the target comes from rank i. */
  async alltoallInto(target: DeviceArray, array: DeviceArray): Promise<void> {
    await this.through("alltoallInto", target, array, (to, from) => this.heads.alltoallInto(to, from));
  }

  /** Not public: what every rank gives, for the checks of distributed operations. */
  allgatherShapes<T>(shapes: T): Promise<T[]> {
    return this.heads.allgather(shapes);
  }

  /** Waits for all ranks, and for what was called on this rank's arrays before. */
  async barrier(): Promise<void> {
    await this.heads.barrier();
  }

  /** A collective from one array to another, by way of the host. */
  private async through(
    method: string,
    target: DeviceArray,
    array: DeviceArray,
    work: (to: TypedArray, from: TypedArray) => Promise<void>,
  ): Promise<void> {
    checkArray(method, target);
    checkArray(method, array);
    checkDense(method, target);
    if (target.dtype !== array.dtype) {
      throw new ArgumentError(`${method}: the types differ, ${target.toString()} and ${array.toString()}`);
    }
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

const bodyTag = ({ id }: Header): number => 2 * id;
const answerTag = ({ id }: Header): number => 2 * id + 1;

const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

function checkArray(method: string, array: unknown): asserts array is DeviceArray {
  if (array instanceof DeviceArray) return;
  const came = ArrayBuffer.isView(array)
    ? "a typed array, for which there is the communicator itself"
    : typeof array;
  throw new ArgumentError(`${method}: expected a device array, but got ${came}`);
}

function checkDense(method: string, array: DeviceArray): void {
  if (array.isDense) return;
  throw new ArgumentError(
    `${method}: the target ${array.toString()} is a view with gaps (${show(array.strides)} apart)`,
  );
}

/** Halves travel as bits where the host has no type for them, and bits cannot be added up. */
function checkNumbers(method: string, array: unknown): void {
  checkArray(method, array);
  const bits = array.type.float && array.type.host === (Uint16Array as unknown);
  if (!bits) return;
  throw new ArgumentError(
    `${method}: ranks cannot combine ${array.dtype} on the host; use astype("float32")`,
  );
}

/**
 * The communicator of the same ranks for device arrays. Called by all of them (it makes communicators of its own).
 * @throws {CudaUnavailableError} at the first use of an array, where a rank has no GPU
 */
export async function over(comm: Communicator): Promise<DeviceCommunicator> {
  const [heads, bodies] = [await comm.dup(), await comm.dup()];
  const hosts = await comm.allgather(hostIdentity());
  return new DeviceCommunicator(
    heads,
    bodies,
    hosts.map(host => host === hosts[comm.rank]),
  );
}
