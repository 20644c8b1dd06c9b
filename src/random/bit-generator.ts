/**
 * What the bit generators share. Their state lies in one piece of memory (`native/random.h`), which native code works
 * on. Scalar draws come from a block of words drawn ahead in one call; before anything else looks at the state, the
 * block is settled: the state becomes that in which only the words used have been drawn.
 */
import { withArticle } from "../article.ts";
import { ArgumentError } from "../errors.ts";
import { native } from "../native.ts";
import type { Distribution } from "./distributions.ts";
import { type Seed, type SeedSequence, seedSequence } from "./seed-sequence.ts";

/** As in `native/random.h`. */
export const Kind = { PCG64: 0, PCG64DXSM: 1, MT19937: 2, Philox: 3, SFC64: 4 } as const;
export type KindName = keyof typeof Kind;

const CORE_WORDS = [4, 4, 313, 11, 4];
const SEED_WORDS = [4, 4, 624, 2, 3];
const BLOCK_WORDS = 64;

/** In 32-bit words. */
const HAS_HALF = 1;
const HALF = 2;
const CORE = 4;

const UNIT = 2 ** -53;

/** A state as NumPy's `bit_generator.state` has it, with names as they are usual in TypeScript. */
export interface BitGeneratorState<Core> {
  bitGenerator: string;
  state: Core;
  /** Whether a 32-bit half of a word waits for the next 32-bit draw, and which. */
  hasUint32: number;
  uinteger: number;
}

export abstract class BitGenerator {
  readonly name: KindName;
  /** What it was seeded with; children for parallel work are spawned from it. */
  readonly seedSequence: SeedSequence;
  protected readonly kind: number;
  protected readonly memory: Uint32Array;
  protected readonly core: BigUint64Array;
  /** The rest of the block, in 32-bit words of `memory`. */
  protected at = 0;
  protected end = 0;
  /** The halves of the last 64-bit draw, as unsigned numbers. */
  low = 0;
  high = 0;

  constructor(name: KindName, seed: Seed) {
    this.name = name;
    this.kind = Kind[name];
    const words = CORE_WORDS[this.kind];
    const buffer = new ArrayBuffer(16 + 8 * (2 * words + BLOCK_WORDS));
    this.memory = new Uint32Array(buffer);
    this.core = new BigUint64Array(buffer, 4 * CORE, words);
    this.memory[0] = this.kind;
    this.seedSequence = seedSequence(seed);
    const dtype = this.kind === Kind.MT19937 ? "uint32" : "uint64";
    native().randomSeed(this.memory, this.seedSequence.generateState(SEED_WORDS[this.kind], dtype));
  }

  /** The state, which may be set to one from here or from NumPy. It can be sent to another rank, or kept as JSON. */
  abstract state: BitGeneratorState<unknown>;

  /** A generator that goes on exactly as this one does. */
  copy(): this {
    this.settle();
    const copied = new (this.constructor as new (seed: Seed) => this)(this.seedSequence);
    copied.memory.set(this.memory);
    return copied;
  }

  /** Generators seeded from the next `count` children of `seedSequence`. */
  spawn(count: number): this[] {
    const children = this.seedSequence.spawn(count);
    return children.map(child => new (this.constructor as new (seed: Seed) => this)(child));
  }

  /** The next `count` words as the generator makes them: of 64 bits, but of 32 for MT19937. */
  randomRaw(count: number): BigUint64Array | Uint32Array {
    const words = this.kind === Kind.MT19937 ? new Uint32Array(count) : new BigUint64Array(count);
    native().randomWords(this.settled(), words);
    return words;
  }

  /** Leaves the next 64 bits in `low` and `high`. */
  next64(): void {
    if (this.at === this.end) this.refill();
    const at = this.at;
    this.at = at + 2;
    this.low = this.memory[at];
    this.high = this.memory[at + 1];
  }

  /** Takes the last 64-bit draw back, if nothing has been drawn since. */
  undo64(): void {
    this.at -= 2;
  }

  /** The next 32 bits: half a word, whose other half waits for the next call. */
  next32(): number {
    const { memory } = this;
    if (memory[HAS_HALF] !== 0) {
      memory[HAS_HALF] = 0;
      return memory[HALF];
    }
    this.next64();
    memory[HAS_HALF] = 1;
    memory[HALF] = this.high;
    return this.low;
  }

  /** The next number in [0, 1): 53 random bits. */
  nextDouble(): number {
    if (this.at === this.end) this.refill();
    const at = this.at;
    this.at = at + 2;
    return (this.memory[at + 1] * 2097152 + (this.memory[at] >>> 11)) * UNIT;
  }

