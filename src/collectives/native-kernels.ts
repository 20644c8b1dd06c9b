import type { Dtype } from "../codec/dtype.ts";
import { wordOf } from "../environment.ts";
import { NativeMissingError } from "../errors.ts";
import { type Native, native } from "../native.ts";
import { build, type Kernel } from "./kernels.ts";

/**
 * The loops in `native/reduce.cc` take over from those in TypeScript where they are faster in spite of the price of
 * the call. Both give the same bits, so that which one ran can only be told from the time.
 */

type ReduceArrays = Native["reduceArrays"];

// Null when there is no addon: a program run alone does without.
let reduceArrays: ReduceArrays | null | undefined;

// Not before the first long array: importing the library or reducing a few numbers must not load the addon.
function loadOrNull(): ReduceArrays | null {
  try {
    return native().reduceArrays;
  } catch (error) {
    if (error instanceof NativeMissingError) return null;
    throw error;
  }
}

/**
 * Elements from which the native loop is used. A call costs 180 ns, in which a loop in TypeScript gets
 * through 150 to 330 elements of eight bytes and, since it stores narrow ones more slowly, 50 to 230 others
 * (`bench/kernels.ts`).
 */
export function nativeFrom(dtype: Dtype): number {
  // For tests and measurements.
  const told = wordOf("TSMPI_KERNELS");
  if (told !== undefined) return told === "native" ? 0 : Number.POSITIVE_INFINITY;
  return dtype.bytes === 8 ? 256 : 128;
}

/** The built-in operator with this code: `loop` for arrays shorter than `from` elements, the native one for others. */
export function withNative(operator: number, dtype: Dtype, loop: Kernel, from = nativeFrom(dtype)): Kernel {
  const long: Kernel = (target, left, right) => {
    if (reduceArrays === undefined) reduceArrays = loadOrNull();
    if (reduceArrays === null) loop(target, left, right);
    else reduceArrays(operator, dtype.code, target, left, right);
  };
  // From text like the loops, so that the type feedback for `target` is not shared.
  return build(
    "function (target, left, right) { if (target.length < from) loop(target, left, right); else long(target, left, right); }",
    { from, loop, long },
  );
}
