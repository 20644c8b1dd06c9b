/**
 * Device memory seen from another process of the host (CUDA IPC): a handle names an allocation, and whoever opens it
 * copies straight from there.
 */
import type { DeviceArray } from "./array.ts";
import type { Device } from "./device.ts";
import { call, driver } from "./library.ts";

/** Where an array lies, for another process. */
export interface Export {
  readonly handle: Uint8Array;
  /** Bytes from the start of the allocation. */
  readonly offset: number;
}

/** cuIpcOpenMemHandle: CU_IPC_MEM_LAZY_ENABLE_PEER_ACCESS */
const lazyPeerAccess = 1;

/** Undefined where the driver does not allow it. The array must stay as it is until the other has read it. */
export function exported(array: DeviceArray): Export | undefined {
  array.device.use();
  const { address } = array.storage;
  const handle = new Uint8Array(64);
  if (driver().cuIpcGetMemHandle(handle, address) !== 0) return undefined;
  return { handle, offset: array.readAddress - address };
}

/** One at a time: a process cannot have the same allocation open twice. */
let turn: Promise<unknown> = Promise.resolve();

/** Copies from another process's memory when `event` has come; false where the driver cannot open it here. */
export function copyFrom(
  device: Device,
  to: number,
  source: Export,
  bytes: number,
  event: number,
): Promise<boolean> {
  const copied = turn.then(() => copyNow(device, to, source, bytes, event));
  turn = copied.catch(() => {});
  return copied;
}

async function copyNow(
  device: Device,
  to: number,
  { handle, offset }: Export,
  bytes: number,
  event: number,
): Promise<boolean> {
  device.use();
  const out = new BigUint64Array(1);
  if (driver().cuIpcOpenMemHandle_v2(out, handle, lazyPeerAccess) !== 0) return false;
  const from = Number(out[0]);
  try {
    await device.copyFromPeer(to, from + offset, bytes, event);
  } finally {
    device.use();
    call("cuIpcCloseMemHandle", from);
  }
  return true;
}
