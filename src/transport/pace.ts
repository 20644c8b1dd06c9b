/**
 * How fast arrays get through shared memory. That depends on the processor, and on how far the cores of two ranks are from each other,
 * which the host of a virtual machine may change at any time. What is timed may have had to wait, so that several must be slow before
 * the way counts as slow, and one that is fast ends that; after a spell without it, it is tried again.
 */

/** So many must be slow one after the other. */
const SAMPLES = 4;
/** So many then go another way. */
const SPELL = 250;
/** Of a way that is fast, one in so many is timed. */
const INTERVAL = 16;

export class Pace {
  /** Bytes a millisecond. */
  private readonly least: number;
  private slow = 0;
  private left = 0;
  private untimed = 0;

  /** @param least bytes a millisecond below which another way is faster */
  constructor(least: number) {
    this.least = least;
  }

  /** Whether the next array had better go another way. To be asked once for each. */
  isSlow(): boolean {
    if (this.left === 0) return false;
    this.left--;
    return true;
  }

  /** Whether the next one, which does not, should be timed. */
  isDue(): boolean {
    if (this.untimed === 0) return true;
    this.untimed--;
    return false;
  }

  /** Notes that bytes have got through. */
  note(bytes: number, milliseconds: number): void {
    if (bytes >= this.least * milliseconds) {
      this.slow = 0;
      this.left = 0;
      this.untimed = INTERVAL - 1;
    } else if (++this.slow >= SAMPLES) {
      this.left = SPELL;
    }
  }
}
