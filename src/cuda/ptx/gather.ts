/** gather: the elements of a view with any strides, one after the other, as a dense copy of it. */
import { Kernel } from "./kernel.ts";

/** Axes that one kernel handles; shapes with fewer are padded with ones. */
export const gatherAxes = 4;

export function gatherName(bytes: number): string {
  return `gather_b${bytes * 8}`;
}

/** Parameters: count, target, source, then lengths and strides (in elements) of four axes, the last one innermost. */
export function gather(bytes: number): string {
  const kernel = new Kernel(gatherName(bytes));
  const count = kernel.parameter("count", "u64");
  const target = kernel.parameter("target", "u64");
  const source = kernel.parameter("source", "u64");
  const axes = Array.from({ length: gatherAxes }, (_, axis) => axis);
  const lengths = axes.map(axis => kernel.parameter(`length${axis}`, "u64"));
  const strides = axes.map(axis => kernel.parameter(`stride${axis}`, "u64"));
  kernel.stride(count, index => {
    let rest = index;
    let from = source;
    for (const axis of axes.toReversed()) {
      const coordinate = axis === 0 ? rest : kernel.make("b64", "rem.u64", rest, lengths[axis]);
      const step = kernel.make("b64", "mul.lo.u64", coordinate, strides[axis]);
      from = kernel.at(from, step, bytes);
      if (axis > 0) rest = kernel.make("b64", "div.u64", rest, lengths[axis]);
    }
    const value = kernel.make(
      bytes === 8 ? "b64" : bytes === 4 ? "b32" : "b16",
      `ld.global.u${bytes * 8}`,
      `[${from}]`,
    );
    kernel.emit(`st.global.u${bytes * 8} [${kernel.at(target, index, bytes)}], ${value}`);
  });
  return kernel.toString();
}
