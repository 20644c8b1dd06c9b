/** fill: every element of a dense array becomes one value, given as bits. */
import { storeVectors } from "./element.ts";
import type { Grouping } from "./groups.ts";
import { Kernel } from "./kernel.ts";

export function fillName(bytes: number, { vectors }: Grouping): string {
  return `fill_b${bytes * 8}${vectors ? "" : "_single"}`;
}

/** Parameters: count, address, bits (u64), which are those of as many elements as it has room for. */
export function fill(bytes: number, grouping: Grouping): string {
  const kernel = new Kernel(fillName(bytes, grouping));
  const count = kernel.parameter("count", "u64");
  const target = kernel.parameter("target", "u64");
  const bits = kernel.parameter("bits", "u64");
  const value = bytes === 8 ? bits : kernel.make("b32", "cvt.u32.u64", bits);
  kernel.strideByGroups(count, grouping, (index, { lanes, vectors }) => {
    const at = kernel.at(target, index, bytes);
    if (vectors) storeVectors(kernel, "u64", at, new Array<string>((lanes * bytes) / 8).fill(bits));
    else kernel.emit(`st.global.u${bytes * 8} [${at}], ${value}`);
  });
  return kernel.toString();
}
