import { Ahead } from "../ahead.ts";
import type { Job } from "./job.ts";
import { Slots } from "./slots.ts";
import { TaskQueue } from "./task-queue.ts";

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
  /** Tasks that are for this worker alone, and are not sent yet. */
  readonly pinned = new TaskQueue<Job>();

  readonly slots: Slots;

  constructor(rank: number, words: Int32Array | undefined) {
    this.rank = rank;
    this.slots = new Slots(words, rank);
  }

  /** Tasks that it has to do. */
  get load(): number {
    return this.outstanding.size - this.waiting;
  }

  takeBack(job: Job): boolean {
    if (!this.slots.takeBack(job.slot, job.id)) return false;
    this.forget(job);
    return true;
  }

  /** A task is no longer here. */
  forget(job: Job): void {
    this.outstanding.delete(job.id);
    this.slots.release(job.slot);
  }

  get room(): number {
    return this.ahead.count - this.load;
  }

  /** Whether to send it some: not before half of what it had is done, so that they go in batches. */
  get wantsMore(): boolean {
    return 2 * this.load <= this.ahead.count && this.room > 0;
  }
}
