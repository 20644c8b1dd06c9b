/** cast: a dense array's elements as another type. */
import type { Dtype } from "../dtype.ts";
import { computedAs, convertFor, load, store } from "./element.ts";
import type { Grouping } from "./groups.ts";
import { Kernel } from "./kernel.ts";

export function castName(from: Dtype, to: Dtype, { vectors }: Grouping): string {
  return `cast_${from.name}_${to.name}${vectors ? "" : "_single"}`;
}

/** Parameters: count, target, source. */
export function cast(from: Dtype, to: Dtype, grouping: Grouping): string {
  const kernel = new Kernel(castName(from, to, grouping));
  const count = kernel.parameter("count", "u64");
  const target = kernel.parameter("target", "u64");
  const source = kernel.parameter("source", "u64");
  kernel.strideByGroups(count, grouping, (index, group) => {
    const values = load(kernel, from, kernel.at(source, index, from.bytes), group);
    const converted = values.map(value => convertFor(kernel, computedAs(from), to, value));
    store(kernel, to, kernel.at(target, index, to.bytes), converted);
  });
  return kernel.toString();
}
