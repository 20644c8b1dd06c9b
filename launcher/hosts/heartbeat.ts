/** Notices that the other side of a channel has fallen silent. Both sides send pings, and listen for anything. */

const LONGEST_INTERVAL = 5000;

export class Heartbeat {
  private readonly timer: NodeJS.Timeout;
  private readonly interval: number;
  private readonly timeout: number;
  private heard = performance.now();
  private ticked = performance.now();
  /** The other side has said that it will be silent. */
  private held = false;

  constructor(timeoutSeconds: number, ping: () => void, lost: () => void) {
    this.timeout = timeoutSeconds * 1000;
    this.interval = Math.min(LONGEST_INTERVAL, this.timeout / 6);
    this.timer = setInterval(() => {
      const now = performance.now();
      // When this process itself was stopped for a while, the other side must have its chance to be heard first.
      if (now - this.ticked > 2 * this.interval) this.heard = now;
      this.ticked = now;
      ping();
      if (!this.held && now - this.heard > this.timeout) lost();
    }, this.interval);
  }

  hear(): void {
    this.heard = performance.now();
  }

  hold(held: boolean): void {
    this.held = held;
    this.hear();
  }

  stop(): void {
    clearInterval(this.timer);
  }
}
