/** Messages of device arrays: a header, then the elements, or a note of where they lie. */
import { requireOptions } from "../collectives/options.ts";
import {
  ANY,
  ArgumentError,
  type Communicator,
  CudaError,
  NONE,
  type RecvOptions,
  type SendOptions,
  type SendrecvOptions,
  TruncationError,
  type TypedArray,
  TypeMismatchError,
} from "../index.ts";
import { requireSignal } from "../p2p/signal.ts";
import { type ArrayOptions, type DeviceArray, empty, requireDeviceArray } from "./array.ts";
import type { Device } from "./device.ts";
import { type DtypeName, dtypeNamed } from "./dtype.ts";
import { copyFrom, type Export, exported } from "./ipc.ts";
import { isPinned } from "./pinned.ts";
import { show, sizeOf } from "./shape.ts";
import { partsOf, stagedInParts } from "./staging.ts";

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

/** Of options, for sentences. */
const EXAMPLE = "{ tag: 7 }";

/** Shorter arrays go through the host: a handle takes longer to open than they to copy. */
const leastShared = 2 ** 18;

/** Brings the elements of a message to an address, when an event has come. */
type Load = (device: Device, address: number, event: number) => Promise<void>;

/** The part of a DeviceCommunicator that sends and receives. */
export class Messages {
  /** Of headers. */
  protected readonly heads: Communicator;
  /** Of elements and answers, apart so that no receive from any rank takes them for a header. */
  protected readonly bodies: Communicator;
  /** Whether rank i shares this rank's host. */
  private readonly near: readonly boolean[];
  private nextId = 0;

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

  /**
   * Resolves when the array may be changed and freed again. A view with gaps is copied first. A signal ends the wait;
   * the message goes on where it has begun, and until it has ended the array must not be written to.
   */
  async send(array: DeviceArray, dest: number, options: SendOptions = {}): Promise<void> {
    requireDeviceArray("send", "the array", array);
    requireOptions("send", options, EXAMPLE);
    const { signal, ...rest } = options;
    if (signal !== undefined) requireSignal("send", signal, false);
    if (dest === NONE) return;
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
    requireOptions("recvInto", options, EXAMPLE);
    if (source === NONE) return { source, tag: ANY, count: 0 };
    const { device } = target;
    const address = target.writeAddress;
    const fits = ({ dtype, shape }: Header): void => {
      const count = sizeOf(shape);
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
        this.receive("recvInto", source, options, (header, load) => {
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
    requireOptions("recv", options, EXAMPLE);
    if (source === NONE) {
      throw new ArgumentError("recv: from NONE comes no array that could be returned; recvInto takes it");
    }
    const { device, ...rest } = options;
    let array: DeviceArray | undefined;
    try {
      await this.receive("recv", source, rest, ({ dtype, shape }, load) => {
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

  /**
   * Sends an array and receives one, both at once, so that ranks which exchange arrays cannot block each other. The
   * arrays must not share memory.
   */
  async sendrecvInto(
    target: DeviceArray,
    array: DeviceArray,
    dest: number,
    source: number = ANY,
    options: SendrecvOptions = {},
  ): Promise<DeviceStatus> {
    requireDeviceArray("sendrecvInto", "the target", target);
    checkDense("sendrecvInto", target);
    requireDeviceArray("sendrecvInto", "the array", array);
    requireOptions("sendrecvInto", options, EXAMPLE);
    const { tag, sendTag = tag, recvTag = tag, signal } = options;
    if (array.overlaps(target)) {
      throw new ArgumentError(
        "sendrecvInto: the arrays are views of the same elements; receive into others, or send a copy()",
      );
    }
    // A send that cannot be ends the wait for what would come in exchange.
    const stop = new AbortController();
    const signals = signal === undefined ? [stop.signal] : [stop.signal, signal];
    const received = this.recvInto(target, source, { tag: recvTag, signal: AbortSignal.any(signals) });
    const sent = this.send(array, dest, { tag: sendTag, signal }).catch(async (error: unknown) => {
      stop.abort(error);
      await received.catch(() => {});
      throw error;
    });
    const [status] = await Promise.all([received, sent]);
    return status;
  }

  /** Receives a header and calls `place` with what brings the elements, which the sender is bound to send from then on. */
  private async receive(
    operation: string,
    source: number,
    options: RecvOptions,
    place: (header: Header, load: Load) => Promise<void>,
  ): Promise<DeviceStatus> {
    const message = await this.heads.probe(source, options).catch((error: unknown) => {
      throw inNameOf(operation, error);
    });
    const header = await message.recv<Header>();
    const status = { source: message.source, tag: message.tag, count: sizeOf(header.shape) };
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
    const count = sizeOf(header.shape);
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
    else await this.drop(header, source, partsOf(dtypeNamed(header.dtype), sizeOf(header.shape)));
  }
}

/** What is wrong with the arguments of a probe, as of the operation that was called. */
function inNameOf(operation: string, error: unknown): unknown {
  if (!(error instanceof ArgumentError)) return error;
  return new ArgumentError(error.message.replace(/^probe:/, `${operation}:`));
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

/** @throws {ArgumentError} a target is a view with gaps */
export function checkDense(method: string, array: DeviceArray): void {
  if (array.isDense) return;
  throw new ArgumentError(
    `${method}: the target ${array.toString()} is a view with gaps (${show(array.strides)} apart)`,
  );
}
