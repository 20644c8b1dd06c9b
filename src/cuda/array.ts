import { inspect } from "node:util";
import { withArticle } from "../article.ts";
import { detachedRefusal, hasDetached } from "../codec/detached.ts";
import { describe } from "../describe.ts";
import { checkFixedLength } from "../fixed-length.ts";
import { ArgumentError, type TypedArray } from "../index.ts";
import { type OptionNames, requireKnownOptions } from "../known-options.ts";
import { Device, device } from "./device.ts";
import {
  type Dtype,
  type DtypeName,
  dtypeNamed,
  dtypeOfArray,
  type HostArray,
  holds,
  type NaturalDtype,
} from "./dtype.ts";
import { Holding } from "./holding.ts";
import { castInto, copyInto, fillWith } from "./moves.ts";
import { isPinned } from "./pinned.ts";
import { denseStrides, isDense, listed, type Shape, sameShape, shapeOf, show, sizeOf } from "./shape.ts";
import { type Span, Storage, share } from "./storage.ts";

/** Where an array comes to lie and what it holds. */
export interface ArrayOptions<D extends DtypeName = DtypeName> {
  /** The elements' type; "float32" unless a typed array says otherwise. */
  dtype?: D;
  /** A device or its index; this rank's device unless said. */
  device?: Device | number;
}

const arrayOptions: OptionNames<ArrayOptions> = { dtype: true, device: true };

export function deviceOf(chosen: Device | number | undefined): Device {
  return chosen instanceof Device ? chosen : device(chosen);
}

/** From element `from` up to, not including, `to`; negative ones count from the end of the axis. */
export type Range = readonly [from?: number, to?: number];

interface View<D extends DtypeName> {
  readonly storage: Storage;
  readonly dtype: Dtype<D>;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
}

/**
 * An array in the memory of a GPU: elements of one type with a shape, row-major. `reshape`, `slice` and `transpose` give
 * views, which share its memory. The memory is free again when the array and its views have been freed (`using`,
 * `free`) or collected as garbage; freeing is better, for the collector runs for a device only when it is full.
 * `DeviceArray<"float32">` is one whose type the compiler knows, `DeviceArray` one of any type.
 */
export class DeviceArray<D extends DtypeName = DtypeName> implements Disposable {
  readonly device: Device;
  readonly dtype: D;
  readonly shape: readonly number[];
  /** Elements between neighbours along each axis. */
  readonly strides: readonly number[];
  /** Number of elements. */
  readonly size: number;
  /** @internal */
  readonly type: Dtype<D>;
  private readonly memory: Storage;
  private readonly holding: Holding;
  private readonly offset: number;
  private freed = false;

