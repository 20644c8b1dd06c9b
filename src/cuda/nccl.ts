/** NCCL: collectives from device to device, between ranks that each have a GPU of their own. */
import { wordOf } from "../environment.ts";
import { type Communicator, max, min, type Operator, product, sum, world } from "../index.ts";
import { native } from "../native.ts";
import { type Device, device } from "./device.ts";
import type { Dtype } from "./dtype.ts";
import { call, failure, nccl, reason, settled } from "./library.ts";

// As native/cuda-nccl.cc numbers them.
const operations = {
  allReduce: 0,
  reduce: 1,
  broadcast: 2,
  allGather: 3,
  reduceScatter: 4,
  send: 5,
  receive: 6,
};

/** One call of a group. Addresses are bytes on the device, `peer` the root or the other rank. */
export interface NcclCall {
  readonly operation: keyof typeof operations;
  readonly from?: number;
  readonly to?: number;
  readonly count: number;
  /** Of ncclDataType_t; bytes unless said. */
  readonly type?: number;
  /** Of ncclRedOp_t. */
  readonly operator?: number;
  readonly peer?: number;
}

/** ncclUint8: what is only moved goes as bytes. */
const asBytes = 1;

// ncclDataType_t
const types: { readonly [dtype: string]: number } = {
  int8: 0,
  uint8: 1,
  int32: 2,
  uint32: 3,
  int64: 4,
  uint64: 5,
  float16: 6,
  float32: 7,
  float64: 8,
  bfloat16: 9,
};

/** The numbers of NCCL for a reduction; undefined when it has none that means the same. */
export function reductionCodes(
  dtype: Dtype,
  op: Operator | ((left: never, right: never) => unknown),
): { type: number; operator: number } | undefined {
  const type = types[dtype.name];
  // ncclRedOp_t. Of NaN and signed zeros its least and greatest make something else than tsmpi's.
  const all: readonly unknown[] = dtype.float ? [sum, product] : [sum, product, max, min];
  const operator = all.indexOf(op);
  return type === undefined || operator < 0 ? undefined : { type, operator };
}

/** What a rank tells the others before they make a communicator. */
export interface Standing {
  readonly host: string;
  /** Why this rank cannot. */
  readonly reason?: string;
  readonly uuid?: string;
  /** TSMPI_NCCL=on: also between hosts. */
  readonly anywhere: boolean;
}

function standing(host: string): Standing {
  const setting = wordOf("TSMPI_NCCL");
  const why = setting === "off" ? "TSMPI_NCCL is off" : (reason() ?? reason("nccl"));
  const anywhere = setting === "on";
  if (why !== undefined) return { host, reason: why, anywhere };
  try {
    return { host, uuid: device().uuid, anywhere };
  } catch (error) {
    // Told, not thrown: the other ranks wait for what this one has to say.
    return { host, reason: (error as Error).message, anywhere };
  }
}

/** Why these ranks do not use NCCL; the same sentence on all of them. */
function against(ranks: readonly Standing[]): string | undefined {
  const without = ranks.findIndex(rank => rank.reason !== undefined);
  if (without >= 0) return `rank ${without}: ${ranks[without].reason}`;
  for (const [rank, { host, uuid }] of ranks.entries()) {
    const other = ranks.findIndex(each => each.host === host && each.uuid === uuid);
    if (other !== rank) return `ranks ${other} and ${rank} share a device, and NCCL wants one for each rank`;
  }
  if (ranks.every(({ host }) => host === ranks[0].host) || ranks.every(({ anywhere }) => anywhere)) return;
  return "NCCL sends unencrypted to other hosts, which TSMPI_NCCL=on on all ranks allows";
}

/**
 * Whether these ranks meet where no other host can reach them. NCCL asks for its interface once in a process, so not
 * where a communicator of several hosts may follow.
 */
export function keepsToLoopback(ranks: readonly Standing[], jobOnOneHost: boolean): boolean {
  if (ranks.some(({ host }) => host !== ranks[0].host)) return false;
  return jobOnOneHost || !ranks.every(({ anywhere }) => anywhere);
}

export class Nccl {
  readonly device: Device;
  private readonly handle: number;
  private readonly stream: number;

  private constructor(on: Device, handle: number) {
    this.device = on;
    this.handle = handle;
    this.stream = on.createStream();
  }

  /**
   * A communicator of these ranks and their devices, or why there is none: all get one, or none does. Called by all
   * ranks.
   * @throws {CudaError} NCCL does not start: the others wait for this rank until its error ends the job
   */
  static async join(comm: Communicator, host: string): Promise<Nccl | string> {
    const ranks = await comm.allgather(standing(host));
    const why = against(ranks);
    if (why !== undefined) return why;
    if (keepsToLoopback(ranks, world.host.size === world.size)) process.env.NCCL_SOCKET_IFNAME ??= "lo";
    const id = new Uint8Array(128);
    if (comm.rank === 0) {
      const status = nccl().ncclGetUniqueId(id);
      if (status !== 0) throw failure("ncclGetUniqueId", status, "starting NCCL");
    }
    await comm.broadcastInto(id);
    const on = device();
    // NCCL does not say when its buffers find no room, so they get what there is.
    on.trim();
    const joined = await native().cudaNcclJoin(on.context, comm.size, id, comm.rank);
    if (typeof joined === "number") return new Nccl(on, joined);
    throw failure(joined[0], joined[1], `starting NCCL on ${on.toString()} (TSMPI_NCCL=off does without)`);
  }

  /** Makes the calls as one group beside the stream of kernels, when all that was called before has ended. */
  async run(calls: readonly NcclCall[], doing: string): Promise<void> {
    const numbers = Float64Array.from(
      calls.flatMap(({ operation, from = 0, to = 0, count, type = asBytes, operator = 0, peer = 0 }) => [
        operations[operation],
        from,
        to,
        count,
        type,
        operator,
        peer,
      ]),
    );
    const { context } = this.device;
    await this.device.marked(event =>
      settled(native().cudaNcclRun(context, this.stream, event, this.handle, numbers), doing),
    );
  }

  /** Gives back what it holds. Called by all ranks. */
  async leave(): Promise<void> {
    await settled(native().cudaNcclLeave(this.device.context, this.handle), "leaving NCCL");
    this.device.use();
    call("cuStreamDestroy_v2", this.stream);
  }
}
