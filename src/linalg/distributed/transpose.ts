import { newArray } from "../matrix.ts";
import type { DistributedMatrix } from "./distributed-matrix.ts";
import { pack } from "./local.ts";

/** The transpose, on the same grid. Each block goes straight to its place, in one exchange of all ranks. */
export async function transpose(a: DistributedMatrix): Promise<DistributedMatrix> {
  const { grid, dtype, rowAxis, columnAxis, local } = a;
  const t = a.zerosLike(a.columns, a.rows);
  const outgoing = newArray(dtype, local.data.length);
  const incoming = newArray(dtype, t.local.data.length);
  const sendCounts: number[] = [];
  const recvCounts: number[] = [];
  /** Blocks that go to, or come from, each rank, in the order of their rows and columns in a. */
  const come: [place: number, i: number, j: number][] = [];
  let sent = 0;
  let received = 0;
  for (let rank = 0; rank < grid.all.size; rank++) {
    const row = Math.floor(rank / grid.columns);
    const column = rank % grid.columns;
    const [sentBefore, receivedBefore] = [sent, received];
    for (const i of rowAxis.blocksOf(grid.row)) {
      if (i % grid.columns !== column) continue;
      for (const j of columnAxis.blocksOf(grid.column)) {
        if (j % grid.rows !== row) continue;
        const [r, c] = [rowAxis.startOf(i), columnAxis.startOf(j)];
        const [height, width] = [rowAxis.widthOf(i), columnAxis.widthOf(j)];
        pack(local.slice(r, r + height, c, c + width).T, outgoing.subarray(sent));
        sent += height * width;
      }
    }
    for (const i of rowAxis.blocksOf(row)) {
      if (i % grid.columns !== grid.column) continue;
      for (const j of columnAxis.blocksOf(column)) {
        if (j % grid.rows !== grid.row) continue;
        come.push([received, i, j]);
        received += rowAxis.widthOf(i) * columnAxis.widthOf(j);
      }
    }
    sendCounts.push(sent - sentBefore);
    recvCounts.push(received - receivedBefore);
  }
  await grid.all.alltoallInto(incoming, outgoing, { sendCounts, recvCounts });
  for (const [place, i, j] of come) {
    const [height, width] = [columnAxis.widthOf(j), rowAxis.widthOf(i)];
    const row = t.rowAxis.startOf(j);
    const column = t.columnAxis.startOf(i);
    for (let r = 0; r < height; r++) {
      const from = place + r * width;
      t.local.data.set(incoming.subarray(from, from + width), (row + r) * t.local.columns + column);
    }
  }
  return t;
}
