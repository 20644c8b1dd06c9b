/** Copies straight from and to the memory of another rank of this host, where the kernel allows it. */
import { wordOf } from "../environment.ts";
import { TsmpiError } from "../errors.ts";
import type { Native } from "../native.ts";
import { CopiesState, Header, type Layout, Rank } from "../transport/layout.ts";

/** No such process: it has just been killed. */
export const ESRCH = 3;
/** Milliseconds within which the launcher ends a job of which a rank has died. */
const GRACE_MS = 1000;

export class Copies {
  /** `TSMPI_CROSS_COPY=on`: messages are copied even where the ring would be faster, for tests and measurements. */
  readonly forced: boolean;
  private readonly forbidden: boolean;
  private readonly native: Native | undefined;
  private readonly words: Int32Array;
  private readonly layout: Layout;
  private state: number = CopiesState.untried;

  /**
   * @param native undefined: ranks share no memory and copy nothing
   * @throws {ArgumentError} TSMPI_CROSS_COPY is neither on nor off
   */
  constructor(native: Native | undefined, words: Int32Array, layout: Layout) {
    const told = wordOf("TSMPI_CROSS_COPY");
    this.forced = told === "on";
    this.forbidden = told === "off";
    this.native = native;
    this.words = words;
    this.layout = layout;
    if (native === undefined) this.state = CopiesState.forbidden;
    else native.allowCopies();
  }

  /**
   * Whether ranks may copy. Tried once in a job (1-2 ms); all ranks then get the same answer, because algorithms are
   * chosen by it. `TSMPI_CROSS_COPY=off` says no.
   */
  get allowed(): boolean {
    if (this.state === CopiesState.untried) {
      this.state = Atomics.load(this.words, Header.copies);
      if (this.state === CopiesState.untried) {
        const may = !this.forbidden && this.native!.mayCopy();
        Atomics.compareExchange(
          this.words,
          Header.copies,
          CopiesState.untried,
          may ? CopiesState.allowed : CopiesState.forbidden,
        );
        this.state = Atomics.load(this.words, Header.copies);
      }
    }
    return this.state === CopiesState.allowed;
  }

  /** Where an array lies in this process's memory, for other ranks. */
  addressOf(array: ArrayBufferView): number {
    return this.native!.addressOf(array);
  }

  /** Copies `count` bytes from `address` in the memory of a world rank into `bytes`, from index `at` on. */
  from(rank: number, address: number, bytes: Uint8Array, at: number, count: number): void {
    const error = this.native!.copyFrom(this.pidOf(rank), address, bytes, at, count);
    if (error !== 0) this.fail(rank, count, error);
  }

  /** Copies `count` bytes of `bytes`, from index `at` on, to `address` in the memory of a world rank. */
  to(rank: number, address: number, bytes: Uint8Array, at: number, count: number): void {
    const error = this.native!.copyTo(this.pidOf(rank), address, bytes, at, count);
    if (error !== 0) this.fail(rank, count, error);
  }

  private pidOf(rank: number): number {
    return this.words[this.layout.rankWord(rank) + Rank.pid];
  }

  private fail(rank: number, count: number, error: number): never {
    if (error === ESRCH) this.awaitAbort();
    const why = error === ESRCH ? "its process has ended" : `the kernel refused (errno ${error})`;
    throw new TsmpiError("TSMPI_COPY", `copying ${count} bytes to or from rank ${rank}: ${why}`, {
      peer: rank,
      cause: error,
    });
  }

  /** Leaves with the job, so that what is told of its end is why the other rank has died, not that this one failed. */
  private awaitAbort(): void {
    const until = performance.now() + GRACE_MS;
    while (performance.now() < until) {
      const code = Atomics.load(this.words, Header.abortCode);
      if (code !== 0) process.exit(code - 1);
      this.native!.yieldWhile(Header.abortCode, 0, 1);
    }
  }
}
