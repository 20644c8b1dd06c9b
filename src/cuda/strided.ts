/** Dense copies of views with any strides. */
import type { Modules, Parameter } from "./modules.ts";
import { type GatherForm, gather, gatherName } from "./ptx/gather.ts";
import { vectorBytes } from "./ptx/groups.ts";
import { blockThreads } from "./ptx/kernel.ts";
import { tile, transpose, transposeName } from "./ptx/transpose.ts";

/** A view as it lies. */
export interface View {
  readonly address: number;
  /** Of an element. */
  readonly bytes: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

interface Axis {
  readonly length: number;
  /** Elements between neighbours. */
  readonly stride: number;
}

/** Puts the elements of a view that does not lie dense one after the other from an address on. */
export function copyStrided(modules: Modules, to: number, view: View): void {
  const axes = axesOf(view);
  if (areTransposed(axes)) transposeInto(modules, to, view, axes);
  else gatherInto(modules, to, view, axes);
}

/** A matrix, or a stack of them, whose columns lie together; where tiles are half empty, threads would have too little to do. */
function areTransposed(axes: readonly Axis[]): boolean {
  const [rows, ...others] = axes.slice(-2);
  return (
    axes.length <= 3 &&
    others.length === 1 &&
    rows.stride === 1 &&
    [rows, ...others].every(({ length }) => length >= tile / 2)
  );
}

/** The axes that are more than one long; one whose step is the whole of the next is one with it. */
function axesOf({ shape, strides }: View): Axis[] {
  const axes: Axis[] = [];
  for (const [axis, length] of shape.entries()) {
    if (length === 1) continue;
    const stride = strides[axis];
    const outer = axes.at(-1);
    if (outer !== undefined && outer.stride === length * stride)
      axes[axes.length - 1] = { length: outer.length * length, stride };
    else axes.push({ length, stride });
  }
  return axes;
}

function transposeInto(modules: Modules, to: number, { address, bytes }: View, axes: readonly Axis[]): void {
  const [rows, columns] = axes.slice(-2);
  const stack = axes.length === 3 ? axes[0] : { length: 1, stride: 0 };
  const [across, down] = [columns, rows].map(({ length }) => Math.ceil(length / tile));
  const tiles = stack.length * across * down;
  const values: Parameter[] = [
    ...[tiles, across, down].map(number => ["u32", number] as const),
    ...[to, address, rows.length, columns.length, columns.stride, stack.stride].map(
      number => ["u64", number] as const,
    ),
  ];
  const blocks = modules.blocksFor(tiles * blockThreads);
  modules.launch(transposeName(bytes), () => transpose(bytes), blocks, values);
}

function gatherInto(modules: Modules, to: number, view: View, merged: readonly Axis[]): void {
  const { bytes, axes } = widened(to, view, merged);
  const count = axes.reduce((product, { length }) => product * length, 1);
  const strides = axes.map(({ stride }) => stride * bytes);
  const form: GatherForm = {
    bytes,
    axes: axes.length,
    wide: [count, ...strides].some(number => number >= 2 ** 32),
  };
  const type = form.wide ? "u64" : "u32";
  modules.launch(gatherName(form), () => gather(form), modules.blocksFor(count), [
    ["u64", count],
    ["u64", to],
    ["u64", view.address],
    ...strides.map(stride => [type, stride] as const),
    ...axes.slice(1).map(({ length }) => [type, length] as const),
  ]);
}

/** The same memory as fewer elements of up to 16 bytes, where the innermost ones are neighbours and all goes even. */
function widened(
  to: number,
  { address, bytes }: View,
  axes: readonly Axis[],
): { bytes: number; axes: readonly Axis[] } {
  const outer = axes.slice(0, -1);
  const inner = axes[axes.length - 1];
  const fits = (elements: number): boolean =>
    elements * bytes <= vectorBytes &&
    [to, address].every(at => at % (elements * bytes) === 0) &&
    [inner.length, ...outer.map(({ stride }) => stride)].every(number => number % elements === 0);
  let elements = 1;
  while (inner.stride === 1 && fits(elements * 2)) elements *= 2;
  const wide = outer.map(({ length, stride }) => ({ length, stride: stride / elements }));
  if (inner.length > elements) wide.push({ length: inner.length / elements, stride: inner.stride });
  return { bytes: elements * bytes, axes: wide };
}
