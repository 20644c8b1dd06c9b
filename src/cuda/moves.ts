/** What moves and sets elements within and between devices. */
import { describe } from "../describe.ts";
import { ArgumentError } from "../index.ts";
import type { Device } from "./device.ts";
import type { Dtype } from "./dtype.ts";
import { call } from "./library.ts";
import { cast, castName } from "./ptx/cast.ts";
import { fill, fillName } from "./ptx/fill.ts";
import { groupingOf } from "./ptx/groups.ts";
import { copyStrided } from "./strided.ts";

/** An array as kernels see it. */
export interface Elements {
  readonly device: Device;
  readonly type: Dtype;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly size: number;
  readonly isDense: boolean;
  /** @throws {ArgumentError} freed, or being uploaded to */
  readonly readAddress: number;
  /** @throws {ArgumentError} freed, or in a transfer */
  readonly writeAddress: number;
}

/** Copies to a dense array of the same type and size, on this device or another. */
export function copyInto(target: Elements, source: Elements): void {
  const { device } = target;
  const from = source.readAddress;
  const to = target.writeAddress;
  if (source.size === 0) return;
  const bytes = source.size * source.type.bytes;
  if (!source.isDense) {
    const { shape, strides, type } = source;
    copyStrided(device.modules, to, { address: from, bytes: type.bytes, shape, strides });
  } else if (source.device === device) {
    device.use();
    call("cuMemcpyDtoDAsync_v2", to, from, bytes, device.stream);
  } else {
    // Each device's work goes on in its order: the copy waits for the source's, later work there for the copy.
    device.reach(source.device);
    device.after(source.device);
    call("cuMemcpyPeerAsync", to, device.context, from, source.device.context, bytes, device.stream);
    source.device.after(device);
  }
}

/** Sets every element of a dense array; `operation` is for errors. */
export function fillWith(operation: string, target: Elements, value: number | bigint): void {
  if (typeof value !== "number" && typeof value !== "bigint") {
    throw new ArgumentError(`${operation}: the value must be a number or a bigint; got ${describe(value)}`);
  }
  const { device, type } = target;
  const to = target.writeAddress;
  if (target.size === 0) return;
  const grouping = groupingOf([[type, to]]);
  device.modules.launch(
    fillName(type.bytes, grouping),
    () => fill(type.bytes, grouping),
    device.modules.blocksFor(target.size / grouping.lanes),
    [
      ["u64", target.size],
      ["u64", to],
      ["u64", repeated(bitsOf(operation, type, value), type.bytes)],
    ],
  );
}

/** So many bytes again and again, as many as have room in a word. */
function repeated(bits: bigint, bytes: number): bigint {
  let all = BigInt.asUintN(bytes * 8, bits);
  for (let width = bytes * 8; width < 64; width *= 2) all |= all << BigInt(width);
  return all;
}

function bitsOf(operation: string, type: Dtype, value: number | bigint): bigint {
  const bits = new DataView(new ArrayBuffer(8));
  if (type.name === "float64") bits.setFloat64(0, Number(value), true);
  else if (type.name === "float32") bits.setFloat32(0, Number(value), true);
  else if (type.name === "float16") bits.setUint16(0, halfBits(Number(value)), true);
  else if (type.name === "bfloat16") bits.setUint16(0, bfloat16Bits(Number(value)), true);
  else {
    const whole = typeof value === "bigint" || Number.isInteger(value);
    const wide = whole ? BigInt(value) : undefined;
    const width = type.bytes * 8;
    const fits = type.name.startsWith("u") ? BigInt.asUintN : BigInt.asIntN;
    if (wide === undefined || fits(width, wide) !== wide) {
      throw new ArgumentError(`${operation}: ${value} is no ${type.name}`);
    }
    bits.setBigUint64(0, BigInt.asUintN(64, wide), true);
  }
  return bits.getBigUint64(0, true);
}

/** To nearest, ties to even, from a float32; a value between two float32 is rounded twice, as on the device. */
function bfloat16Bits(value: number): number {
  if (Number.isNaN(value)) return 0x7fff;
  const word = new DataView(new ArrayBuffer(4));
  word.setFloat32(0, value);
  const bits = word.getUint32(0);
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

/** Bits of the nearest IEEE half, ties to even. */
function halfBits(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(Math.fround(value));
  if (Number.isNaN(size)) return 0x7fff;
  // From half of the last step beyond the largest half, 65504.
  if (size >= 65520) return sign | 0x7c00;
  const exponent = Math.max(-14, Math.floor(Math.log2(size || 1e-30)));
  const scaled = size / 2 ** (exponent - 10);
  const floor = Math.floor(scaled);
  const rest = scaled - floor;
  const rounded = floor + (rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? 1 : 0);
  // Subnormal halves lack the leading one; a carry into the exponent is right by itself.
  return sign | (rounded + (exponent + 14) * 1024);
}

/** Writes the elements as those of another type. Both arrays are dense and of one size. */
export function castInto(target: Elements, source: Elements): void {
  const { device } = target;
  const from = source.readAddress;
  const to = target.writeAddress;
  if (source.size === 0) return;
  const grouping = groupingOf([
    [source.type, from],
    [target.type, to],
  ]);
  device.modules.launch(
    castName(source.type, target.type, grouping),
    () => cast(source.type, target.type, grouping),
    device.modules.blocksFor(source.size / grouping.lanes),
    [
      ["u64", source.size],
      ["u64", to],
      ["u64", from],
    ],
  );
}
