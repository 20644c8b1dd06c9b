/**
 * Copies arrays into shared memory that another core has read, and will read next. Before a core may write to a cache line of
 * which another one has a copy, it must have the line from there, which takes long where the two share no cache: 64 KiB
 * take 27 us instead of 6 (AMD Zen 4). Streaming stores write past the caches and need no line, 2 us; the reader then fetches what
 * has gone to memory, which takes a little longer than from a cache that both share. Together 6.7 us, wherever the cores are (bench/streaming.c).
 */
import type { TypedArray } from "../codec/dtype.ts";
import { wordOf } from "../environment.ts";
import type { Native } from "../native.ts";
import { Pace } from "./pace.ts";

/** Bytes a millisecond. Where cores share a cache, 10 to 50 million, else 2.5. */
const LEAST_PACE = 6e6;
/** What is shorter takes no longer for it, or hardly. */
const STREAMED_BYTES = 2048;
const TIMED_BYTES = 4096;

export class SharedWriter {
  private readonly streamInto: Native["streamInto"];
  /** `TSMPI_STREAM=on`: whatever is long enough is streamed, for tests and measurements; `off`: nothing is. */
  private readonly always: boolean;
  private readonly pace = new Pace(LEAST_PACE);

  /**
   * @param streamInto undefined where ranks share cores, which then have a use for what is in the cache, and where there is none
   * @throws {ArgumentError} TSMPI_STREAM is neither on nor off
   */
  constructor(streamInto: Native["streamInto"]) {
    const told = wordOf("TSMPI_STREAM");
    this.always = told === "on";
    this.streamInto = told === "off" ? undefined : streamInto;
  }

  /**
   * Copies `count` elements of `source`, from `from` on, to index `to` of `target`.
   * @param target a view over the segment; both have elements of one type
   */
  write(target: TypedArray, to: number, source: TypedArray, from: number, count: number): void {
    const width = target.BYTES_PER_ELEMENT;
    const bytes = count * width;
    if (this.streamInto === undefined || bytes < STREAMED_BYTES) {
      copy(target, to, source, from, count);
    } else if (this.always || this.pace.isSlow()) {
      this.streamInto(target.byteOffset + to * width, source, from * width, bytes);
    } else if (bytes < TIMED_BYTES || !this.pace.isDue()) {
      copy(target, to, source, from, count);
    } else {
      const began = performance.now();
      copy(target, to, source, from, count);
      this.pace.note(bytes, performance.now() - began);
    }
  }
}

function copy(target: TypedArray, to: number, source: TypedArray, from: number, count: number): void {
  const part = count === source.length ? source : source.subarray(from, from + count);
  (target as Float64Array).set(part as Float64Array, to);
}
