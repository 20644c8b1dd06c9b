import { inspect } from "node:util";
import { withArticle } from "../article.ts";
import { describe } from "../describe.ts";
import { ArgumentError, type TypedArray } from "../index.ts";
import { type OptionNames, requireKnownOptions } from "../known-options.ts";
import { Device, device } from "./device.ts";
import { type Dtype, type DtypeName, dtypeNamed, dtypeOfArray, holds } from "./dtype.ts";
import { Holding } from "./holding.ts";
import { castInto, copyInto, fillWith } from "./moves.ts";
import { isPinned } from "./pinned.ts";
import { denseStrides, isDense, type Shape, sameShape, shapeOf, show, sizeOf } from "./shape.ts";
import { type Span, Storage } from "./storage.ts";

/** Where an array comes to lie and what it holds. */
export interface ArrayOptions {
  /** The elements' type; "float32" unless a typed array says otherwise. */
  dtype?: DtypeName;
  /** A device or its index; this rank's device unless said. */
  device?: Device | number;
}

const arrayOptions: OptionNames<ArrayOptions> = { dtype: true, device: true };

export function deviceOf(chosen: Device | number | undefined): Device {
  return chosen instanceof Device ? chosen : device(chosen);
}

/** From element `from` up to, not including, `to`; negative ones count from the end of the axis. */
export type Range = readonly [from?: number, to?: number];

interface View {
  readonly storage: Storage;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
}

/**
 * An array in the memory of a GPU: elements of one type with a shape, row-major. `reshape`, `slice` and `transpose` give
 * views, which share its memory. The memory is free again when the array and its views have been freed (`using`,
 * `free`) or collected as garbage; freeing is better, for the collector runs for a device only when it is full.
 */
export class DeviceArray implements Disposable {
  readonly device: Device;
  readonly dtype: DtypeName;
  readonly shape: readonly number[];
  /** Elements between neighbours along each axis. */
  readonly strides: readonly number[];
  /** Number of elements. */
  readonly size: number;
  /** Not public. */
  readonly type: Dtype;
  private readonly memory: Storage;
  private readonly holding: Holding;
  private readonly offset: number;
  private freed = false;

  /** Programs get arrays from `empty`, `upload` and their like. */
  constructor({ storage, dtype, shape, strides, offset }: View) {
    this.device = storage.device;
    this.memory = storage;
    this.type = dtype;
    this.dtype = dtype.name;
    this.shape = shape;
    this.strides = strides;
    this.offset = offset;
    this.size = sizeOf(shape);
    this.holding = new Holding(this, storage);
  }

  /** Bytes of its elements. */
  get byteLength(): number {
    return this.size * this.type.bytes;
  }

  /** Whether the elements lie one after the other, as transfers want them. */
  get isDense(): boolean {
    return isDense(this.shape, this.strides);
  }

  /** Gives the memory back, unless views or transfers still hold it. Freeing twice does nothing. */
  free(): void {
    this.freed = true;
    this.holding.end();
  }

  [Symbol.dispose](): void {
    this.free();
  }

  /** Not public: the memory, unless this array has been freed. @throws {ArgumentError} */
  get storage(): Storage {
    if (this.freed) throw new ArgumentError(`${this.toString()} has been freed`);
    return this.memory;
  }

  /** Not public: where the first element lies, for a kernel that reads. */
  get readAddress(): number {
    this.storage.checkReadable(this.span);
    return this.address;
  }

  /** Not public: where the first element lies, for a kernel that writes. */
  get writeAddress(): number {
    this.storage.checkWritable(this.span);
    return this.address;
  }

  /** Not public: holds the elements as they are while `work` runs, which reads them beside the stream of kernels. */
  reading<T>(work: () => Promise<T>): Promise<T> {
    return this.storage.download(this.span, work);
  }

  /** Not public: keeps others from the elements while `work` runs, which writes them beside the stream of kernels. */
  writing<T>(work: () => Promise<T>): Promise<T> {
    return this.storage.upload(this.span, work);
  }

  /** Not public: both, for `work` that reads this array and writes another, which may share its memory. */
  readingInto<T>(target: DeviceArray, work: () => Promise<T>): Promise<T> {
    return this.storage.transfer(this.span, target.storage, target.span, work);
  }

  private get span(): Span {
    const { bytes } = this.type;
    const from = this.offset * bytes;
    if (this.size === 0) return { from, to: from };
    const last = this.shape.reduce((sum, length, axis) => sum + (length - 1) * this.strides[axis], 0);
    return { from, to: from + (last + 1) * bytes };
  }

  private get address(): number {
    return this.memory.address + this.offset * this.type.bytes;
  }

  /**
   * A new typed array with the elements, in the order of their indices: float16 as Float16Array (before Node 24: as bits
   * in a Uint16Array), bfloat16 as bits in a Uint16Array. Until the promise resolves the array must not be written to.
   */
  async download(): Promise<TypedArray> {
    const target = new this.type.host(this.size);
    await this.downloadInto(target);
    return target;
  }

