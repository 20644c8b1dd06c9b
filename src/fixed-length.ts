/** Arrays that another thread works on. */
import { ArgumentError } from "./errors.ts";

/** Memory of a resizable buffer may go away while a call runs on another thread; a growable shared one only grows. */
export function checkFixedLength(array: ArrayBufferView): void {
  if (!(array.buffer as { readonly resizable?: boolean }).resizable) return;
  throw new ArgumentError(
    "an awaited call takes no array of a resizable ArrayBuffer, which might shrink before it is over; give it one of a buffer of fixed length, or make a call that blocks, where there is one",
  );
}
