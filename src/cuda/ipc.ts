/**
 * Device memory seen from another process of the host (CUDA IPC): a handle names an allocation, and whoever opens it
 * copies straight from there.
 */
import { native } from "../native.ts";
import type { DeviceArray } from "./array.ts";
import type { Device } from "./device.ts";
import { driver, driverVersion, failure } from "./library.ts";

/** Where an array lies, for another process. */
export interface Export {
  readonly handle: Uint8Array;
  /** Bytes from the start of the allocation. */
  readonly offset: number;
}

/** Undefined where the driver does not allow it. The array must stay as it is until the other has read it. */
export function exported(array: DeviceArray): Export | undefined {
  array.device.use();
  const { address } = array.storage;
  const handle = new Uint8Array(64);
  if (driver().cuIpcGetMemHandle(handle, address) !== 0) return undefined;
  return { handle, offset: array.readAddress - address };
}

/** CUDA 11.1: from then on the driver counts how often a process has an allocation open; before, it could be but once. */
const counting = 11_010;

const opening = "cuIpcOpenMemHandle_v2";

/**
 * Copies from another process's memory when `event` has come; false where the driver cannot open it here. It is opened for
 * each copy anew: memory that is open elsewhere must not be freed, and the process whose it is does not know how long a
 * mapping would be kept.
 */
export async function copyFrom(
  device: Device,
  to: number,
  { handle, offset }: Export,
  bytes: number,
  event: number,
): Promise<boolean> {
  const alone = driverVersion() < counting;
  const failed = await device.besidePeers(stream =>
    native().cudaCopyFromPeer(device.context, stream, event, to, handle, offset, bytes, alone),
  );
  if (failed === undefined) return true;
  const [call, status] = failed;
  if (call === opening) return false;
  throw failure(call, status);
}
