/**
 * Notices that nothing comes any more. Silence counts only while somebody listens: what has come may lie unread in its
 * pipe, because the stream is paused for a slow reader of our own output, or because this process was held up.
 */
export class Silence {
  private readonly listening: () => boolean;
  private timer: NodeJS.Timeout | undefined;
  private look: NodeJS.Immediate | undefined;

  constructor(listening: () => boolean) {
    this.listening = listening;
  }

  /** Calls back after so long, unless this is called again, or stopped, before. */
  await(milliseconds: number, callback: () => void): void {
    this.stop();
    const again = (): void => this.await(milliseconds, callback);
    this.timer = setTimeout(() => {
      if (!this.listening()) again();
      // An immediate runs when the event loop has looked at all pipes once more.
      else this.look = setImmediate(() => (this.listening() ? callback() : again()));
    }, milliseconds);
  }

  stop(): void {
    clearTimeout(this.timer);
    clearImmediate(this.look);
  }
}
