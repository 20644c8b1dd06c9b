/**
 * NumPy's `SeedSequence`: turns any seed into well mixed words, and one seed into as many independent ones as are
 * wanted. The design is M. E. O'Neill's `seed_seq_fe` ("Developing a seed_seq alternative", 2015) as NumPy has it.
 */
import { ArgumentError } from "../errors.ts";
import { requireKnownOptions } from "../known-options.ts";

/** Whole numbers of any size, not negative; several are put together. `undefined`: fresh ones from the system. */
export type Entropy = number | bigint | readonly (number | bigint)[] | Uint32Array | undefined;

export interface SeedSequenceOptions {
  /** Which of the descendants of a sequence this is; empty for an ancestor. */
  spawnKey?: readonly (number | bigint)[];
  /** Words of 32 bits that entropy is pooled in, at least 4. */
  poolSize?: number;
  /** Children that count as spawned already. */
  childrenSpawned?: number;
}

/** The 32-bit words of a number, lowest first; 0 has one. */
function pushWords(words: number[], value: number | bigint, what: string): void {
  if (typeof value === "number" && value >>> 0 === value) {
    words.push(value);
    return;
  }
  if (typeof value === "number" && !Number.isSafeInteger(value)) {
    const hint = Number.isInteger(value) ? "; write one this large as a bigint" : "";
    throw new ArgumentError(`${what} must be a whole number, not ${value}${hint}`);
  }
  if (typeof value !== "number" && typeof value !== "bigint") {
    throw new ArgumentError(`${what} must be a whole number or a list of them, not ${String(value)}`);
  }
  if (value < 0) throw new ArgumentError(`${what} must not be negative, but is ${value}`);
  let rest = BigInt(value);
  do {
    words.push(Number(rest & 0xffffffffn));
    rest >>= 32n;
  } while (rest > 0n);
}

function wordsOf(value: Exclude<Entropy, undefined>, what: string): number[] {
  const words: number[] = [];
  if (typeof value === "object" && value !== null && Symbol.iterator in value) {
    for (const part of value) pushWords(words, part, what);
  } else {
    pushWords(words, value, what);
  }
  return words;
}

function freshEntropy(words: number): bigint {
  return crypto
    .getRandomValues(new Uint32Array(words))
    .reduce((whole, word) => (whole << 32n) | BigInt(word), 0n);
}

function scramble(value: number): number {
  return (value ^ (value >>> 16)) >>> 0;
}

function mix(x: number, y: number): number {
  return scramble(Math.imul(0xca01f9dd, x) - Math.imul(0x4973f715, y));
}

/** Spreads `entropy` over `pool`, so that each word of it counts in each word of the pool. */
function fillPool(pool: Uint32Array, entropy: readonly number[]): void {
  let factor = 0x43b0d7e5;
  const hash = (word: number) => {
    const mixed = word ^ factor;
    factor = Math.imul(factor, 0x931e8875);
    return scramble(Math.imul(mixed, factor));
  };
  const size = pool.length;
  for (let i = 0; i < size; i++) pool[i] = hash(entropy[i] ?? 0);
  for (let from = 0; from < size; from++) {
    for (let to = 0; to < size; to++) if (to !== from) pool[to] = mix(pool[to], hash(pool[from]));
  }
  for (let from = size; from < entropy.length; from++) {
    for (let to = 0; to < size; to++) pool[to] = mix(pool[to], hash(entropy[from]));
  }
}

export class SeedSequence {
  readonly entropy: Exclude<Entropy, undefined>;
  readonly spawnKey: readonly (number | bigint)[];
  readonly poolSize: number;
  /** What all that is generated comes from: `poolSize` words. */
  readonly pool: Uint32Array;
  #childrenSpawned: number;

  /** @throws {ArgumentError} when entropy or a spawn key is negative or no whole number, or the pool is too small. */
  constructor(entropy?: Entropy, options: SeedSequenceOptions = {}) {
    requireKnownOptions("SeedSequence", options, { spawnKey: true, poolSize: true, childrenSpawned: true });
    const { spawnKey = [], poolSize = 4, childrenSpawned = 0 } = options;
    if (!Number.isInteger(poolSize) || poolSize < 4) {
      throw new ArgumentError(`poolSize must be a whole number of at least 4, not ${poolSize}`);
    }
    this.entropy = entropy ?? freshEntropy(poolSize);
    this.spawnKey = spawnKey;
    this.poolSize = poolSize;
    this.#childrenSpawned = childrenSpawned;
    const words = wordsOf(this.entropy, "a seed");
    if (spawnKey.length > 0) {
      // So that a long seed without a key never equals a short one with a key.
      while (words.length < poolSize) words.push(0);
      words.push(...wordsOf(spawnKey, "a spawn key"));
    }
    this.pool = new Uint32Array(poolSize);
    fillPool(this.pool, words);
  }

  /** How many children `spawn` has made. */
  get childrenSpawned(): number {
    return this.#childrenSpawned;
  }

  /** `count` words made of the seed, the same in each call. */
  generateState(count: number, dtype?: "uint32"): Uint32Array;
  generateState(count: number, dtype: "uint64"): BigUint64Array;
  generateState(count: number, dtype: "uint32" | "uint64"): Uint32Array | BigUint64Array;
  generateState(count: number, dtype: "uint32" | "uint64" = "uint32"): Uint32Array | BigUint64Array {
    if (!Number.isInteger(count) || count < 0) {
      throw new ArgumentError(`generateState: expected a number of words, not ${count}`);
    }
    const state = new Uint32Array(dtype === "uint64" ? 2 * count : count);
    let factor = 0x8b51f9dd;
    for (let i = 0; i < state.length; i++) {
      const mixed = this.pool[i % this.poolSize] ^ factor;
      factor = Math.imul(factor, 0x58f38ded);
      state[i] = scramble(Math.imul(mixed, factor));
    }
    return dtype === "uint64" ? new BigUint64Array(state.buffer) : state;
  }

  /** The child with number `index`, without counting it as spawned: `spawn` gives the same ones in order. */
  child(index: number | bigint): SeedSequence {
    return new SeedSequence(this.entropy, { spawnKey: [...this.spawnKey, index], poolSize: this.poolSize });
  }

  /** The next `count` children: independent of one another, of this sequence and of all their descendants. */
  spawn(count: number): SeedSequence[] {
    if (!Number.isInteger(count) || count < 0) {
      throw new ArgumentError(`spawn: expected a number of children, not ${count}`);
    }
    const first = this.#childrenSpawned;
    this.#childrenSpawned += count;
    return Array.from({ length: count }, (_, i) => this.child(first + i));
  }
}

/** Anything that a generator can be seeded with. */
export type Seed = Entropy | SeedSequence;

export function seedSequence(seed: Seed): SeedSequence {
  return seed instanceof SeedSequence ? seed : new SeedSequence(seed);
}
