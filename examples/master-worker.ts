/**
 * Master and workers: tasks that take unequal time are handed out one by one, each to a worker that is free. Here
 * a task is a line of a picture of the Mandelbrot set: lines through its middle take many times as long as those at
 * its edge. Rank 0 is the master; tags tell a task from the word to stop.
 */
import { world } from "tsmpi";

const TASK = 1;
const RESULT = 2;
const STOP = 3;

interface Line {
  number: number;
  text: string;
  inside: number;
}

const LINES = 24;
const COLUMNS = 72;
/** Points looked at per character: 8 beside and 16 below each other. */
const GRID = { x: 8, y: 16 };
const SHADES = " .:-=+*#%@";

/** Whether c belongs to the set: z -> z² + c, begun at 0, never leaves the circle of radius 2. */
function isInside(cx: number, cy: number): boolean {
  let x = 0;
  let y = 0;
  for (let i = 0; i < 1000; i++) {
    const xx = x * x;
    const yy = y * y;
    if (xx + yy > 4) return false;
    y = 2 * x * y + cy;
    x = xx - yy + cx;
  }
  return true;
}

/** Line 0 is the uppermost of the picture, which spans -2.1 to 0.6 and -1.2i to 1.2i. */
function compute(number: number): Line {
  const insideOf = new Array<number>(COLUMNS).fill(0);
  for (let j = 0; j < GRID.y; j++) {
    const cy = 1.2 - (2.4 * (number * GRID.y + j + 0.5)) / (LINES * GRID.y);
    for (let i = 0; i < COLUMNS * GRID.x; i++) {
      const cx = -2.1 + (2.7 * (i + 0.5)) / (COLUMNS * GRID.x);
      if (isInside(cx, cy)) insideOf[Math.floor(i / GRID.x)]++;
    }
  }
  const shade = (inside: number): string =>
    SHADES[Math.ceil((inside / (GRID.x * GRID.y)) * (SHADES.length - 1))];
  return {
    number,
    text: insideOf.map(shade).join("").trimEnd(),
    inside: insideOf.reduce((left, right) => left + right),
  };
}

async function master(): Promise<Line[]> {
  const lines: Line[] = [];
  let given = 0;
  const giveWork = (worker: number): Promise<void> => {
    const tag = given < LINES ? TASK : STOP;
    return world.send(given++, worker, { tag });
  };

  for (let worker = 1; worker < world.size; worker++) await giveWork(worker);
  for await (const message of world.messages({ tag: RESULT })) {
    lines.push(await message.recv<Line>());
    await giveWork(message.source);
    if (lines.length === LINES) break;
  }
  return lines;
}

async function worker(): Promise<void> {
  for await (const message of world.messages({ source: 0 })) {
    const number = await message.recv<number>();
    if (message.tag === STOP) break;
    await world.send(compute(number), 0, { tag: RESULT });
  }
}

if (world.rank > 0) {
  await worker();
} else {
  // A master without workers does the work.
  const lines =
    world.size > 1 ? await master() : Array.from({ length: LINES }, (_, number) => compute(number));
  lines.sort((left, right) => left.number - right.number);
  const inside = lines.reduce((total, line) => total + line.inside, 0);
  const points = LINES * COLUMNS * GRID.x * GRID.y;
  console.log(lines.map(line => line.text).join("\n"));
  console.log(
    `${inside} of ${points} points inside: area about ${((2.7 * 2.4 * inside) / points).toFixed(4)}`,
  );
}
