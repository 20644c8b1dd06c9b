/** cast: a dense array's elements as another type. */
import type { Dtype } from "../dtype.ts";
import { computedAs, convertFor, load, store } from "./element.ts";
import { Kernel } from "./kernel.ts";

export function castName(from: Dtype, to: Dtype): string {
  return `cast_${from.name}_${to.name}`;
}

/** Parameters: count, target, source. */
export function cast(from: Dtype, to: Dtype): string {
  const kernel = new Kernel(castName(from, to));
  const count = kernel.parameter("count", "u64");
  const target = kernel.parameter("target", "u64");
  const source = kernel.parameter("source", "u64");
  kernel.stride(count, index => {
    const value = load(kernel, from, kernel.at(source, index, from.bytes));
    const converted = convertFor(kernel, computedAs(from), to, value);
    store(kernel, to, kernel.at(target, index, to.bytes), converted);
  });
  return kernel.toString();
}
