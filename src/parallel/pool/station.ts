import { Ahead } from "../ahead.ts";
import type { Job } from "./job.ts";

/** A worker as the driver sees it. */
export class Station {
  readonly rank: number;
  /** Tasks sent and not answered, in the order sent. */
  readonly outstanding = new Map<number, Job>();
  /** Tasks that its tasks have submitted, by the numbers given there. */
  readonly requests = new Map<number, Job>();
  /** So many of the outstanding ones wait for others, and do not keep it from beginning more. */
  waiting = 0;
  readonly ahead = new Ahead();

  constructor(rank: number) {
    this.rank = rank;
  }

  /** Tasks that it has to do. */
  get load(): number {
    return this.outstanding.size - this.waiting;
  }

  get room(): number {
    return this.ahead.count - this.load;
  }

  /** Whether to send it some: not before half of what it had is done, so that they go in batches. */
  get wantsMore(): boolean {
    return 2 * this.load <= this.ahead.count && this.room > 0;
  }
}
