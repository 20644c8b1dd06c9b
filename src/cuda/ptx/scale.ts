/** scale: a stack of matrices times a number, which is what a product leaves that has nothing to add up. */
import type { Dtype } from "../dtype.ts";
import { computedAs, convert, convertFor, kindOf, load, store } from "./element.ts";
import { single } from "./groups.ts";
import { Kernel } from "./kernel.ts";

export function scaleName(dtype: Dtype): string {
  return `scale_${dtype.name}`;
}

/**
 * Parameters: count, target, columns and rows of a matrix, elements from row to row and from matrix to matrix, and the
 * factor (f64). What is multiplied by 0 is not looked at, so that NaN goes, too.
 */
export function scale(dtype: Dtype): string {
  const kernel = new Kernel(scaleName(dtype));
  const count = kernel.parameter("count", "u64");
  const target = kernel.parameter("target", "u64");
  const [columns, rows, rowStep, step] = ["columns", "rows", "rowStep", "step"].map(name =>
    kernel.parameter(name, "u64"),
  );
  const factor = kernel.parameter("factor", "f64");
  const type = computedAs(dtype);
  const by = convert(kernel, "f64", type, factor);
  const nothing = kernel.make("pred", "setp.eq.f64", factor, "0d0000000000000000");
  kernel.stride(count, index => {
    const { quotient: line, rest: column } = kernel.divided("u64", index, columns);
    const { quotient: matrix, rest: row } = kernel.divided("u64", line, rows);
    const within = kernel.make("b64", "mad.lo.u64", row, rowStep, column);
    const at = kernel.at(target, kernel.make("b64", "mad.lo.u64", matrix, step, within), dtype.bytes);
    const kind = kindOf(type);
    const [value] = load(kernel, dtype, at, single);
    const product = kernel.make(kind, type.startsWith("f") ? `mul.rn.${type}` : `mul.lo.${type}`, value, by);
    const zero = type === "f32" ? "0f00000000" : type === "f64" ? "0d0000000000000000" : 0;
    const scaled = kernel.make(kind, `selp.${kind}`, zero, product, nothing);
    store(kernel, dtype, at, [convertFor(kernel, type, dtype, scaled)]);
  });
  return kernel.toString();
}
