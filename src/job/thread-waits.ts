/**
 * How the two threads of a rank wait for each other under `--transport zeromq`: the one that runs the program and the
 * one that runs the rank's gateway share memory, and that is enough. A doorbell is a word that counts rings.
 */
import type { Waits } from "../native.ts";

export const ThreadBell = { rank: 0, gateway: 1 } as const;
export const THREAD_BELLS_BYTES = 128;
/** Words from one doorbell to the next. */
const STRIDE = 16;
/** A loop of so many looks takes about a microsecond. */
const LOOKS_A_MICROSECOND = 100;
/** A timer that never fires, only to keep the event loop. */
const NEVER_MS = 2 ** 31 - 1;

export class ThreadWaits implements Waits {
  private readonly words: Int32Array;
  private readonly bells: Int32Array;
  /** Rings heard so far, by doorbell. */
  private readonly heard: number[] = [0, 0];
  private readonly keeper = setInterval(() => {}, NEVER_MS).unref();

  /**
   * @param words the segment
   * @param bells memory of the doorbells
   */
  constructor(words: Int32Array, bells: Int32Array) {
    this.words = words;
    this.bells = bells;
  }

  ringDoorbell(doorbell: number): void {
    const at = doorbell * STRIDE;
    Atomics.add(this.bells, at, 1);
    Atomics.notify(this.bells, at);
  }

  sleepOnDoorbell(doorbell: number, milliseconds: number): void {
    const at = doorbell * STRIDE;
    Atomics.wait(this.bells, at, this.heard[doorbell], milliseconds);
    this.heard[doorbell] = Atomics.load(this.bells, at);
  }

  watchDoorbell(doorbell: number, callback: () => void): void {
    const { bells, heard } = this;
    const at = doorbell * STRIDE;
    const watch = (): void => {
      const waiting = Atomics.waitAsync(bells, at, heard[doorbell]);
      if (waiting.async) void waiting.value.then(rung);
      else setImmediate(rung);
    };
    const rung = (): void => {
      heard[doorbell] = Atomics.load(bells, at);
      callback();
      watch();
    };
    watch();
  }

  holdEventLoop(hold: boolean): void {
    if (hold) this.keeper.ref();
    else this.keeper.unref();
  }

  pauseWhile(word: number, value: number, nanoseconds: number): void {
    const { words } = this;
    let looks = (nanoseconds * LOOKS_A_MICROSECOND) / 1000;
    while (--looks > 0 && Atomics.load(words, word) === value);
  }

  /** A thread without the addon cannot give its core away but by sleeping. */
  yieldWhile(word: number, value: number): void {
    Atomics.wait(this.words, word, value, 0.05);
  }

  /** Nobody publishes without a fence here. */
  fenceAll(): void {}
}
