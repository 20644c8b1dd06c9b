/** Shapes of arrays: row-major, the last axis next to each other. */
import { describe } from "../describe.ts";
import { ArgumentError } from "../index.ts";

/** Lengths of the axes; a number stands for one axis. */
export type Shape = number | readonly number[];

/** @throws {ArgumentError} a length is not a whole number of at least 0, or too many elements for exact indices */
export function shapeOf(shape: Shape): readonly number[] {
  if (typeof shape !== "number" && !Array.isArray(shape)) {
    throw new ArgumentError(
      `a shape is a whole number or a list of them, such as [2, 3]; got ${describe(shape)}`,
    );
  }
  const axes: readonly number[] = typeof shape === "number" ? [shape] : [...shape];
  for (const length of axes) {
    if (Number.isSafeInteger(length) && length >= 0) continue;
    throw new ArgumentError(`a shape consists of whole numbers from 0; this is ${listed(axes)}`);
  }
  if (!Number.isSafeInteger(sizeOf(axes) * 8)) {
    throw new ArgumentError(`an array of shape ${show(axes)} is too large to be addressed`);
  }
  return axes;
}

/** Number of elements. */
export function sizeOf(axes: readonly number[]): number {
  return axes.reduce((product, length) => product * length, 1);
}

/** "2 x 3" */
export function show(axes: readonly number[]): string {
  return axes.length === 0 ? "()" : axes.join(" x ");
}

/** "[2, -1]", of what has been given for numbers: anything else in words. */
export function listed(values: readonly unknown[]): string {
  return `[${Array.from(values, value => (typeof value === "number" ? value : describe(value))).join(", ")}]`;
}

/** Elements between neighbours along each axis when nothing lies in between. */
export function denseStrides(axes: readonly number[]): readonly number[] {
  const strides = new Array<number>(axes.length);
  let step = 1;
  for (let axis = axes.length - 1; axis >= 0; axis--) {
    strides[axis] = step;
    step *= axes[axis];
  }
  return strides;
}

/** Whether elements lie one after the other in the order of their indices. */
export function isDense(axes: readonly number[], strides: readonly number[]): boolean {
  if (sizeOf(axes) <= 1) return true;
  const dense = denseStrides(axes);
  return axes.every((length, axis) => length === 1 || strides[axis] === dense[axis]);
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((length, axis) => length === b[axis]);
}