  /** The same into your own typed array, which must have as many elements; `pinned` ones are the fastest. */
  async downloadInto(target: TypedArray): Promise<void> {
    this.checkHost("downloadInto", target);
    if (!this.isDense) {
      using dense = this.copy();
      return await dense.downloadInto(target);
    }
    const from = this.readAddress;
    await this.reading(() => this.device.transfer(false, from, target, isPinned(target)));
  }

  /**
   * Overwrites the elements, which must lie dense, by those of a typed array. Until the promise resolves, neither
   * change the typed array nor use this one.
   */
  async upload(source: TypedArray): Promise<void> {
    this.checkHost("upload", source);
    this.checkDense("upload");
    const to = this.writeAddress;
    await this.writing(() => this.device.transfer(true, to, source, isPinned(source)));
  }

  /** A view of the same elements, which must lie dense, under another shape; one length may be -1: what is left. */
  reshape(shape: Shape): DeviceArray {
    this.checkDense("reshape");
    const axes = inferred(shape, this.size);
    if (sizeOf(axes) !== this.size) {
      throw new ArgumentError(
        `cannot reshape ${this.toString()} to ${show(axes)}: that would be ${sizeOf(axes)} elements`,
      );
    }
    return this.view(axes, denseStrides(axes), this.offset);
  }

  /** A view of a part: a range for each of the first axes; the others are taken whole. */
  slice(...ranges: readonly Range[]): DeviceArray {
    if (ranges.length > this.shape.length) {
      throw new ArgumentError(
        `${this.toString()} has ${this.shape.length} axes, and slice was given ${ranges.length} ranges`,
      );
    }
    const shape = [...this.shape];
    let { offset } = this;
    for (const [axis, range] of ranges.entries()) {
      const [from, to] = boundsOf(range, this.shape[axis], axis);
      shape[axis] = to - from;
      offset += from * this.strides[axis];
    }
    return this.view(shape, this.strides, offset);
  }

  /** A view with the last two axes exchanged. */
  transpose(): DeviceArray {
    if (this.shape.length < 2) throw new ArgumentError(`${this.toString()} has no two axes to transpose`);
    const swap = (axes: readonly number[]): number[] => [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!];
    return this.view(swap(this.shape), swap(this.strides), this.offset);
  }

  /** A dense copy of its own, on the same device. */
  copy(): DeviceArray {
    return this.filled(empty(this.shape, { dtype: this.dtype, device: this.device }), copyInto);
  }

  /** A copy on another device, straight from the one to the other where their driver can. */
  to(where: Device | number): DeviceArray {
    const target = deviceOf(where);
    if (target === this.device) return this.copy();
    if (!this.isDense) {
      using dense = this.copy();
      return dense.to(target);
    }
    return this.filled(empty(this.shape, { dtype: this.dtype, device: target }), copyInto);
  }

  /**
   * A copy with elements of another type: rounded to nearest; from reals to integers cut, to the ends of their range
   * and NaN to 0; between integers their low bits, as in typed arrays.
   */
  astype(dtype: DtypeName): DeviceArray {
    // Also of none at all, which would be the type that arrays have unless said.
    if (dtypeNamed(dtype) === this.type) return this.copy();
    if (!this.isDense) {
      using dense = this.copy();
      return dense.astype(dtype);
    }
    return this.filled(empty(this.shape, { dtype, device: this.device }), castInto);
  }

  /** Overwrites the elements, which must lie dense, by those of an array of the same type and shape. Does not wait. */
  copyFrom(source: DeviceArray): void {
    requireDeviceArray("copyFrom", "the source", source);
    if (source.dtype !== this.dtype || !sameShape(source.shape, this.shape)) {
      throw new ArgumentError(
        `copyFrom: ${this.toString()} cannot take the elements of ${source.toString()}`,
      );
    }
    this.checkDense("copyFrom");
    if (source.storage === this.storage) {
      throw new ArgumentError("copyFrom: both arrays are views of the same memory; use copy() first");
    }
    if (source.device === this.device || source.isDense) {
      copyInto(this, source);
    } else {
      using dense = source.copy();
      copyInto(this, dense);
    }
  }

  /** Sets every element; they must lie dense. Does not wait. */
  fill(value: number | bigint): void {
    this.checkDense("fill");
    fillWith(this, value);
  }

  /** By which the codec knows that this cannot be sent as it is. */
  get [Symbol.toStringTag](): string {
    return "DeviceArray";
  }

  toString(): string {
    return `DeviceArray(${show(this.shape)} ${this.dtype} on device ${this.device.index})`;
  }

  [inspect.custom](): string {
    return this.toString();
  }

  /** Not public: a view that reads the same memory by other steps; the caller sees to its bounds. */
  restride(shape: readonly number[], strides: readonly number[]): DeviceArray {
    return this.view(shape, strides, this.offset);
  }

  private view(shape: readonly number[], strides: readonly number[], offset: number): DeviceArray {
    const { storage } = this;
    storage.hold();
    return make({ storage, dtype: this.type, shape, strides, offset });
  }

  /** `target`, once `work` has been called on both; freed when that throws. */
  private filled(target: DeviceArray, work: (target: DeviceArray, source: DeviceArray) => void): DeviceArray {
    try {
      work(target, this);
      return target;
    } catch (error) {
      target.free();
      throw error;
    }
  }

