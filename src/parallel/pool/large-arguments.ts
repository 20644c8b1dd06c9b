import { approximateBytes } from "../approximate-bytes.ts";
import { partsOf } from "../nested.ts";
import { isModest } from "./modest.ts";
import type { Submission } from "./pool.ts";
import { taskLabel } from "./task.ts";

const LARGE = 1 << 20;
/** Sent so often, a large value is worth a word. */
const OFTEN = 3;
/** So many long strings are remembered, which have no identity by which they could be forgotten. */
const STRINGS = 8;

/** Tells of large values that are sent with task after task. */
export class LargeArguments {
  private readonly objects = new WeakMap<object, number>();
  /** The latest last. */
  private readonly strings = new Map<string, number>();

  check({ fn, args }: Submission): void {
    for (const arg of args) {
      if (isModest(arg)) continue;
      const value = this.largePartOf(arg);
      if (value === undefined || this.count(value) !== OFTEN) continue;
      const bytes = approximateBytes(value, Number.POSITIVE_INFINITY);
      // It cannot be sent, as will be said.
      if (bytes === Number.POSITIVE_INFINITY) continue;
      const kind = typeof value === "string" ? "string" : (value.constructor?.name ?? "object");
      const about = typeof value === "string" || ArrayBuffer.isView(value) ? "" : "about ";
      process.stderr.write(
        `tsmpi: pool: the same ${kind} of ${about}${mebibytes(bytes)} is sent with each task ${taskLabel(fn)}, ` +
          `${OFTEN} times so far. Hand it to the workers once, in the pool's body: const shared = await ` +
          "pool.share(value), and give tasks that.\n",
      );
    }
  }

  /** A part of the value that is large by itself, or else the value; undefined if that is not large. */
  private largePartOf(value: unknown): object | string | undefined {
    if (!this.isLarge(value)) return undefined;
    if (typeof value === "object" && this.objects.has(value)) return value;
    return partsOf(value)?.find(part => this.isLarge(part)) ?? value;
  }

  private isLarge(value: unknown): value is object | string {
    if (typeof value === "string") return approximateBytes(value, LARGE - 1) >= LARGE;
    if (typeof value !== "object" || value === null) return false;
    return this.objects.has(value) || approximateBytes(value, LARGE - 1) >= LARGE;
  }

  private count(value: object | string): number {
    if (typeof value === "object") {
      const times = (this.objects.get(value) ?? 0) + 1;
      this.objects.set(value, times);
      return times;
    }
    const times = (this.strings.get(value) ?? 0) + 1;
    this.strings.delete(value);
    this.strings.set(value, times);
    if (this.strings.size > STRINGS) this.strings.delete(this.strings.keys().next().value!);
    return times;
  }
}

function mebibytes(bytes: number): string {
  return `${(bytes / LARGE).toFixed(1)} MiB`;
}
