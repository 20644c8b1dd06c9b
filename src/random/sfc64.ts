/** SFC64, Doty-Humphrey's small fast chaotic generator: the fastest of those here. */
import { BitGenerator, type BitGeneratorState, checkWords } from "./bit-generator.ts";
import type { Seed } from "./seed-sequence.ts";

export interface Sfc64Core {
  /** Three words that are mixed, and a counter. */
  state: BigUint64Array;
}

export class SFC64 extends BitGenerator {
  constructor(seed?: Seed) {
    super("SFC64", seed);
  }

  override get state(): BitGeneratorState<Sfc64Core> {
    this.settle();
    return this.describe({ state: this.core.slice() });
  }

  override set state(value: BitGeneratorState<Sfc64Core>) {
    this.check(value);
    this.restore(value, checkWords("state", value.state?.state, 4, 64));
  }
}
