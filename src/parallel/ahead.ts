/** A worker is sent ahead what it will have done within so many milliseconds. */
const AHEAD_MS = 1;
/** Never more than so many. */
export const MOST_AHEAD = 256;
/** How fast a long task is forgotten: by so much with each message of results. */
const FADING = 0.75;

/**
 * How many tasks a worker is given at once, by how long its longest ones have taken lately: short tasks travel in
 * batches, and long ones do not wait behind each other.
 */
export class Ahead {
  /** Milliseconds. Unknown at first: one task at a time. */
  private estimate = AHEAD_MS;

  get count(): number {
    return Math.max(1, Math.min(MOST_AHEAD, Math.floor(AHEAD_MS / this.estimate)));
  }

  /** @param longest milliseconds of the longest task just done */
  learn(longest: number): void {
    this.estimate = Math.max(longest, this.estimate * FADING);
  }
}
