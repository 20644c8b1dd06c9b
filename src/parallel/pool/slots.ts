import { MOST_AHEAD } from "../ahead.ts";

/**
 * Where the tasks of one worker are claimed, in memory that it shares with the driver: a word for each task that it has
 * been sent. The worker takes the number of the task out of it before it begins; the driver takes it out to have the
 * task back. Whoever finds it there has the task.
 */
export class Slots {
  private readonly words: Int32Array;
  private readonly first: number;
  /** Kept by the driver. */
  private readonly free: number[] = [];

  /** @param words of all workers, by their rank; undefined where they share no memory: then nothing is taken back */
  constructor(words: Int32Array | undefined, rank: number) {
    this.words = words ?? new Int32Array();
    this.first = rank * MOST_AHEAD;
    if (words !== undefined) for (let slot = MOST_AHEAD - 1; slot >= 0; slot--) this.free.push(slot);
  }

  /** Offers a task; returns its slot, -1 when none is free. */
  offer(id: number): number {
    const slot = this.free.pop() ?? -1;
    if (slot >= 0) Atomics.store(this.words, this.first + slot, id);
    return slot;
  }

  /** Whether the worker may begin a task: not when the driver has taken it back. */
  claim(slot: number, id: number): boolean {
    return slot < 0 || this.takeOut(slot, id);
  }

  /** Whether the driver has a task back: not when the worker has begun it. */
  takeBack(slot: number, id: number): boolean {
    return slot >= 0 && this.takeOut(slot, id);
  }

  /** Whether the worker has not begun a task. */
  isOffered(slot: number, id: number): boolean {
    return slot >= 0 && Atomics.load(this.words, this.first + slot) === id;
  }

  release(slot: number): void {
    if (slot >= 0) this.free.push(slot);
  }

  private takeOut(slot: number, id: number): boolean {
    return Atomics.compareExchange(this.words, this.first + slot, id, 0) === id;
  }
}

/** Words for so many ranks. */
export function slotWords(ranks: number): number {
  return ranks * MOST_AHEAD;
}
