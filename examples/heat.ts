/**
 * Heat: how warm does the wall of a pipe become? A flame heats part of one end, the other end is kept cold, and in
 * between every point takes the mean of its four neighbours until nothing changes any more (Jacobi's method).
 *
 * The wall, cut open, is a grid whose last row touches its first. Each rank has a block of rows, with a copy of its
 * neighbours' nearest row above and below (the halo), which is exchanged before every step. The steps are short,
 * so the loop uses the blocking twin, `world.sync`.
 */
import { max, world } from "tsmpi";

const ROWS = 50;
const COLUMNS = 24;
const FLAME = { rows: 20, degrees: 100 };
const TOLERANCE = 0.01;

const { rank, size, sync } = world;
if (size > ROWS) throw new Error(`heat: each rank needs a row; there are ${ROWS} rows for ${size} ranks`);

/** Rows first .. last - 1 are this rank's; the blocks differ by one row where the ranks do not divide them. */
const firstRowOf = (rank: number): number => Math.floor((rank * ROWS) / size);
const first = firstRowOf(rank);
const count = firstRowOf(rank + 1) - first;
const above = (rank + size - 1) % size;
const below = (rank + 1) % size;

/** Row 0 and row count + 1 are the halo. */
const row = (grid: Float64Array, r: number): Float64Array => grid.subarray(r * COLUMNS, (r + 1) * COLUMNS);

let now = new Float64Array((count + 2) * COLUMNS);
for (let r = 1; r <= count; r++) if (first + r - 1 < FLAME.rows) row(now, r)[0] = FLAME.degrees;
let next = now.slice();

function exchangeHalo(): void {
  // With two ranks both neighbours are the same one: the order of the two messages tells them apart.
  sync.sendrecvInto(row(now, count + 1), row(now, 1), above, below);
  sync.sendrecvInto(row(now, 0), row(now, count), below, above);
}

/** Computes `next` from `now`; returns the greatest change. */
function step(): number {
  let change = 0;
  for (let r = 1; r <= count; r++) {
    for (let i = r * COLUMNS + 1; i < (r + 1) * COLUMNS - 1; i++) {
      next[i] = (now[i - 1] + now[i + 1] + now[i - COLUMNS] + now[i + COLUMNS]) / 4;
      change = Math.max(change, Math.abs(next[i] - now[i]));
    }
  }
  return change;
}

let steps = 0;
let change: number;
do {
  exchangeHalo();
  change = sync.allreduce(step(), max);
  [now, next] = [next, now];
  steps++;
} while (change > TOLERANCE);

// Sums of parts would be rounded differently for each number of ranks. Rank 0 adds up the whole grid instead.
const wall = rank === 0 ? new Float64Array(ROWS * COLUMNS) : undefined;
await world.gatherInto(wall, now.subarray(COLUMNS, (count + 1) * COLUMNS));

if (wall !== undefined) {
  const total = wall.reduce((left, right) => left + right);
  const degreesAt = (r: number, column: number): string => wall[r * COLUMNS + column].toFixed(4);
  console.log(`${steps} steps until no point changed by more than ${TOLERANCE} degrees`);
  console.log(`Mean temperature ${(total / wall.length).toFixed(6)}, checksum ${total}`);
  console.log(`Half way along the pipe: ${degreesAt(9, 12)} behind the flame, ${degreesAt(34, 12)} opposite`);
}
