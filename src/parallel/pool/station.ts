import type { Job } from "./job.ts";

/** A worker is sent ahead what it will have done within so many milliseconds. */
const AHEAD_MS = 1;
const MOST = 256;
/** How fast a long task is forgotten: by so much with each message of results. */
const FADING = 0.75;

/** A worker as the driver sees it. */
export class Station {
  readonly rank: number;
  /** Tasks sent and not answered, in the order sent. */
  readonly outstanding = new Map<number, Job>();
  /** Tasks that its tasks have submitted, by the numbers given there. */
  readonly requests = new Map<number, Job>();
  /** So many of the outstanding ones wait for others, and do not keep it from beginning more. */
  waiting = 0;
  /** Milliseconds that a task takes there, by the longest ones lately. Unknown at first: one task at a time. */
  private estimate = AHEAD_MS;

  constructor(rank: number) {
    this.rank = rank;
  }

  /** Tasks that it has to do. */
  get load(): number {
    return this.outstanding.size - this.waiting;
  }

  /** Tasks that it may have at once. */
  private get window(): number {
    return Math.max(1, Math.min(MOST, Math.floor(AHEAD_MS / this.estimate)));
  }

  get room(): number {
    return this.window - this.load;
  }

  /** Whether to send it some: not before half of what it had is done, so that they go in batches. */
  get wantsMore(): boolean {
    return 2 * this.load <= this.window && this.room > 0;
  }

  /** @param longest milliseconds of the longest task it has just done */
  learn(longest: number): void {
    this.estimate = Math.max(longest, this.estimate * FADING);
  }
}
