/** cast: a dense array's elements as another type. */
import type { Dtype } from "../dtype.ts";
import { computedAs, convert, load, store } from "./element.ts";
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
    // Reals come to the range of a narrow integer by the conversion itself; integers by storing their low bits.
    const narrow = from.float && !to.float && to.bytes < 4;
    const converted = narrow
      ? kernel.make(
          "b32",
          `cvt.rzi.${to.name.startsWith("u") ? "u" : "s"}${to.bytes * 8}.${computedAs(from)}`,
          value,
        )
      : convert(kernel, computedAs(from), computedAs(to), value);
    store(kernel, to, kernel.at(target, index, to.bytes), converted);
  });
  return kernel.toString();
}
