import type { Algorithm, CollectiveContext } from "./context.ts";

/**
 * Returns when every rank has called it. Dissemination barrier [Hensgen, Finkel, Manber 1988]: in round k each rank
 * tells the one 2^k further on and hears from the one 2^k before it; after ceil(log2 p) rounds all know of all.
 */
export function* barrier(context: CollectiveContext): Algorithm<void> {
  const { rank, size } = context;
  for (let distance = 1; distance < size; distance *= 2) {
    const arrival = context.recv((rank - distance + size) % size);
    const notice = context.send(0, (rank + distance) % size);
    if (!arrival.done) yield arrival;
    arrival.result();
    if (!notice.done) yield notice;
    notice.result();
  }
}
