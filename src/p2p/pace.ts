/**
 * How fast arrays too long for a ring get through it. That depends on the processor, and on how far the cores of two ranks are
 * from each other, which the host of a virtual machine may change at any time; copies by the kernel depend less on either. A rank that is late makes an array slow, too, so only the fastest of several counts; and after
 * a spell without the ring it is tried again.
 */

/**
 * Bytes a millisecond below which the kernel copies faster, both ranks at once 13 to 20 million. Near cores move 8 (Zen 4) to
 * 16 million (Zen 3) through a ring, the fastest of several a little more, far ones 2 to 7.
 */
const SLOW = 16e6;
/** So many arrays are timed before it is judged. */
const SAMPLES = 4;
/** So many then go another way. */
const SPELL = 250;

export class Pace {
  private fastest = 0;
  private timed = 0;
  private left = 0;

  /** Notes that an array has got through the ring. */
  note(bytes: number, milliseconds: number): void {
    this.fastest = Math.max(this.fastest, bytes / milliseconds);
    if (++this.timed < SAMPLES) return;
    if (this.fastest < SLOW) this.left = SPELL;
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
