/** NumPy's `RandomState`: what `numpy.random.seed(1); numpy.random.normal(...)` draws, so that old data can be made again. */
import { requireKnownOptions } from "../known-options.ts";
import type { BitGeneratorState } from "./bit-generator.ts";
import { type ChoiceOptions, choose, weighted, weightedOnce } from "./choice.ts";
import { count, Distribution, nonNegative, number, poissonMean, probability } from "./distributions.ts";
import { checkSize, type Drawn, none, uniformRange } from "./draws.ts";
import { type IntegerArray, integerBounds, integerTypeOf } from "./integers.ts";
import { MT19937, type Mt19937Core } from "./mt19937.ts";
import { checkShuffled, type Shuffled, shuffle, upTo } from "./shuffle.ts";

export interface RandomStateState extends BitGeneratorState<Mt19937Core> {
  /** Whether the second normal of a pair waits for the next call, and which. */
  hasGauss: number;
  gauss: number;
}

const one = new Float64Array(1);

/**
 * Frozen as NumPy has frozen it: normals by the polar method, exponentials by inversion, whole numbers by masking, all
 * from MT19937. For new work take a `Generator`, which is faster and better.
 */
export class RandomState {
  readonly bitGenerator: MT19937;
  readonly #kept = new Float64Array(2);

  /**
   * @param seed one number or several, below 2^32; without one, from the system.
   * @throws {ArgumentError} when it is anything else.
   */
  constructor(seed?: number | readonly number[] | Uint32Array) {
    this.bitGenerator = new MT19937(seed === undefined ? undefined : 0);
    if (seed !== undefined) this.seed(seed);
  }

  /** Begins again, as `numpy.random.seed(seed)`. */
  seed(seed: number | readonly number[] | Uint32Array): void {
    this.bitGenerator.legacySeed(seed);
    this.#kept.fill(0);
  }

