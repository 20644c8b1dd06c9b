import type { Engine } from "../p2p/engine.ts";
import { BARRIER_SLOTS, Header } from "../transport/layout.ts";

/** Numbers that only one communicator has, on all of its ranks. */
export interface Identity {
  /** Unique in the job. */
  readonly id: number;
  /** Slot of its barrier in the segment; -1 for none, then its barrier goes by messages. */
  readonly slot: number;
}

// A world of one has no segment to count in.
let nextAlone = 2;

/** New numbers; one rank takes them and tells the others. */
export function takeIdentity(engine: Engine): Identity {
  if (engine.job === undefined) return { id: nextAlone++, slot: -1 };
  const { words } = engine.job;
  return { id: Atomics.add(words, Header.nextContext, 1), slot: takeSlot(words) };
}

function takeSlot(words: Int32Array): number {
  for (let slot = 0; slot < BARRIER_SLOTS; slot++) {
    const bit = 1 << (slot & 31);
    if ((Atomics.or(words, Header.barrierSlots + (slot >> 5), bit) & bit) === 0) return slot;
  }
  return -1;
}

/** Gives the slot back. Ids are never used again, so that a late message cannot reach another communicator. */
export function releaseIdentity(engine: Engine, slot: number): void {
  if (slot < 0 || engine.job === undefined) return;
  Atomics.and(engine.job.words, Header.barrierSlots + (slot >> 5), ~(1 << (slot & 31)));
}
