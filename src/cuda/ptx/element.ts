/** Loads and stores of elements of every type, as float32 or float64 or integers in registers. */
import type { Dtype } from "../dtype.ts";
import { type Grouping, vectorBytes } from "./groups.ts";
import type { Kernel, Kind } from "./kernel.ts";

/** What an element is while it is computed with: halves as float32, integers as 32 or 64 bits. */
export type Computed = "f32" | "f64" | "s32" | "u32" | "s64" | "u64";

export function computedAs(dtype: Dtype): Computed {
  if (dtype.name === "float64") return "f64";
  if (dtype.float) return "f32";
  const sign = dtype.name.startsWith("u") ? "u" : "s";
  return `${sign}${dtype.bytes === 8 ? 64 : 32}` as Computed;
}

export function kindOf(type: Computed | Unit): "f32" | "f64" | "b32" | "b64" {
  if (type === "f32" || type === "f64") return type;
  return type.endsWith("64") ? "b64" : "b32";
}

/** Types that vector instructions are of. */
export type Unit = "f32" | "f64" | "u32" | "u64";

/** What an element lies in: one of its own bytes, or a word of several. */
function unitOf({ name, bytes }: Dtype): Unit {
  if (name === "float64") return "f64";
  if (name === "float32") return "f32";
  return bytes === 8 ? "u64" : "u32";
}

const unitBytes = (unit: Unit): number => (unit.endsWith("64") ? 8 : 4);

/** Calls `move` for each instruction that it takes to move so many units: `.v4` and their places. */
function byVectors(
  units: number,
  unit: Unit,
  move: (suffix: string, from: number, to: number) => void,
): void {
  const most = vectorBytes / unitBytes(unit);
  for (let from = 0; from < units; from += most) {
    const to = Math.min(from + most, units);
    move(to - from === 1 ? `.${unit}` : `.v${to - from}.${unit}`, from, to);
  }
}

const listed = (registers: readonly string[]): string =>
  registers.length === 1 ? registers[0] : `{${registers.join(", ")}}`;

function loadVectors(kernel: Kernel, unit: Unit, address: string, units: number): string[] {
  const registers = Array.from({ length: units }, () => kernel.register(kindOf(unit)));
  byVectors(units, unit, (suffix, from, to) => {
    const at = from * unitBytes(unit);
    kernel.emit(`ld.global${suffix} ${listed(registers.slice(from, to))}, [${address}+${at}]`);
  });
  return registers;
}

/** Stores registers one behind the other, from a multiple of 16 bytes or of all their bytes on. */
export function storeVectors(
  kernel: Kernel,
  unit: Unit,
  address: string,
  registers: readonly string[],
): void {
  byVectors(registers.length, unit, (suffix, from, to) => {
    const at = from * unitBytes(unit);
    kernel.emit(`st.global${suffix} [${address}+${at}], ${listed(registers.slice(from, to))}`);
  });
}

/** Parts of words, of so many bytes, each in the low bits of a register; above them may be anything. */
function parts(kernel: Kernel, words: readonly string[], bytes: number): string[] {
  if (bytes >= 4) return [...words];
  return words.flatMap(word =>
    Array.from({ length: 4 / bytes }, (_, i) =>
      i === 0 ? word : kernel.make("b32", "shr.u32", word, i * bytes * 8),
    ),
  );
}

/** Words of parts in the low bits of registers. */
function words(kernel: Kernel, lows: readonly string[], bytes: number): readonly string[] {
  if (bytes >= 4) return lows;
  // The lower byte of each, or the lower two.
  const selection = bytes === 1 ? "0x0040" : "0x5410";
  const pairs = Array.from({ length: lows.length / 2 }, (_, i) =>
    kernel.make("b32", "prmt.b32", lows[2 * i], lows[2 * i + 1], selection),
  );
  return words(kernel, pairs, bytes * 2);
}

const memoryType = (dtype: Dtype): string => (dtype.bytes < 4 ? `u${dtype.bytes * 8}` : unitOf(dtype));

/** Neighbouring elements from an address on, each in a register of its `computedAs`. */
export function load(kernel: Kernel, dtype: Dtype, address: string, { lanes, vectors }: Grouping): string[] {
  const { bytes } = dtype;
  const unit = unitOf(dtype);
  const found = vectors
    ? parts(kernel, loadVectors(kernel, unit, address, (lanes * bytes) / unitBytes(unit)), bytes)
    : Array.from({ length: lanes }, (_, i) =>
        kernel.make(kindOf(unit), `ld.global.${memoryType(dtype)}`, `[${address}+${i * bytes}]`),
      );
  return found.map(bits => decoded(kernel, dtype, bits));
}

/** Stores one element, or so many as make a group of vectors. */
export function store(kernel: Kernel, dtype: Dtype, address: string, values: readonly string[]): void {
  const bits = values.map(value => encoded(kernel, dtype, value));
  if (bits.length === 1) kernel.emit(`st.global.${memoryType(dtype)} [${address}], ${bits[0]}`);
  else storeVectors(kernel, unitOf(dtype), address, words(kernel, bits, dtype.bytes));
}

/** What the bits of an element in memory stand for. */
function decoded(kernel: Kernel, { name, bytes }: Dtype, bits: string): string {
  if (name === "float16") return kernel.make("f32", "cvt.f32.f16", kernel.make("b16", "cvt.u16.u32", bits));
  // The upper half of a float32.
  if (name === "bfloat16") return kernel.make("f32", "mov.b32", kernel.make("b32", "shl.b32", bits, 16));
  if (bytes >= 4) return bits;
  const sign = name.startsWith("u") ? "u" : "s";
  return kernel.make("b32", `cvt.${sign}32.${sign}${bytes * 8}`, bits);
}

/** The bits that an element has in memory; above them may be anything. */
function encoded(kernel: Kernel, { name }: Dtype, value: string): string {
  if (name === "float16")
    return kernel.make("b32", "cvt.u32.u16", kernel.make("b16", "cvt.rn.f16.f32", value));
  return name === "bfloat16" ? bfloat16(kernel, value) : value;
}

/** Rounds to nearest, ties to even, by integers: the conversion itself needs a newer PTX. */
function bfloat16(kernel: Kernel, value: string): string {
  const bits = kernel.make("b32", "mov.b32", value);
  const odd = kernel.make("b32", "and.b32", kernel.make("b32", "shr.u32", bits, 16), 1);
  const bias = kernel.make("b32", "add.u32", odd, 0x7fff);
  const rounded = kernel.make("b32", "shr.u32", kernel.make("b32", "add.u32", bits, bias), 16);
  const nan = kernel.make("pred", "setp.nan.f32", value, value);
  return kernel.make("b32", "selp.b32", 0x7fff, rounded, nan);
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