  get state(): RandomStateState {
    return { ...this.bitGenerator.state, hasGauss: this.#kept[0], gauss: this.#kept[1] };
  }

  set state(value: RandomStateState) {
    this.bitGenerator.state = value;
    this.#kept[0] = value.hasGauss === 1 ? 1 : 0;
    this.#kept[1] = value.gauss;
  }

  /** Evenly distributed in [0, 1). */
  randomSample<S extends number | undefined = undefined>(size?: S): Drawn<S>;
  randomSample(size?: number): number | Float64Array {
    if (size === undefined) return this.bitGenerator.nextDouble();
    return this.fill(Distribution.random, new Float64Array(checkSize(size)));
  }

  uniform<S extends number | undefined = undefined>(low?: number, high?: number, size?: S): Drawn<S>;
  uniform(low = 0, high = 1, size?: number): number | Float64Array {
    const range = uniformRange(low, high);
    if (size === undefined) return low + range * this.bitGenerator.nextDouble();
    return this.fill(Distribution.uniform, new Float64Array(checkSize(size)), low, high);
  }

  standardNormal<S extends number | undefined = undefined>(size?: S): Drawn<S>;
  standardNormal(size?: number): number | Float64Array {
    return this.legacy(Distribution.standardNormal, size);
  }

  normal<S extends number | undefined = undefined>(loc?: number, scale?: number, size?: S): Drawn<S>;
  normal(loc = 0, scale = 1, size?: number): number | Float64Array {
    number("loc", loc);
    nonNegative("scale", scale);
    return this.legacy(Distribution.standardNormal, size, 0, loc, scale);
  }

  standardExponential<S extends number | undefined = undefined>(size?: S): Drawn<S>;
  standardExponential(size?: number): number | Float64Array {
    return this.legacy(Distribution.standardExponential, size);
  }

  exponential<S extends number | undefined = undefined>(scale?: number, size?: S): Drawn<S>;
  exponential(scale = 1, size?: number): number | Float64Array {
    nonNegative("scale", scale);
    return this.legacy(Distribution.standardExponential, size, 0, 0, scale);
  }

  standardGamma<S extends number | undefined = undefined>(shape: number, size?: S): Drawn<S>;
  standardGamma(shape: number, size?: number): number | Float64Array {
    return this.legacy(Distribution.standardGamma, size, nonNegative("shape", shape));
  }

  gamma<S extends number | undefined = undefined>(shape: number, scale?: number, size?: S): Drawn<S>;
  gamma(shape: number, scale = 1, size?: number): number | Float64Array {
    nonNegative("scale", scale);
    return this.legacy(Distribution.standardGamma, size, nonNegative("shape", shape), 0, scale);
  }

  poisson<S extends number | undefined = undefined>(mean?: number, size?: S): Drawn<S>;
  poisson(mean = 1, size?: number): number | Float64Array {
    const target = new Float64Array(checkSize(size ?? 1));
    this.fill(Distribution.poisson, target, poissonMean("mean", mean));
    return size === undefined ? target[0] : target;
  }

  binomial<S extends number | undefined = undefined>(n: number, p: number, size?: S): Drawn<S>;
  binomial(n: number, p: number, size?: number): number | Float64Array {
    const target = new Float64Array(checkSize(size ?? 1));
    this.fill(Distribution.binomial, target, count("n", n), probability("p", p));
    return size === undefined ? target[0] : target;
  }

  /** Whole numbers from `low` up to but not with `high`; from 0 up to `low` when there is no `high`. */
  randint<S extends number | undefined = undefined>(low: number, high?: number, size?: S): Drawn<S>;
  randint(low: number, high?: number, size?: number): number | Float64Array {
    const target = this.randintInto(new Float64Array(checkSize(size ?? 1)), low, high);
    return size === undefined ? target[0] : target;
  }

  /** The type of the draws is that of the array; in a Float64Array, NumPy's `int64` as numbers. */
  randintInto<T extends IntegerArray>(target: T, low: number | bigint, high?: number | bigint): T {
    const bounds = integerBounds(integerTypeOf(target), low, high, false);
    this.bitGenerator.fillIntegers(target, bounds.low, bounds.range, true);
    return target;
  }

  shuffle<T extends Shuffled>(array: T): T {
    checkShuffled("shuffle", array);
    return shuffle(this.bitGenerator, array);
  }

  /** The numbers 0 to n - 1, or the elements of a list, in random order; a new array. */
  permutation(n: number): Float64Array;
  permutation<T extends Shuffled & { slice(): T }>(array: T): T;
  permutation(values: number | (Shuffled & { slice(): Shuffled })): Shuffled {
    if (typeof values === "number") return this.shuffle(upTo(checkSize(values)));
    checkShuffled("permutation", values);
    return this.shuffle(values.slice());
  }

  /** As `Generator.choice`, drawn as RandomState draws. */
  choice(n: number, size?: undefined, options?: Omit<ChoiceOptions, "shuffle">): number;
  choice(n: number, size: number, options?: Omit<ChoiceOptions, "shuffle">): Float64Array;
  choice<T>(list: ArrayLike<T>, size?: undefined, options?: Omit<ChoiceOptions, "shuffle">): T;
  choice<T>(list: ArrayLike<T>, size: number, options?: Omit<ChoiceOptions, "shuffle">): T[];
  choice(
    list: number | ArrayLike<unknown>,
    size?: number,
    options: Omit<ChoiceOptions, "shuffle"> = none,
  ): unknown {
    if (options !== none) requireKnownOptions("choice", options, { replace: true, p: true });
    const { replace = true, p } = options;
    const uniforms = (target: Float64Array) => this.fill(Distribution.random, target);
    return choose(list, size, options, (target, n) => {
      if (p !== undefined) (replace ? weighted : weightedOnce)(uniforms, target, p);
      else if (replace) this.randintInto(target, 0, n);
      else target.set(this.permutation(n).subarray(0, target.length));
    });
  }

  private fill(distribution: Distribution, target: Float64Array, a?: number, b?: number): Float64Array {
    this.bitGenerator.fill(distribution, target, a, b);
    return target;
  }

  private legacy(
    distribution: Distribution,
    size: number | undefined,
    shape = 0,
    loc = 0,
    scale = 1,
  ): number | Float64Array {
    const target = size === undefined ? one : new Float64Array(checkSize(size));
    this.bitGenerator.fillLegacy(distribution, target, shape, this.#kept);
    if (loc !== 0 || scale !== 1) {
      for (let i = 0; i < target.length; i++) target[i] = loc + scale * target[i];
    }
    return size === undefined ? target[0] : target;
  }
}
