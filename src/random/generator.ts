/** NumPy's `Generator`. */
import { inspect } from "node:util";
import { ArgumentError } from "../errors.ts";
import { requireKnownOptions } from "../known-options.ts";
import { type ChoiceOptions, choiceOptions, choose, choosePositionsInto, positions } from "./choice.ts";
import {
  count,
  Distribution,
  nonNegative,
  number,
  poissonMean,
  positive,
  positiveProbability,
  probability,
} from "./distributions.ts";
import { checkSize, type Drawn, Draws, float64, none } from "./draws.ts";
import { PCG64 } from "./pcg64.ts";
import type { Seed } from "./seed-sequence.ts";
import { checkShuffled, type Shuffled, shuffle, upTo } from "./shuffle.ts";

/**
 * Draws from distributions, bit for bit what NumPy's `Generator` draws from the same seed. `verb(..., size)` returns one number, or
 * an array of `size`; `verbInto(target, ...)` fills the caller's array and returns it. Fills block. Each is one draw
 * after the other: one fill cut in two gives the same numbers. Wrong arguments throw an ArgumentError before anything is drawn.
 */
export class Generator extends Draws {
  /** Generators for parallel work, seeded from the next children of the seed. */
  spawn(size: number): Generator[] {
    return this.bitGenerator.spawn(size).map(bits => new Generator(bits));
  }

  /** As console.log shows it. */
  [inspect.custom](): string {
    return `Generator(${this.bitGenerator.name})`;
  }

  // --- order and choice ---

  /** Puts the elements of an array into random order, in place, and returns it. */
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

  /**
   * Elements of a list, or numbers below n: one, or `size` of them. With weights `p`; with `replace: false` none twice,
   * and with `shuffle: false` then in no particular order, which is faster.
   * @throws {ArgumentError} when `p` does not fit or does not sum to 1, or there are too few to choose from.
   */
  choice(n: number, size?: undefined, options?: ChoiceOptions): number;
  choice(n: number, size: number, options?: ChoiceOptions): Float64Array;
  choice<T>(list: ArrayLike<T>, size?: undefined, options?: ChoiceOptions): T;
  choice<T>(list: ArrayLike<T>, size: number, options?: ChoiceOptions): T[];
  choice(list: number | ArrayLike<unknown>, size?: number, options: ChoiceOptions = none): unknown {
    if (options !== none) requireKnownOptions("choice", options, choiceOptions);
    return choose(list, size, options, positions(this, options));
  }

  /** Fills with numbers below n: what `choice(n, size)` returns, without an array made for each call. Throws as it does. */
  choiceInto(target: Float64Array, n: number, options: ChoiceOptions = none): Float64Array {
    if (options !== none) requireKnownOptions("choiceInto", options, choiceOptions);
    return choosePositionsInto(float64("choiceInto", target), n, options, positions(this, options));
  }

  // --- further distributions ---

  beta<S extends number | undefined = undefined>(a: number, b: number, size?: S): Drawn<S>;
  beta(a: number, b: number, size?: number): number | Float64Array {
    return this.draw(Distribution.beta, size, positive("a", a), positive("b", b));
  }

  betaInto(target: Float64Array, a: number, b: number): Float64Array {
    return this.fillDoubles(Distribution.beta, target, positive("a", a), positive("b", b));
  }

  /** `df`: degrees of freedom. */
  chisquare<S extends number | undefined = undefined>(df: number, size?: S): Drawn<S>;
  chisquare(df: number, size?: number): number | Float64Array {
    return this.draw(Distribution.chisquare, size, positive("df", df));
  }

  chisquareInto(target: Float64Array, df: number): Float64Array {
    return this.fillDoubles(Distribution.chisquare, target, positive("df", df));
  }

  /** Of Fisher and Snedecor: degrees of freedom above and below the line. */
  f<S extends number | undefined = undefined>(dfnum: number, dfden: number, size?: S): Drawn<S>;
  f(dfnum: number, dfden: number, size?: number): number | Float64Array {
    return this.draw(Distribution.f, size, positive("dfnum", dfnum), positive("dfden", dfden));
  }

