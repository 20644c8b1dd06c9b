/**
 * Pi by Monte Carlo: the share of random points of the unit square that fall into the quarter circle, times 4.
 *
 * The samples are cut into blocks, and the blocks are dealt to the ranks like cards. The random numbers belong to
 * the block and not to the rank that computes it, so the answer is the same for every number of ranks.
 */
import { sum, world } from "tsmpi";

const BLOCKS = 240;
const SAMPLES = 25_000;

const STEP = 0x6d2b79f5;

/**
 * The generator Mulberry32, from its `start`-th number on. Its state only counts up by STEP, so that any place in
 * its one stream of 2^32 numbers is found by a multiplication.
 */
function mulberry32(start: number): () => number {
  let state = Math.imul(start, STEP);
  return () => {
    state = (state + STEP) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

function hitsOfBlock(block: number): number {
  // Each point takes two numbers; the next block goes on where this one ends.
  const random = mulberry32(2 * SAMPLES * block);
  let hits = 0;
  for (let i = 0; i < SAMPLES; i++) {
    const x = random();
    const y = random();
    if (x * x + y * y < 1) hits++;
  }
  return hits;
}

let mine = 0;
for (let block = world.rank; block < BLOCKS; block += world.size) mine += hitsOfBlock(block);

const hits = await world.reduce(mine, sum);

if (hits !== undefined) {
  const points = BLOCKS * SAMPLES;
  const pi = (4 * hits) / points;
  console.log(`${hits} of ${points} points fell into the quarter circle`);
  const error = Math.sqrt((pi * (4 - pi)) / points);
  console.log(`pi is about ${pi.toFixed(6)}, with a standard error of ${error.toFixed(6)}`);
}
