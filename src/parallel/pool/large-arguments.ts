import type { Submission } from "./pool.ts";
import { Shared } from "./shared.ts";
import { taskLabel } from "./task.ts";

const LARGE = 1 << 20;
/** Sent so often, a large value is worth a word. */
const OFTEN = 3;

/** Tells of large values that are sent with task after task. */
export class LargeArguments {
  private readonly times = new WeakMap<object, number>();

  check({ fn, args }: Submission): void {
    for (const arg of args) {
      const bytes = byteLengthOf(arg);
      if (bytes < LARGE) continue;
      const times = (this.times.get(arg as object) ?? 0) + 1;
      this.times.set(arg as object, times);
      if (times !== OFTEN) continue;
      const kind = (arg as object).constructor.name;
      process.stderr.write(
        `tsmpi: pool: the same ${kind} of ${mebibytes(bytes)} is sent with each task ${taskLabel(fn)}, ${times} times ` +
          "so far. Hand it to the workers once: const shared = await pool.share(value), and give tasks that.\n",
      );
    }
  }
}

/** Bytes of typed arrays in a value: the value itself, or parts of a list or plain object. */
function byteLengthOf(value: unknown): number {
  if (typeof value !== "object" || value === null || value instanceof Shared) return 0;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return value.byteLength;
  if (Array.isArray(value) && value.length > 1000) return 8 * value.length;
  let bytes = 0;
  for (const part of Object.values(value)) {
    if (ArrayBuffer.isView(part) || part instanceof ArrayBuffer) bytes += part.byteLength;
  }
  return bytes;
}

function mebibytes(bytes: number): string {
  return `${(bytes / LARGE).toFixed(1)} MiB`;
}
