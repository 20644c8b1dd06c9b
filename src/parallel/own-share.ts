import type { Source, Span } from "./run.ts";

/** All that this rank runs is known from the beginning. */
export class OwnShare implements Source {
  cancelled = false;
  private share: Span | undefined;

  constructor(length: number) {
    this.share = { from: 0, to: length };
  }

  next(): Span | undefined {
    const { share } = this;
    this.share = undefined;
    return this.cancelled ? undefined : share;
  }

  taskDone(): void {}

  cancel(): void {
    this.cancelled = true;
  }
}
