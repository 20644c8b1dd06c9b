import { ArgumentError } from "../../errors.ts";
import type { DistributedMatrix } from "./distributed-matrix.ts";

/** @throws {ArgumentError} */
export function checkSquare(name: string, argument: string, a: DistributedMatrix): void {
  if (a.rows === a.columns) return;
  throw new ArgumentError(`${name}: ${argument} must be square, but is ${a.rows} x ${a.columns}`);
}

/** Right-hand sides b of a system with so many rows. */
export function checkSides(name: string, a: DistributedMatrix, b: DistributedMatrix): void {
  if (b.rows === a.rows) return;
  throw new ArgumentError(
    `${name}: a is ${a.rows} x ${a.columns}, so b must have ${a.rows} rows, but it is ${b.rows} x ${b.columns}`,
  );
}

/**
 * Collective: looks for elements that are no finite numbers, in the whole or on and below the diagonal.
 * @throws {ArgumentError} on all ranks.
 */
export async function checkFinite(name: string, a: DistributedMatrix, part: "all" | "lower"): Promise<void> {
  const { grid, local, rowAxis, columnAxis } = a;
  const columns = Int32Array.from({ length: local.columns }, (_, j) => columnAxis.globalOf(grid.column, j));
  let found: [number, number] | undefined;
  for (let r = 0; r < local.rows && found === undefined; r++) {
    const i = rowAxis.globalOf(grid.row, r);
    const last = part === "all" ? a.columns : i;
    const start = r * local.columns;
    for (let c = 0; c < local.columns && columns[c] <= last; c++) {
      if (Number.isFinite(local.data[start + c])) continue;
      found = [i, columns[c]];
      break;
    }
  }
  const places = (await grid.all.allgather(found)).filter(place => place !== undefined);
  if (places.length === 0) return;
  const [i, j] = places.reduce((a, b) => (b[0] < a[0] || (b[0] === a[0] && b[1] < a[1]) ? b : a));
  throw new ArgumentError(`${name}: element (${i}, ${j}) of a is not a finite number`);
}
