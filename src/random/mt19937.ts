/** The Mersenne Twister, as NumPy has it: what R, Python and `numpy.random.seed` use. */
import { ArgumentError } from "../errors.ts";
import { native } from "../native.ts";
import { BitGenerator, type BitGeneratorState, checkWords } from "./bit-generator.ts";
import type { Distribution } from "./distributions.ts";
import type { Seed } from "./seed-sequence.ts";

export interface Mt19937Core {
  key: Uint32Array;
  /** How many words of the key are used up, at most 624. */
  pos: number;
}

const WORDS = 624;

export class MT19937 extends BitGenerator {
  constructor(seed?: Seed) {
    super("MT19937", seed);
  }

  override get state(): BitGeneratorState<Mt19937Core> {
    this.settle();
    const key = new Uint32Array(this.core.slice(0, WORDS / 2).buffer);
    return this.describe({ key, pos: Number(this.core[WORDS / 2]) });
  }

  override set state(value: BitGeneratorState<Mt19937Core>) {
    this.check(value);
    const { pos } = value.state ?? {};
    if (!Number.isInteger(pos) || pos < 0 || pos > WORDS) {
      throw new ArgumentError(`a state's pos must be a whole number from 0 to ${WORDS}, not ${pos}`);
    }
    this.setKey(Uint32Array.from(checkWords("key", value.state.key, WORDS, 32), Number), pos);
  }

  // What this generator makes are 32-bit words, of which a block therefore holds twice as many. 64 bits are two of
  // them, the first one high, and may begin at any.

  override next32(): number {
    if (this.at === this.end) this.refill();
    return this.memory[this.at++];
  }

  override next64(): void {
    if (this.end - this.at < 2) this.refill();
    this.high = this.memory[this.at];
    this.low = this.memory[this.at + 1];
    this.at += 2;
  }

  override nextDouble(): number {
    this.next64();
    return ((this.high >>> 5) * 67108864 + (this.low >>> 6)) * 2 ** -53;
  }

  /** A new generator, `jumps` times 2^128 draws further on: a millisecond or two each. */
  jumped(jumps = 1): MT19937 {
    if (!Number.isSafeInteger(jumps) || jumps < 0) {
      throw new ArgumentError(`jumped: expected a number of jumps, not ${jumps}`);
    }
    const copied = this.copy();
    for (let i = 0; i < jumps; i++) native().randomJump(copied.settled());
    return copied;
  }

  /** Fills `target` as RandomState does. */
  fillLegacy(distribution: Distribution, target: Float64Array, shape: number, kept: Float64Array): void {
    native().randomLegacy(this.settled(), distribution, target, shape, kept);
  }

  /**
   * Seeds it as `numpy.random.seed` and `RandomState(seed)` do: one number as Knuth's generator spreads it
   * (`init_genrand`), several by Matsumoto and Nishimura's `init_by_array` of 2002.
   * @throws {ArgumentError} when a number is not whole, or does not fit in 32 bits.
   */
  legacySeed(seed: number | readonly number[] | Uint32Array): this {
    const words = typeof seed === "number" ? [seed] : seed;
    if (typeof words !== "object" || words === null || words.length === 0) {
      throw new ArgumentError("a seed must be a whole number, or a list of at least one");
    }
    for (const word of words) {
      if (word >>> 0 !== word) {
        throw new ArgumentError(`a seed must be a whole number between 0 and 2^32 - 1, not ${String(word)}`);
      }
    }
    this.setKey(typeof seed === "number" ? spread(seed) : spreadArray(words), WORDS);
    return this;
  }

  private setKey(key: Uint32Array, pos: number): void {
    const words = Array.from(new BigUint64Array(key.buffer));
    this.restore({ bitGenerator: this.name, state: key, hasUint32: 0, uinteger: 0 }, [...words, BigInt(pos)]);
  }
}

function spread(seed: number): Uint32Array {
  const key = new Uint32Array(WORDS);
  key[0] = seed;
  for (let i = 1; i < WORDS; i++) key[i] = Math.imul(1812433253, key[i - 1] ^ (key[i - 1] >>> 30)) + i;
  return key;
}

function spreadArray(words: ArrayLike<number>): Uint32Array {
  const key = spread(19650218);
  let i = 1;
  const mix = (factor: number, add: number) => {
    key[i] = (key[i] ^ Math.imul(key[i - 1] ^ (key[i - 1] >>> 30), factor)) + add;
    if (++i < WORDS) return;
    key[0] = key[WORDS - 1];
    i = 1;
  };
  for (let k = 0; k < Math.max(WORDS, words.length); k++) {
    const j = k % words.length;
    mix(1664525, words[j] + j);
  }
  for (let k = 1; k < WORDS; k++) mix(1566083941, -i);
  key[0] = 0x80000000;
  return key;
}