  fInto(target: Float64Array, dfnum: number, dfden: number): Float64Array {
    return this.fillDoubles(Distribution.f, target, positive("dfnum", dfnum), positive("dfden", dfden));
  }

  /** Mean and standard deviation are those of the logarithm. */
  lognormal<S extends number | undefined = undefined>(mean?: number, sigma?: number, size?: S): Drawn<S>;
  lognormal(mean = 0, sigma = 1, size?: number): number | Float64Array {
    return this.draw(Distribution.lognormal, size, number("mean", mean), nonNegative("sigma", sigma));
  }

  lognormalInto(target: Float64Array, mean = 0, sigma = 1): Float64Array {
    return this.fillDoubles(
      Distribution.lognormal,
      target,
      number("mean", mean),
      nonNegative("sigma", sigma),
    );
  }

  laplace<S extends number | undefined = undefined>(loc?: number, scale?: number, size?: S): Drawn<S>;
  laplace(loc = 0, scale = 1, size?: number): number | Float64Array {
    return this.draw(Distribution.laplace, size, number("loc", loc), nonNegative("scale", scale));
  }

  laplaceInto(target: Float64Array, loc = 0, scale = 1): Float64Array {
    return this.fillDoubles(Distribution.laplace, target, number("loc", loc), nonNegative("scale", scale));
  }

  gumbel<S extends number | undefined = undefined>(loc?: number, scale?: number, size?: S): Drawn<S>;
  gumbel(loc = 0, scale = 1, size?: number): number | Float64Array {
    return this.draw(Distribution.gumbel, size, number("loc", loc), nonNegative("scale", scale));
  }

  gumbelInto(target: Float64Array, loc = 0, scale = 1): Float64Array {
    return this.fillDoubles(Distribution.gumbel, target, number("loc", loc), nonNegative("scale", scale));
  }

  logistic<S extends number | undefined = undefined>(loc?: number, scale?: number, size?: S): Drawn<S>;
  logistic(loc = 0, scale = 1, size?: number): number | Float64Array {
    return this.draw(Distribution.logistic, size, number("loc", loc), nonNegative("scale", scale));
  }

  logisticInto(target: Float64Array, loc = 0, scale = 1): Float64Array {
    return this.fillDoubles(Distribution.logistic, target, number("loc", loc), nonNegative("scale", scale));
  }

  weibull<S extends number | undefined = undefined>(a: number, size?: S): Drawn<S>;
  weibull(a: number, size?: number): number | Float64Array {
    return this.draw(Distribution.weibull, size, nonNegative("a", a));
  }

  weibullInto(target: Float64Array, a: number): Float64Array {
    return this.fillDoubles(Distribution.weibull, target, nonNegative("a", a));
  }

  /** Of Pareto II, or Lomax: add 1 for the classical one. */
  pareto<S extends number | undefined = undefined>(a: number, size?: S): Drawn<S>;
  pareto(a: number, size?: number): number | Float64Array {
    return this.draw(Distribution.pareto, size, positive("a", a));
  }

  paretoInto(target: Float64Array, a: number): Float64Array {
    return this.fillDoubles(Distribution.pareto, target, positive("a", a));
  }

  power<S extends number | undefined = undefined>(a: number, size?: S): Drawn<S>;
  power(a: number, size?: number): number | Float64Array {
    return this.draw(Distribution.power, size, positive("a", a));
  }

  powerInto(target: Float64Array, a: number): Float64Array {
    return this.fillDoubles(Distribution.power, target, positive("a", a));
  }

  rayleigh<S extends number | undefined = undefined>(scale?: number, size?: S): Drawn<S>;
  rayleigh(scale = 1, size?: number): number | Float64Array {
    return this.draw(Distribution.rayleigh, size, nonNegative("scale", scale));
  }

