/** Time on the device, by events (cuEventElapsedTime), which knows nothing of what the host does meanwhile. */
import { native } from "../native.ts";
import type { Device } from "./device.ts";
import { call, driver, failure, obtain } from "./library.ts";

/** Flag of cuEventCreate: who waits for it sleeps. */
const blockingSync = 1;

/** Runs from when it is made until `stop`: from the end of what was called before to the end of what was called since. */
export class Timer {
  private readonly device: Device;
  private readonly start: number;

  /** Programs get timers from `Device.timer`. */
  constructor(device: Device) {
    this.device = device;
    this.start = this.record();
  }

  /** Milliseconds, once what was called has ended; to about half a microsecond. A timer can be stopped again. */
  async stop(): Promise<number> {
    const end = this.record();
    try {
      const failed = await native().cudaWait(this.device.context, end);
      if (failed !== undefined) throw failure(failed[0], failed[1]);
      const milliseconds = new Float32Array(1);
      call("cuEventElapsedTime", milliseconds, this.start, end);
      return milliseconds[0];
    } finally {
      call("cuEventDestroy_v2", end);
    }
  }

  [Symbol.dispose](): void {
    call("cuEventDestroy_v2", this.start);
  }

  private record(): number {
    this.device.use();
    const event = obtain("cuEventCreate", out => driver().cuEventCreate(out, blockingSync));
    call("cuEventRecord", event, this.device.stream);
    return event;
  }
}