  /** Programs get arrays from `empty`, `upload` and their like. */
  constructor({ storage, dtype, shape, strides, offset }: View<D>) {
    this.device = storage.device;
    this.memory = storage;
    this.type = dtype;
    this.dtype = dtype.name;
    // Views share them, so that nobody may change them.
    this.shape = Object.freeze(shape);
    this.strides = Object.freeze(strides);
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

  /** The memory, unless this array has been freed. @throws {ArgumentError} @internal */
  get storage(): Storage {
    if (this.freed) throw new ArgumentError(`${this.toString()} has been freed`);
    return this.memory;
  }

  /** Where the first element lies, for a kernel that reads. @internal */
  get readAddress(): number {
    this.storage.checkReadable(this.span);
    return this.address;
  }

  /** Where the first element lies, for a kernel that writes. @internal */
  get writeAddress(): number {
    this.storage.checkWritable(this.span);
    return this.address;
  }

  /** Holds the elements as they are while `work` runs, which reads them beside the stream of kernels. @internal */
  reading<T>(work: () => Promise<T>): Promise<T> {
    return this.storage.download(this.span, work);
  }

  /** Keeps others from the elements while `work` runs, which writes them beside the stream of kernels. @internal */
  writing<T>(work: () => Promise<T>): Promise<T> {
    return this.storage.upload(this.span, work);
  }

  /** Both, for `work` that reads this array and writes another, which may share its memory. @internal */
  readingInto<T>(target: DeviceArray, work: () => Promise<T>): Promise<T> {
    return this.storage.transfer(this.span, target.storage, target.span, work);
  }

  /** Whether some of its memory may be another array's, gaps included. @internal */
  overlaps(other: DeviceArray): boolean {
    return this.storage === other.storage && share(this.span, other.span);
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
  async download(): Promise<HostArray<D>> {
    const target = new this.type.host(this.size);
    await this.downloadInto(target);
    return target;
  }

  /**
   * The same into your own typed array, which must have as many elements; `pinned` ones are the fastest. Do not transfer
   * its buffer to another thread meanwhile.
   */
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
   * change the typed array nor transfer its buffer to another thread, and do not use this one.
   */
  async upload(source: TypedArray): Promise<void> {
    this.checkHost("upload", source);
    this.checkDense("upload");
    const to = this.writeAddress;
    await this.writing(() => this.device.transfer(true, to, source, isPinned(source)));
  }

  /** A view of the same elements, which must lie dense, under another shape; one length may be -1: what is left. */
  reshape(shape: Shape): DeviceArray<D>;
  reshape(shape: Shape, ...more: readonly unknown[]): DeviceArray<D> {
    if (more.length > 0) {
      throw new ArgumentError(
        `reshape: the shape is one list, such as [2, 3]; got ${more.length + 1} arguments`,
      );
    }
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
  slice(...ranges: readonly Range[]): DeviceArray<D> {
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

  /**
   * A view with the axes in another order: the first is axis `axes[0]` of this array, and so on; negative ones count from
   * the end. Unless said the last two are exchanged, as those of each matrix of a stack; NumPy reverses all of them.
   */
  transpose(axes?: readonly number[]): DeviceArray<D> {
    const order = orderOf(axes, this);
    const turned = (values: readonly number[]): number[] => order.map(axis => values[axis]);
    return this.view(turned(this.shape), turned(this.strides), this.offset);
  }

  /** A dense copy of its own, on the same device. */
  copy(): DeviceArray<D> {
    return this.filled(empty(this.shape, { dtype: this.dtype, device: this.device }), copyInto);
  }

  /** A copy on another device, straight from the one to the other where their driver can. */
  to(where: Device | number): DeviceArray<D> {
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
  astype<E extends DtypeName>(dtype: E): DeviceArray<E> {
    // Also of none at all, which would be the type that arrays have unless said.
    const type: Dtype = dtypeNamed(dtype);
    const same = type === this.type;
    if (!same && !this.isDense) {
      using dense = this.copy();
      return dense.astype(dtype);
    }
    return this.filled(empty(this.shape, { dtype, device: this.device }), same ? copyInto : castInto);
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
    fillWith("fill", this, value);
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

  /** A view that reads the same memory by other steps; the caller sees to its bounds. @internal */
  restride(shape: readonly number[], strides: readonly number[]): DeviceArray<D> {
    return this.view(shape, strides, this.offset);
  }

  private view(shape: readonly number[], strides: readonly number[], offset: number): DeviceArray<D> {
    const { storage } = this;
    storage.hold();
    return make({ storage, dtype: this.type, shape, strides, offset });
  }

  /** `target`, once `work` has been called on both; freed when that throws. */
  private filled<T extends DeviceArray>(
    target: T,
    work: (target: DeviceArray, source: DeviceArray) => void,
  ): T {
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

  private checkHost(method: string, array: TypedArray): void {
    if (!ArrayBuffer.isView(array) || !holds(this.type, array)) {
      const wanted = withArticle(this.type.host.name);
      throw new ArgumentError(`${method}: ${this.toString()} wants ${wanted}; got ${describe(array)}`);
    }
    if (hasDetached(array)) {
      throw new ArgumentError(`${method}: the typed array cannot be used: ${detachedRefusal}`);
    }
    checkFixedLength(array);
    const { length } = array;
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
function make<D extends DtypeName>(view: View<D>): DeviceArray<D> {
  return new DeviceArray(view);
}

function inferred(shape: Shape, size: number): readonly number[] {
  const axes: unknown = shape === -1 ? [shape] : shape;
  if (!Array.isArray(axes) || !axes.includes(-1)) return shapeOf(shape);
  const others = shapeOf(axes.filter(length => length !== -1));
  const rest = size / sizeOf(others);
  if (others.length !== axes.length - 1 || !Number.isInteger(rest)) {
    throw new ArgumentError(`cannot find the -1 in ${listed(axes)} for ${size} elements`);
  }
  return axes.map(length => (length === -1 ? rest : length));
}

/** Which axis of the array becomes the first, the second and so on of its transpose. */
function orderOf(axes: readonly number[] | undefined, array: DeviceArray): readonly number[] {
  const all = [...array.shape.keys()];
  if (axes === undefined) {
    if (all.length < 2) throw new ArgumentError(`${array.toString()} has no two axes to transpose`);
    return [...all.slice(0, -2), all.length - 1, all.length - 2];
  }
  if (!Array.isArray(axes)) {
    throw new ArgumentError(`transpose: the axes are a list, such as [1, 0]; got ${describe(axes)}`);
  }
  const order = axes.map(axis => (Number.isInteger(axis) && axis < 0 ? axis + all.length : axis));
  if (order.length === all.length && all.every(axis => order.includes(axis))) return order;
  throw new ArgumentError(
    `transpose: ${listed(axes)} is no order of the ${all.length} axes of ${array.toString()}`,
  );
}

function boundsOf(range: Range, length: number, axis: number): [number, number] {
  if (!Array.isArray(range)) {
    throw new ArgumentError(
      `slice: a range is [from, to], or [] for the whole axis; for axis ${axis} got ${describe(range)}`,
    );
  }
  if (range.length > 2) {
    throw new ArgumentError(
      `slice: a range has a start and an end, and no step; for axis ${axis} got ${listed(range)}`,
    );
  }
  const [from = 0, to = length] = range;
  if (Number.isInteger(from) && Number.isInteger(to)) {
    const bounds: [number, number] = [from < 0 ? from + length : from, to < 0 ? to + length : to];
    if (bounds[0] >= 0 && bounds[0] <= bounds[1] && bounds[1] <= length) return bounds;
  }
  throw new ArgumentError(`slice: ${listed(range)} is no range of axis ${axis}, whose length is ${length}`);
}

/** `natural` is the type unless the options name one: the callers' types have D to be that, too. */
function allocated<D extends DtypeName>(
  operation: string,
  shape: Shape,
  options: ArrayOptions<D>,
  natural: DtypeName = "float32",
): DeviceArray<D> {
  requireKnownOptions(operation, options, arrayOptions);
  const { dtype = natural as D, device: where } = options;
  const axes = shapeOf(shape);
  const type = dtypeNamed(dtype);
  const storage = new Storage(deviceOf(where), sizeOf(axes) * type.bytes);
  return make({ storage, dtype: type, shape: axes, strides: denseStrides(axes), offset: 0 });
}

function filled<D extends DtypeName>(
  operation: string,
  shape: Shape,
  value: number | bigint,
  options: ArrayOptions<D>,
): DeviceArray<D> {
  const array = allocated(operation, shape, options);
  try {
    fillWith(operation, array, value);
    return array;
  } catch (error) {
    array.free();
    throw error;
  }
}

/** An array whose elements are whatever the memory holds. Does not wait. @throws {DeviceMemoryError} no room */
export function empty<D extends DtypeName = "float32">(
  shape: Shape,
  options: ArrayOptions<D> = {},
): DeviceArray<D> {
  return allocated("empty", shape, options);
}

/** An array whose elements are all one value. Does not wait. @throws {DeviceMemoryError} no room */
export function full<D extends DtypeName = "float32">(
  shape: Shape,
  value: number | bigint,
  options: ArrayOptions<D> = {},
): DeviceArray<D> {
  return filled("full", shape, value, options);
}

/** An array of zeros. Does not wait. @throws {DeviceMemoryError} no room */
export function zeros<D extends DtypeName = "float32">(
  shape: Shape,
  options: ArrayOptions<D> = {},
): DeviceArray<D> {
  return filled("zeros", shape, 0, options);
}

/**
 * A typed array's elements on a device: one axis, or a shape of as many elements. Resolves when the typed array has
 * been read; a Uint16Array's elements are float16 or bfloat16 where `dtype` says so.
 * @throws {DeviceMemoryError} no room
 */
export async function upload<T extends TypedArray, D extends DtypeName = NaturalDtype<T>>(
  source: T,
  shape?: Shape,
  options: ArrayOptions<D> = {},
): Promise<DeviceArray<D>> {
  const natural = dtypeOfArray(source);
  if (natural === undefined) {
    throw new ArgumentError(
      `upload: the first argument must be a typed array of numbers; got ${describe(source)}`,
    );
  }
  const array = allocated("upload", shape ?? source.length, options, natural.name);
  try {
    await array.upload(source);
  } catch (error) {
    array.free();
    throw error;
  }
  return array;
}
