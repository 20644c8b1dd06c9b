/** L'Ecuyer's MRG32k3a with streams and substreams, bit for bit R's `RNGkind("L'Ecuyer-CMRG")`. */
import { ArgumentError } from "../errors.ts";
import { native } from "../native.ts";
import { count, finite, nonNegative, positive } from "./distributions.ts";
import { checkSize, type Drawn, float64 } from "./draws.ts";

/** Codes of `native/random-lecuyer.h`. */
const UNIFORM = 0;
const NORMAL = 1;
const EXPONENTIAL = 2;

const M1 = 4294967087;
const M2 = 4294944443;
const UNIT = 2.328306549295728e-10;

/** `.Random.seed[1]` under R's defaults: rejection sampling, normals by inversion, this generator. */
const R_KIND = 10407;

type Matrix = readonly (readonly bigint[])[];

/** One step of each recurrence, as a matrix on its three words. */
const STEPS: readonly [Matrix, bigint][] = [
  [
    [
      [0n, 1n, 0n],
      [0n, 0n, 1n],
      [BigInt(M1 - 810728), 1403580n, 0n],
    ],
    BigInt(M1),
  ],
  [
    [
      [0n, 1n, 0n],
      [0n, 0n, 1n],
      [BigInt(M2 - 1370589), 0n, 527612n],
    ],
    BigInt(M2),
  ],
];

function square(a: Matrix, modulus: bigint): Matrix {
  return a.map(row => a.map((_, j) => row.reduce((sum, x, k) => sum + x * a[k][j], 0n) % modulus));
}

const leaps = new Map<number, Matrix[]>();

/** 2^`power` steps of each recurrence. */
function leap(power: number): Matrix[] {
  let matrices = leaps.get(power);
  if (matrices === undefined) {
    matrices = STEPS.map(([step, modulus]) => {
      let matrix = step;
      for (let i = 0; i < power; i++) matrix = square(matrix, modulus);
      return matrix;
    });
    leaps.set(power, matrices);
  }
  return matrices;
}

const one = new Float64Array(1);

export class MRG32k3a {
  /** Three words of each recurrence, oldest first. */
  readonly #words: Uint32Array;

  /**
   * @param seed what R's `set.seed` takes, a whole number of 32 bits; or six words, or all seven of `.Random.seed`.
   * @throws {ArgumentError} when it is neither.
   */
  constructor(seed: number | ArrayLike<number>) {
    this.#words = typeof seed === "number" ? scrambled(seed) : checked(seed);
  }

  /** As R's `.Random.seed`: a code for the kind, and six words as signed numbers. */
  get randomSeed(): Int32Array {
    return Int32Array.of(R_KIND, ...this.#words);
  }

  /** A new generator at the start of the next stream, 2^127 draws further on: R's `nextRNGStream`. */
  nextStream(): MRG32k3a {
    return this.#leapt(127);
  }

  /** A new generator at the start of the next substream, 2^76 draws further on: R's `nextRNGSubStream`. */
  nextSubstream(): MRG32k3a {
    return this.#leapt(76);
  }

  /** Evenly distributed between `min` and `max`, without both. */
  runif<S extends number | undefined = undefined>(size?: S, min?: number, max?: number): Drawn<S>;
  runif(size?: number, min = 0, max = 1): number | Float64Array {
    if (size !== undefined) return this.runifInto(new Float64Array(checkSize(size)), min, max);
    checkRange(min, max);
    return min === max ? min : min + (max - min) * this.#uniform();
  }

  runifInto(target: Float64Array, min = 0, max = 1): Float64Array {
    checkRange(min, max);
    if (min === max) return target.fill(min);
    return this.#fill(
      UNIFORM,
      float64("runifInto", target),
      x => min + (max - min) * x,
      min === 0 && max === 1,
    );
  }

  /** Normals, by inversion. */
  rnorm<S extends number | undefined = undefined>(size?: S, mean?: number, sd?: number): Drawn<S>;
  rnorm(size?: number, mean = 0, sd = 1): number | Float64Array {
    const drawn = this.rnormInto(size === undefined ? one : new Float64Array(checkSize(size)), mean, sd);
    return size === undefined ? drawn[0] : drawn;
  }

  rnormInto(target: Float64Array, mean = 0, sd = 1): Float64Array {
    finite("mean", mean);
    if (nonNegative("sd", sd) === 0) return target.fill(mean);
    return this.#fill(NORMAL, float64("rnormInto", target), x => mean + sd * x, mean === 0 && sd === 1);
  }

