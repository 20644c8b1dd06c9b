/** Arguments for the functions of expressions, and their results on whole arrays. */
import { call } from "../../../src/linalg/expressions/expression.ts";
import { type FunctionName, sync } from "../../../src/linalg/index.ts";

export type Floats = Float32Array | Float64Array;
export const types = { float64: Float64Array, float32: Float32Array } as const;
export type Type = keyof typeof types;

export const apply = (name: FunctionName, ...given: Floats[]): Floats =>
  sync.evaluate(call(name, ...given), {
    dtype: given[0] instanceof Float64Array ? "float64" : "float32",
  }) as Floats;

/** Some of every size, near whole numbers, halves and edges; a generator of its own, so that failures come again. */
export function samples(type: Type, count: number, seed = 1): Floats {
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const special = [
    0,
    -0,
    1,
    -1,
    0.5,
    -0.5,
    Infinity,
    -Infinity,
    Number.NaN,
    5e-324,
    2 ** -149,
    2 ** -1022,
    2 ** -126,
    1e308,
    3e38,
  ];
  const drawn = Array.from({ length: count }, (_, index) => {
    if (index % 16 === 0) return special[Math.floor(random() * special.length)];
    if (index % 4 === 1) return (random() - 0.5) * 60;
    if (index % 4 === 2) return Math.round((random() - 0.5) * 60) / 2;
    const exponent = (random() - 0.5) * (type === "float64" ? 2140 : 290);
    // Powers of whole numbers only: the last bits of others depend on what the engine was compiled for.
    return (random() < 0.5 ? -1 : 1) * (1 + random()) * 2 ** Math.round(exponent);
  });
  return new types[type](drawn);
}
