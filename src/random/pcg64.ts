/** PCG64, NumPy's default, and PCG64DXSM, the better one of the same family for very many streams. */
import { BitGenerator, type BitGeneratorState, checkWords } from "./bit-generator.ts";
import type { Seed } from "./seed-sequence.ts";

export interface Pcg64Core {
  /** 128 bits each; `inc` is odd, and says which of the streams it is. */
  state: bigint;
  inc: bigint;
}

const LOW = (1n << 64n) - 1n;

/** The golden section of the period 2^128: jumps of it, taken modulo the period, land far from one another. */
const JUMP = 0x9e3779b97f4a7c15f39cc0605cedc835n;

abstract class Pcg extends BitGenerator {
  override get state(): BitGeneratorState<Pcg64Core> {
    this.settle();
    const [low, high, incLow, incHigh] = this.core;
    return this.describe({ state: (high << 64n) | low, inc: (incHigh << 64n) | incLow });
  }

  override set state(value: BitGeneratorState<Pcg64Core>) {
    this.check(value);
    const words = checkWords("state and inc", [value.state?.state, value.state?.inc], 2, 128);
    this.restore(
      value,
      words.flatMap(word => [word & LOW, word >> 64n]),
    );
  }

  /** Goes on by `delta` draws of 64 bits, which may be negative, without making them. */
  advance(delta: number | bigint): this {
    this.advanceBy(delta, 128);
    return this;
  }

  /** A new generator, `jumps` times 0.618... of the period further on: never near another one's draws. */
  jumped(jumps: number | bigint = 1): this {
    return this.copy().advance(JUMP * this.wholeJumps(jumps));
  }
}

export class PCG64 extends Pcg {
  constructor(seed?: Seed) {
    super("PCG64", seed);
  }
}

export class PCG64DXSM extends Pcg {
  constructor(seed?: Seed) {
    super("PCG64DXSM", seed);
  }
}