  private checkDense(method: string): void {
    if (this.isDense) return;
    throw new ArgumentError(
      `${method}: ${this.toString()} is a view with gaps or in another order; use copy() first`,
    );
  }

  private checkHost(method: string, array: unknown): void {
    if (!ArrayBuffer.isView(array) || !holds(this.type, array)) {
      const came = ArrayBuffer.isView(array) ? withArticle(array.constructor.name) : typeof array;
      const wanted = withArticle(this.type.host.name);
      throw new ArgumentError(`${method}: ${this.toString()} wants ${wanted}, not ${came}`);
    }
    const { length } = array as TypedArray;
    if (length === this.size) return;
    throw new ArgumentError(
      `${method}: ${this.toString()} has ${this.size} elements, the typed array ${length}`,
    );
  }
}

/** @throws {ArgumentError} `value`, which `name` tells from others of the call, is none */
export function requireDeviceArray(
  operation: string,
  name: string,
  value: unknown,
): asserts value is DeviceArray {
  if (value instanceof DeviceArray) return;
  const hint = ArrayBuffer.isView(value) ? ", which upload makes one of" : "";
  throw new ArgumentError(`${operation}: ${name} must be a device array; got ${describe(value)}${hint}`);
}

/** Not written in the class itself, which would then have another name once it is bundled. */
function make(view: View): DeviceArray {
  return new DeviceArray(view);
}

function inferred(shape: Shape, size: number): readonly number[] {
  if (!Array.isArray(shape) || !shape.includes(-1)) return shapeOf(shape);
  const others = shapeOf(shape.filter(length => length !== -1));
  const rest = size / sizeOf(others);
  if (others.length !== shape.length - 1 || !Number.isInteger(rest)) {
    throw new ArgumentError(`cannot find the -1 in [${shape.join(", ")}] for ${size} elements`);
  }
  return shape.map(length => (length === -1 ? rest : length));
}

function boundsOf(range: Range, length: number, axis: number): [number, number] {
  if (!Array.isArray(range)) {
    throw new ArgumentError(
      `slice: a range is [from, to], or [] for the whole axis; for axis ${axis} got ${describe(range)}`,
    );
  }
  const [from = 0, to] = range;
  const resolve = (bound: number): number => (bound < 0 ? bound + length : bound);
  const bounds: [number, number] = [resolve(from), resolve(to ?? length)];
  const valid =
    bounds.every(Number.isInteger) && bounds[0] >= 0 && bounds[0] <= bounds[1] && bounds[1] <= length;
  if (valid) return bounds;
  throw new ArgumentError(
    `slice: [${from}, ${to ?? ""}] is no range of axis ${axis}, whose length is ${length}`,
  );
}

function allocated(operation: string, shape: Shape, options: ArrayOptions): DeviceArray {
  requireKnownOptions(operation, options, arrayOptions);
  const { dtype = "float32", device: where } = options;
  const axes = shapeOf(shape);
  const type = dtypeNamed(dtype);
  const storage = new Storage(deviceOf(where), sizeOf(axes) * type.bytes);
  return make({ storage, dtype: type, shape: axes, strides: denseStrides(axes), offset: 0 });
}

function filled(operation: string, shape: Shape, value: number | bigint, options: ArrayOptions): DeviceArray {
  const array = allocated(operation, shape, options);
  try {
    array.fill(value);
    return array;
  } catch (error) {
    array.free();
    throw error;
  }
}

/** An array whose elements are whatever the memory holds. Does not wait. @throws {DeviceMemoryError} no room */
export function empty(shape: Shape, options: ArrayOptions = {}): DeviceArray {
  return allocated("empty", shape, options);
}

/** An array whose elements are all one value. Does not wait. @throws {DeviceMemoryError} no room */
export function full(shape: Shape, value: number | bigint, options: ArrayOptions = {}): DeviceArray {
  return filled("full", shape, value, options);
}

/** An array of zeros. Does not wait. @throws {DeviceMemoryError} no room */
export function zeros(shape: Shape, options: ArrayOptions = {}): DeviceArray {
  return filled("zeros", shape, 0, options);
}

/**
 * A typed array's elements on a device: one axis, or a shape of as many elements. Resolves when the typed array has
 * been read; a Uint16Array's elements are float16 or bfloat16 where `dtype` says so.
 * @throws {DeviceMemoryError} no room
 */
export async function upload(
  source: TypedArray,
  shape?: Shape,
  options: ArrayOptions = {},
): Promise<DeviceArray> {
  const natural = dtypeOfArray(source);
  if (natural === undefined) {
    throw new ArgumentError(
      `upload: the first argument must be a typed array of numbers; got ${describe(source)}`,
    );
  }
  requireKnownOptions("upload", options, arrayOptions);
  const { dtype = natural.name, device: where } = options;
  const array = allocated("upload", shape ?? source.length, { dtype, device: where });
  try {
    await array.upload(source);
  } catch (error) {
    array.free();
    throw error;
  }
  return array;
}