  /** Exponentials of rate `rate`. */
  rexp<S extends number | undefined = undefined>(size?: S, rate?: number): Drawn<S>;
  rexp(size?: number, rate = 1): number | Float64Array {
    const drawn = this.rexpInto(size === undefined ? one : new Float64Array(checkSize(size)), rate);
    return size === undefined ? drawn[0] : drawn;
  }

  rexpInto(target: Float64Array, rate = 1): Float64Array {
    const scale = 1 / positive("rate", rate);
    return this.#fill(EXPONENTIAL, float64("rexpInto", target), x => scale * x, scale === 1);
  }

  /** `size` of the numbers 1 to n, all of them if it is left out, none twice, in random order: R's `sample(n, size)`. */
  sample(n: number, size = n): Float64Array {
    if (count("size", size) > count("n", n)) {
      throw new ArgumentError(`sample: ${size} of ${n} without replacement; choose fewer`);
    }
    const left = Float64Array.from({ length: n }, (_, i) => i + 1);
    return Float64Array.from({ length: size }, (_, i) => {
      const j = this.#index(n - i);
      const drawn = left[j];
      left[j] = left[n - i - 1];
      return drawn;
    });
  }

  /** From 0 to n - 1, by rejection: R's default since 3.6. */
  #index(n: number): number {
    const bits = Math.ceil(Math.log2(n));
    let draw: number;
    do {
      draw = 0;
      for (let made = 0; made <= bits; made += 16) draw = 65536 * draw + Math.floor(this.#uniform() * 65536);
      draw %= 2 ** bits;
    } while (draw >= n);
    return draw;
  }

  #uniform(): number {
    const words = this.#words;
    // All below 2^53, so exact.
    const first = reduced(1403580 * words[1] - 810728 * words[0], M1);
    const second = reduced(527612 * words[5] - 1370589 * words[3], M2);
    words[0] = words[1];
    words[1] = words[2];
    words[2] = first;
    words[3] = words[4];
    words[4] = words[5];
    words[5] = second;
    return (first > second ? first - second : first - second + M1) * UNIT;
  }

  #fill(draw: number, target: Float64Array, stretch: (x: number) => number, standard: boolean): Float64Array {
    native().randomLecuyer(this.#words, draw, target);
    if (standard) return target;
    for (let i = 0; i < target.length; i++) target[i] = stretch(target[i]);
    return target;
  }

  #leapt(power: number): MRG32k3a {
    const words = Array.from(this.#words, BigInt);
    const leapt = leap(power).flatMap((matrix, which) => {
      const part = words.slice(3 * which, 3 * which + 3);
      return matrix.map(row => Number(row.reduce((sum, x, k) => sum + x * part[k], 0n) % STEPS[which][1]));
    });
    return new MRG32k3a(leapt);
  }
}

function reduced(value: number, modulus: number): number {
  const rest = value - Math.floor(value / modulus) * modulus;
  // The quotient may have been rounded up to the next whole number.
  return rest < 0 ? rest + modulus : rest;
}

/** As R's `set.seed` spreads a number. */
function scrambled(seed: number): Uint32Array {
  if (!Number.isInteger(seed) || seed < -(2 ** 31) || seed >= 2 ** 32) {
    throw new ArgumentError(`a seed must be a whole number of 32 bits, or the words of a state, not ${seed}`);
  }
  const next = (word: number) => (Math.imul(69069, word) + 1) >>> 0;
  let word = seed >>> 0;
  for (let i = 0; i < 50; i++) word = next(word);
  const words = new Uint32Array(6);
  for (let i = 0; i < 6; i++) {
    do word = next(word);
    while (word >= M2);
    words[i] = word;
  }
  return words;
}

function checked(state: ArrayLike<number>): Uint32Array {
  const list = Array.from(state);
  if (list.length === 7 && list[0] % 100 === R_KIND % 100) list.shift();
  const words = Uint32Array.from(list);
  const exact =
    list.length === 6 && list.every((word, i) => word === words[i] || word === words[i] - 2 ** 32);
  const halves = [words.subarray(0, 3), words.subarray(3)];
  const valid = halves.every(
    (half, i) => half.some(w => w !== 0) && half.every(w => w < (i === 0 ? M1 : M2)),
  );
  if (!exact || !valid) {
    throw new ArgumentError(
      `a state must be six words, or R's .Random.seed of L'Ecuyer-CMRG, the first three below ${M1}, the others below ${M2}, neither all 0`,
    );
  }
  return words;
}

function checkRange(min: number, max: number): void {
  if (finite("max", max) < finite("min", min)) {
    throw new ArgumentError(`runif: min must not be above max, but ${min} and ${max} came`);
  }
}
