/**
 * The Mandelbrot set as a picture: a task is a row, and rows through the middle take many times as long as those at the edge,
 * so whoever is free takes the next. `mandelbrot.ts FILE` writes a greyscale image (PGM).
 */
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { world } from "tsmpi";
import { map } from "tsmpi/parallel";

const WIDTH = 480;
const HEIGHT = 320;
const STEPS = 255;

/** Steps until z -> z² + c, begun at 0, leaves the circle of radius 2; STEPS when it does not. */
function stepsOf(cx: number, cy: number): number {
  let x = 0;
  let y = 0;
  for (let step = 0; step < STEPS; step++) {
    const xx = x * x;
    const yy = y * y;
    if (xx + yy > 4) return step;
    y = 2 * x * y + cy;
    x = xx - yy + cx;
  }
  return STEPS;
}

const rows = await map(
  world,
  HEIGHT,
  row => {
    const cy = 1.2 - (2.4 * (row + 0.5)) / HEIGHT;
    return Uint8Array.from({ length: WIDTH }, (_, i) => 255 - stepsOf(-2.4 + (3.6 * (i + 0.5)) / WIDTH, cy));
  },
  { root: 0, label: "mandelbrot" },
);

if (rows !== undefined) {
  const pixels = Buffer.concat(rows);
  const [file] = process.argv.slice(2);
  if (file !== undefined) {
    writeFileSync(file, Buffer.concat([Buffer.from(`P5 ${WIDTH} ${HEIGHT} 255\n`), pixels]));
  }
  const inside = pixels.reduce((count, pixel) => count + (pixel === 0 ? 1 : 0), 0);
  console.log(
    `${inside} of ${pixels.length} points never left: area about ${((3.6 * 2.4 * inside) / pixels.length).toFixed(4)}`,
  );
  console.log(`sha256 ${createHash("sha256").update(pixels).digest("hex").slice(0, 16)}`);
}
