/** The routines that a rank uses on its own part: `now` blocks, `worker` runs beside the messages. */
import { asynchronous, sync } from "../call.ts";
import { lapack } from "../lapack.ts";
import { level1 } from "../level1.ts";
import { level2 } from "../level2.ts";
import { level3 } from "../level3.ts";
import { copyInto, type Matrix } from "../matrix.ts";
import type { FloatArray } from "../types.ts";

export const now = {
  ...level1(sync.run),
  ...level2(sync.run),
  ...level3(sync.run),
  ...lapack(sync.run),
};

export const worker = { ...level3(asynchronous.run), ...lapack(asynchronous.run) };

/** Copies a matrix of any strides to rows that lie `ld` elements apart. */
export function pack(from: Matrix, to: FloatArray, ld: number = from.columns): void {
  if (from.rows > 0 && from.columns > 0) copyInto(sync, from, to, "all", ld);
}
