/** Loads and stores of elements of every type, as float32 or float64 or integers in registers. */
import type { Dtype } from "../dtype.ts";
import type { Kernel, Kind } from "./kernel.ts";

/** What an element is while it is computed with: halves as float32, integers as 32 or 64 bits. */
export type Computed = "f32" | "f64" | "s32" | "u32" | "s64" | "u64";

export function computedAs(dtype: Dtype): Computed {
  if (dtype.name === "float64") return "f64";
  if (dtype.float) return "f32";
  const sign = dtype.name.startsWith("u") ? "u" : "s";
  return `${sign}${dtype.bytes === 8 ? 64 : 32}` as Computed;
}

export function kindOf(type: Computed): "f32" | "f64" | "b32" | "b64" {
  if (type === "f32" || type === "f64") return type;
  return type.endsWith("64") ? "b64" : "b32";
}

/** An element at an address, in a new register of its `computedAs`. */
export function load(kernel: Kernel, dtype: Dtype, address: string): string {
  const at = `[${address}]`;
  switch (dtype.name) {
    case "float64":
      return kernel.make("f64", "ld.global.f64", at);
    case "float32":
      return kernel.make("f32", "ld.global.f32", at);
    case "float16":
      return kernel.make("f32", "cvt.f32.f16", kernel.make("b16", "ld.global.b16", at));
    case "bfloat16": {
      // The upper half of a float32.
      const bits = kernel.make("b32", "cvt.u32.u16", kernel.make("b16", "ld.global.u16", at));
      return kernel.make("f32", "mov.b32", kernel.make("b32", "shl.b32", bits, 16));
    }
    default: {
      const type = `${dtype.name.startsWith("u") ? "u" : "s"}${dtype.bytes * 8}`;
      return kernel.make(dtype.bytes === 8 ? "b64" : "b32", `ld.global.${type}`, at);
    }
  }
}

export function store(kernel: Kernel, dtype: Dtype, address: string, value: string): void {
  const at = `[${address}]`;
  switch (dtype.name) {
    case "float64":
    case "float32":
      kernel.emit(`st.global.f${dtype.bytes * 8} ${at}, ${value}`);
      break;
    case "float16":
      kernel.emit(`st.global.b16 ${at}, ${kernel.make("b16", "cvt.rn.f16.f32", value)}`);
      break;
    case "bfloat16":
      kernel.emit(`st.global.u16 ${at}, ${bfloat16(kernel, value)}`);
      break;
    default:
      kernel.emit(`st.global.u${dtype.bytes * 8} ${at}, ${value}`);
  }
}

/** Rounds to nearest, ties to even, by integers: the conversion itself needs a newer PTX. */
function bfloat16(kernel: Kernel, value: string): string {
  const bits = kernel.make("b32", "mov.b32", value);
  const odd = kernel.make("b32", "and.b32", kernel.make("b32", "shr.u32", bits, 16), 1);
  const bias = kernel.make("b32", "add.u32", odd, 0x7fff);
  const rounded = kernel.make("b32", "shr.u32", kernel.make("b32", "add.u32", bits, bias), 16);
  const nan = kernel.make("pred", "setp.nan.f32", value, value);
  const chosen = kernel.make("b32", "selp.b32", 0x7fff, rounded, nan);
  return kernel.make("b16", "cvt.u16.u32", chosen);
}

const isReal = (type: Computed): type is "f32" | "f64" => type === "f32" || type === "f64";

/** Converts between registers: to nearest; reals to integers cut, at the ends of their range, NaN to 0. */
export function convert(kernel: Kernel, from: Computed, to: Computed, value: string): string {
  if (from === to) return value;
  if (isReal(from) && !isReal(to)) return cut(kernel, from, to, kindOf(to), value);
  const rounding = isReal(to) && !(from === "f32" && to === "f64") ? ".rn" : "";
  return kernel.make(kindOf(to), `cvt${rounding}.${to}.${from}`, value);
}

/** A register's value as `store` takes elements of a type; the low bits are stored of integers that come from wider ones. */
export function convertFor(kernel: Kernel, from: Computed, to: Dtype, value: string): string {
  if (!isReal(from) || to.float || to.bytes >= 4) return convert(kernel, from, computedAs(to), value);
  return cut(kernel, from, `${to.name.startsWith("u") ? "u" : "s"}${to.bytes * 8}`, "b32", value);
}

/** NaN apart, which `cvt` makes 0 of only where neither type has 64 bits. */
function cut(kernel: Kernel, from: "f32" | "f64", to: string, kind: Kind, value: string): string {
  const whole = kernel.make(kind, `cvt.rzi.${to}.${from}`, value);
  const nan = kernel.make("pred", `setp.nan.${from}`, value, value);
  return kernel.make(kind, `selp.${kind}`, 0, whole, nan);
}
