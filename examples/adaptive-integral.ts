/**
 * Tasks that submit tasks: an integral by Simpson's rule, where a piece that is not exact enough is cut in two and each
 * half becomes a task of its own. Nobody knows in advance where the function is difficult; the pool gives the pieces to
 * whoever is free.
 */
import { world } from "tsmpi";
import { currentWorker, task, withPool } from "tsmpi/parallel";

interface Part {
  readonly integral: number;
  /** Pieces that were exact enough. */
  readonly pieces: number;
}

/** A sharp peak at 0.3, a broad one at 0.9. */
const f = (x: number): number => 1 / ((x - 0.3) ** 2 + 0.0001) + 1 / ((x - 0.9) ** 2 + 0.04) - 6;

function simpson(from: number, to: number): number {
  return ((to - from) / 6) * (f(from) + 4 * f((from + to) / 2) + f(to));
}

const integrate = task(async (from: number, to: number, tolerance: number): Promise<Part> => {
  const middle = (from + to) / 2;
  const whole = simpson(from, to);
  const halves = simpson(from, middle) + simpson(middle, to);
  if (Math.abs(halves - whole) < 15 * tolerance) return { integral: halves, pieces: 1 };
  const { pool } = currentWorker();
  const [left, right] = await Promise.all([
    pool.submit(integrate, from, middle, tolerance / 2),
    pool.submit(integrate, middle, to, tolerance / 2),
  ]);
  return { integral: left.integral + right.integral, pieces: left.pieces + right.pieces };
});

await withPool(world, async pool => {
  const { integral, pieces } = await pool.submit(integrate, 0, 1, 1e-8);
  const exact = 100 * (Math.atan(70) + Math.atan(30)) + 5 * (Math.atan(0.5) + Math.atan(4.5)) - 6;
  console.log(`${pieces} pieces: ${integral.toFixed(8)}, exactly ${exact.toFixed(8)}`);
});
