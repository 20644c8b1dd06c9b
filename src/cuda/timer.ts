/** Time on the device, by events (cuEventElapsedTime), which knows nothing of what the host does meanwhile. */
import { ArgumentError } from "../index.ts";
import { native } from "../native.ts";
import { blockingSync, call, driver, obtain, settled } from "./library.ts";

/** The device, as far as its queue of kernels goes. */
interface Queue {
  readonly context: number;
  readonly stream: number;
  use(): void;
}

/** Runs from when it is made until `stop`: from the end of what was called before to the end of what was called since. */
export class Timer {
  private readonly device: Queue;
  private readonly start: number;
  private disposed = false;
  /** The timer itself and stops under way, which need its event. */
  private holders = 1;

  /** Programs get timers from `Device.timer`. */
  constructor(device: Queue) {
    this.device = device;
    this.start = this.record();
  }

  /** Milliseconds, once what was called has ended; to about half a microsecond. A timer can be stopped again. */
  async stop(): Promise<number> {
    if (this.disposed) throw new ArgumentError("stop: the timer has been disposed of");
    const end = this.record();
    this.holders++;
    try {
      await settled(native().cudaWait(this.device.context, this.device.stream, end));
      this.device.use();
      const milliseconds = new Float32Array(1);
      call("cuEventElapsedTime", milliseconds, this.start, end);
      return milliseconds[0];
    } finally {
      this.release();
      call("cuEventDestroy_v2", end);
    }
  }

  /** A stop under way still ends. Disposing twice does nothing. */
  [Symbol.dispose](): void {
    if (this.disposed) return;
    this.disposed = true;
    this.release();
  }

  private release(): void {
    if (--this.holders === 0) call("cuEventDestroy_v2", this.start);
  }

  private record(): number {
    this.device.use();
    const event = obtain("cuEventCreate", out => driver().cuEventCreate(out, blockingSync));
    call("cuEventRecord", event, this.device.stream);
    return event;
  }
}
