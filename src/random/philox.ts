/** Philox4x64-10: any of its draws can be had directly from its counter and key. */
import { BitGenerator, type BitGeneratorState, checkWords } from "./bit-generator.ts";
import type { Seed } from "./seed-sequence.ts";

export interface PhiloxCore {
  /** 256 bits, lowest word first. */
  counter: BigUint64Array;
  /** 128 bits. */
  key: BigUint64Array;
}

export interface PhiloxState extends BitGeneratorState<PhiloxCore> {
  /** The four words of the last count, and how many of them are used up. */
  buffer: BigUint64Array;
  bufferPos: number;
}

export class Philox extends BitGenerator {
  constructor(seed?: Seed) {
    super("Philox", seed);
  }

  override get state(): PhiloxState {
    this.settle();
    const { core } = this;
    return {
      ...this.describe({ counter: core.slice(0, 4), key: core.slice(4, 6) }),
      buffer: core.slice(6, 10),
      bufferPos: Number(core[10]),
    };
  }

  override set state(value: PhiloxState) {
    this.check(value);
    this.restore(value, [
      ...checkWords("counter", value.state?.counter, 4, 64),
      ...checkWords("key", value.state?.key, 2, 64),
      ...checkWords("buffer", value.buffer, 4, 64),
      // At most 4.
      ...checkWords("bufferPos", [value.bufferPos % 5 === value.bufferPos ? value.bufferPos : -1], 1, 3),
    ]);
  }

  /** Adds `delta` to the counter, which stands for four draws of 64 bits each, and drops what is left of the last. */
  advance(delta: number | bigint): this {
    this.advanceBy(delta, 256);
    return this;
  }

  /** A new generator, `jumps` times 2^128 counts further on. */
  jumped(jumps: number | bigint = 1): this {
    return this.copy().advance(this.wholeJumps(jumps) << 128n);
  }
}