  /** Fills `target` natively. */
  fill(
    distribution: Distribution,
    target: Float64Array | Float32Array,
    a?: number,
    b?: number,
    c?: number,
  ): void {
    native().randomFill(this.settled(), distribution, target, a, b, c);
  }

  /** Fills `target` with integers from `low` to `low + range`, both included. */
  fillIntegers(target: ArrayBufferView, low: bigint, range: bigint, masked: boolean): void {
    native().randomIntegers(this.settled(), target, low, range, masked);
  }

  /** Fills `target` with whole numbers from 0 to `most`, then to `most + step`, and so on; `step` is 1 or -1. */
  fillOrder(target: Float64Array, most: number, step: number, masked: boolean): void {
    native().randomOrder(this.settled(), target, most, step, masked);
  }

  /** Puts a typed array into random order, but for elements below `first`, which only change places with others. */
  shuffle(target: ArrayBufferView, first: number, masked: boolean): void {
    native().randomShuffle(this.settled(), target, first, masked);
  }

  /**
   * Fills `target` with numbers below `n`, none twice.
   * @param shuffled the last of all of them in random order, which suits many, else by Floyd's method
   */
  fillDistinct(target: Float64Array, n: number, shuffled: boolean): void {
    native().randomDistinct(this.settled(), target, n - 1, shuffled);
  }

  /** @throws {ArgumentError} no whole number */
  protected wholeJumps(jumps: number | bigint): bigint {
    if (typeof jumps === "bigint" || Number.isSafeInteger(jumps)) return BigInt(jumps);
    throw new ArgumentError(`jumped: expected a number of jumps, not ${jumps}`);
  }

  /** Goes on by `delta`, modulo 2^`bits`, as if so many had been drawn. */
  protected advanceBy(delta: number | bigint, bits: number): void {
    if (typeof delta === "number" && !Number.isSafeInteger(delta)) {
      throw new ArgumentError(
        `advance: expected a whole number, not ${delta}; write a large one as a bigint`,
      );
    }
    const words = new BigUint64Array(4);
    const wrapped = BigInt.asUintN(bits, BigInt(delta));
    for (let i = 0; i < 4; i++) words[i] = BigInt.asUintN(64, wrapped >> BigInt(64 * i));
    native().randomAdvance(this.settled(), words);
  }

  /** Draws a new block, from where the last one has been used up to. */
  protected refill(): void {
    this.settle();
    native().randomBlock(this.memory);
    this.at = CORE + 4 * CORE_WORDS[this.kind];
    this.end = this.at + 2 * BLOCK_WORDS;
  }

  protected settle(): void {
    if (this.at === this.end) return;
    const used = this.at - CORE - 4 * CORE_WORDS[this.kind];
    native().randomSettle(this.memory, this.kind === Kind.MT19937 ? used : used / 2);
    this.at = this.end;
  }

  /** The memory, in the state that NumPy's generator would be in. */
  protected settled(): Uint32Array {
    this.settle();
    return this.memory;
  }

  protected describe<Core>(state: Core): BitGeneratorState<Core> {
    return {
      bitGenerator: this.name,
      state,
      hasUint32: this.memory[HAS_HALF],
      uinteger: this.memory[HALF],
    };
  }

  /** Takes over a state made of so many words; the caller has checked their ranges. */
  protected restore(state: BitGeneratorState<unknown>, core: readonly bigint[]): void {
    this.at = this.end;
    this.core.set(core);
    this.memory[HAS_HALF] = state.hasUint32;
    this.memory[HALF] = state.uinteger;
  }

  /** @throws {ArgumentError} when `state` is not one of this kind of generator. */
  protected check(state: BitGeneratorState<unknown>): void {
    if (state?.bitGenerator !== this.name) {
      throw new ArgumentError(
        `${withArticle(this.name)} cannot take the state of ${state?.bitGenerator ?? "nothing"}`,
      );
    }
    const { hasUint32, uinteger } = state;
    if ((hasUint32 !== 0 && hasUint32 !== 1) || uinteger >>> 0 !== uinteger) {
      throw new ArgumentError("hasUint32 must be 0 or 1, and uinteger a whole number below 2^32");
    }
  }
}

/** @throws {ArgumentError} unless `words` are `count` unsigned numbers of `bits` bits. */
export function checkWords(
  name: string,
  words: Iterable<number | bigint>,
  count: number,
  bits: number,
): bigint[] {
  const list = Array.from(words ?? [], word =>
    typeof word === "bigint" || Number.isInteger(word) ? BigInt(word) : -1n,
  );
  if (list.length !== count || list.some(word => BigInt.asUintN(bits, word) !== word)) {
    throw new ArgumentError(
      `a state's ${name} must be ${count} numbers of ${bits} bits, none of them negative`,
    );
  }
  return list;
}
