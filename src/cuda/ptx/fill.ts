/** fill: every element of a dense array becomes one value, given as bits. */
import { Kernel } from "./kernel.ts";

export function fillName(bytes: number): string {
  return `fill_b${bytes * 8}`;
}

/** Parameters: count, address, bits (u64). */
export function fill(bytes: number): string {
  const kernel = new Kernel(fillName(bytes));
  const count = kernel.parameter("count", "u64");
  const target = kernel.parameter("target", "u64");
  const bits = kernel.parameter("bits", "u64");
  let value = bits;
  if (bytes === 4) value = kernel.make("b32", "cvt.u32.u64", bits);
  else if (bytes < 4) value = kernel.make("b16", "cvt.u16.u64", bits);
  kernel.stride(count, index => {
    kernel.emit(`st.global.u${bytes * 8} [${kernel.at(target, index, bytes)}], ${value}`);
  });
  return kernel.toString();
}
