/** Random numbers for parallel work, the same for every number of ranks. */
import { Generator } from "./generator.ts";
import { PCG64 } from "./pcg64.ts";
import { type Seed, SeedSequence, seedSequence } from "./seed-sequence.ts";

export class Streams {
  readonly seedSequence: SeedSequence;

  constructor(seed?: Seed) {
    this.seedSequence = seedSequence(seed);
    // Often taken out of it: `const { stream } = streams(1)`.
    this.stream = this.stream.bind(this);
  }

  /**
   * The generator of item `index`; of a part of it with further indices. Made from the seed and the indices alone, in
   * a few microseconds, so that it does not matter which rank asks, in which order, or whether others ask for theirs.
   * NumPy has the same as `default_rng(SeedSequence(seed).spawn(n)[index])`.
   */
  stream(...index: [number, ...number[]]): Generator {
    const { entropy, spawnKey, poolSize } = this.seedSequence;
    return new Generator(
      new PCG64(new SeedSequence(entropy, { spawnKey: [...spawnKey, ...index], poolSize })),
    );
  }
}

/**
 * Independent generators by number: one for each item of a map, or each rank.
 *
 *     const rng = streams(1).stream(item); // or .stream(world.rank)
 *
 * Without a seed each process has streams of its own; for the same ones everywhere broadcast a seed.
 */
export function streams(seed?: Seed): Streams {
  return new Streams(seed);
}
