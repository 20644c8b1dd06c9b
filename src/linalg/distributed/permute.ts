import { newArray } from "../matrix.ts";
import type { DistributedMatrix } from "./distributed-matrix.ts";

/**
 * Exchanges row first + i with row swaps[i], for i from 0 on, in place. What that amounts to is found first, so that
 * all rows travel in one exchange of the process column.
 */
export async function swapRows(a: DistributedMatrix, swaps: ArrayLike<number>, first: number): Promise<void> {
  const { grid, rowAxis, dtype, local } = a;
  const { data, columns } = local;
  /** Which row's elements stand in a row, where it is another's. */
  const from = new Map<number, number>();
  for (let i = 0; i < swaps.length; i++) {
    const [one, other] = [first + i, swaps[i]];
    if (one === other) continue;
    const content = from.get(one) ?? one;
    from.set(one, from.get(other) ?? other);
    from.set(other, content);
  }
  const moves = [...from].filter(([to, row]) => to !== row).sort(([a], [b]) => a - b);
  const outgoing: number[][] = Array.from({ length: grid.rows }, () => []);
  const incoming: number[][] = Array.from({ length: grid.rows }, () => []);
  for (const [to, row] of moves) {
    const [source, dest] = [rowAxis.ownerOf(row), rowAxis.ownerOf(to)];
    if (source === grid.row) outgoing[dest].push(rowAxis.localOf(row));
    if (dest === grid.row) incoming[source].push(rowAxis.localOf(to));
  }
  const sent = outgoing.flat();
  const received = incoming.flat();
  const leaving = newArray(dtype, sent.length * columns);
  const coming = newArray(dtype, received.length * columns);
  for (const [i, row] of sent.entries()) {
    leaving.set(data.subarray(row * columns, (row + 1) * columns), i * columns);
  }
  await grid.columnRanks.alltoallInto(coming, leaving, {
    sendCounts: outgoing.map(rows => rows.length * columns),
    recvCounts: incoming.map(rows => rows.length * columns),
  });
  for (const [i, row] of received.entries()) {
    data.set(coming.subarray(i * columns, (i + 1) * columns), row * columns);
  }
}
