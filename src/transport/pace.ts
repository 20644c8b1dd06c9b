/**
 * How fast arrays get through shared memory. That depends on the processor, and on how far the cores of two ranks are from each other,
 * which the host of a virtual machine may change at any time; copies by the kernel depend less on either. What is timed may
 * have had to wait, so only the fastest of several counts; and after a spell without it is tried again.
 */

/** So many are timed before it is judged. */
const SAMPLES = 4;
/** So many then go another way. */
const SPELL = 250;

export class Pace {
  /** Bytes a millisecond. */
  private readonly least: number;
  private fastest = 0;
  private timed = 0;
  private left = 0;

  /** @param least bytes a millisecond below which another way is faster */
  constructor(least: number) {
    this.least = least;
  }

  /** Notes that bytes have got through. */
  note(bytes: number, milliseconds: number): void {
    this.fastest = Math.max(this.fastest, bytes / milliseconds);
    if (++this.timed < SAMPLES) return;
    this.left = this.fastest < this.least ? SPELL : 0;
    this.fastest = 0;
    this.timed = 0;
  }

  /** Whether the next array had better go another way. To be asked once for each. */
  isSlow(): boolean {
    if (this.left === 0) return false;
    this.left--;
    return true;
  }
}
