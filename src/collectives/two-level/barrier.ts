import { barrier as flatBarrier } from "../barrier.ts";
import type { Algorithm } from "../context.ts";
import type { Levels } from "./levels.ts";

/** All of a host have come, all hosts have come, and all of a host may go. */
export function* barrier(levels: Levels): Algorithm<void> {
  const { part } = levels;
  yield* levels.within(part.barrier());
  if (part.rank === 0) {
    const lane = levels.lane(0);
    yield* levels.between(lane, flatBarrier(lane));
  }
  yield* levels.within(part.barrier());
}