  rayleighInto(target: Float64Array, scale = 1): Float64Array {
    return this.fillDoubles(Distribution.rayleigh, target, nonNegative("scale", scale));
  }

  standardCauchy<S extends number | undefined = undefined>(size?: S): Drawn<S>;
  standardCauchy(size?: number): number | Float64Array {
    return this.draw(Distribution.standardCauchy, size);
  }

  standardCauchyInto(target: Float64Array): Float64Array {
    return this.fillDoubles(Distribution.standardCauchy, target);
  }

  /** Of Student; `df`: degrees of freedom. */
  standardT<S extends number | undefined = undefined>(df: number, size?: S): Drawn<S>;
  standardT(df: number, size?: number): number | Float64Array {
    return this.draw(Distribution.standardT, size, positive("df", df));
  }

  standardTInto(target: Float64Array, df: number): Float64Array {
    return this.fillDoubles(Distribution.standardT, target, positive("df", df));
  }

  /** Counts of rare events. */
  poisson<S extends number | undefined = undefined>(mean?: number, size?: S): Drawn<S>;
  poisson(mean = 1, size?: number): number | Float64Array {
    return this.draw(Distribution.poisson, size, poissonMean("mean", mean));
  }

  poissonInto(target: Float64Array, mean = 1): Float64Array {
    return this.fillDoubles(Distribution.poisson, target, poissonMean("mean", mean));
  }

  /** Successes in `n` trials. */
  binomial<S extends number | undefined = undefined>(n: number, p: number, size?: S): Drawn<S>;
  binomial(n: number, p: number, size?: number): number | Float64Array {
    return this.draw(Distribution.binomial, size, count("n", n), probability("p", p));
  }

  binomialInto(target: Float64Array, n: number, p: number): Float64Array {
    return this.fillDoubles(Distribution.binomial, target, count("n", n), probability("p", p));
  }

  /** Trials up to the first success. */
  geometric<S extends number | undefined = undefined>(p: number, size?: S): Drawn<S>;
  geometric(p: number, size?: number): number | Float64Array {
    return this.draw(Distribution.geometric, size, positiveProbability("p", p));
  }

  geometricInto(target: Float64Array, p: number): Float64Array {
    return this.fillDoubles(Distribution.geometric, target, positiveProbability("p", p));
  }

  /** Failures before `n` successes. */
  negativeBinomial<S extends number | undefined = undefined>(n: number, p: number, size?: S): Drawn<S>;
  negativeBinomial(n: number, p: number, size?: number): number | Float64Array {
    return this.draw(Distribution.negativeBinomial, size, positive("n", n), positiveProbability("p", p));
  }

  negativeBinomialInto(target: Float64Array, n: number, p: number): Float64Array {
    return this.fillDoubles(
      Distribution.negativeBinomial,
      target,
      positive("n", n),
      positiveProbability("p", p),
    );
  }

  triangular<S extends number | undefined = undefined>(
    left: number,
    mode: number,
    right: number,
    size?: S,
  ): Drawn<S>;
  triangular(left: number, mode: number, right: number, size?: number): number | Float64Array {
    checkTriangle(left, mode, right);
    return this.draw(Distribution.triangular, size, left, mode, right);
  }

  triangularInto(target: Float64Array, left: number, mode: number, right: number): Float64Array {
    checkTriangle(left, mode, right);
    return this.fillDoubles(Distribution.triangular, target, left, mode, right);
  }
}

function checkTriangle(left: number, mode: number, right: number): void {
  if (!(left <= mode && mode <= right && left < right)) {
    throw new ArgumentError(
      `triangular: expected left <= mode <= right, and left < right, not ${left}, ${mode}, ${right}`,
    );
  }
}

/** A `Generator` on PCG64, as NumPy's `default_rng(seed)`: without a seed, seeded by the system. */
export function defaultRng(seed?: Seed): Generator {
  return new Generator(new PCG64(seed));
}
