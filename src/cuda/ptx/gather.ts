/** gather: the elements of a view with any strides, one after the other, as a dense copy of it. */
import { Kernel } from "./kernel.ts";

export interface GatherForm {
  /** Of an element, up to 16. */
  readonly bytes: number;
  readonly axes: number;
  /** Whether a number of an element or a stride in bytes takes more than 32 bits. */
  readonly wide: boolean;
}

export function gatherName({ bytes, axes, wide }: GatherForm): string {
  return `gather_b${bytes * 8}_${axes}${wide ? "_wide" : ""}`;
}

/**
 * Parameters: count, target, source, then the strides of all axes, in bytes, and the lengths of all but the first. The
 * last axis is the innermost. Where they are not wide, lengths and strides have 32 bits: a division of 64 is a call.
 */
export function gather(form: GatherForm): string {
  const { bytes, axes, wide } = form;
  const type = wide ? "u64" : "u32";
  const kernel = new Kernel(gatherName(form));
  const count = kernel.parameter("count", "u64");
  const target = kernel.parameter("target", "u64");
  const source = kernel.parameter("source", "u64");
  const strides = Array.from({ length: axes }, (_, axis) => kernel.parameter(`stride${axis}`, type));
  const lengths = Array.from({ length: axes - 1 }, (_, i) => kernel.parameter(`length${i + 1}`, type));
  kernel.stride(count, index => {
    let rest = wide ? index : kernel.make("b32", "cvt.u32.u64", index);
    let from = source;
    const step = (coordinate: string, axis: number): void => {
      from = kernel.make("b64", wide ? "mad.lo.u64" : "mad.wide.u32", coordinate, strides[axis], from);
    };
    for (let axis = axes - 1; axis > 0; axis--) {
      const parts = kernel.divided(type, rest, lengths[axis - 1]);
      step(parts.rest, axis);
      rest = parts.quotient;
    }
    step(rest, 0);
    const to = kernel.at(target, index, bytes);
    if (bytes === 16) {
      const [low, high] = [kernel.register("b64"), kernel.register("b64")];
      kernel.emit(
        `ld.global.v2.u64 {${low}, ${high}}, [${from}]`,
        `st.global.v2.u64 [${to}], {${low}, ${high}}`,
      );
    } else {
      const value = kernel.make(bytes === 8 ? "b64" : "b32", `ld.global.u${bytes * 8}`, `[${from}]`);
      kernel.emit(`st.global.u${bytes * 8} [${to}], ${value}`);
    }
  });
  return kernel.toString();
}
