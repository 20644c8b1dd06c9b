/** Rings of a job whose messages are counted. Apart from the others, so that those pay nothing for it. */
import type { Native } from "../native.ts";
import { Kind } from "./frame.ts";
import { InRing, OutRing } from "./ring.ts";
import type { Statistics } from "./statistics.ts";

/** Whether a frame begins a message of the program's, or of a collective. */
function beginsMessage(marker: number): boolean {
  const kind = marker & Kind.mask;
  return kind !== Kind.continuation && kind !== Kind.acknowledge;
}

/** Bytes of the message whose first frame is at word `at`: of an array on offer, all that will be copied. */
function messageBytes(words: Int32Array, at: number): number {
  return (words[at + 4] >>> 0) + (words[at + 5] >>> 0) * 2 ** 32;
}

export class CountedOutRing extends OutRing {
  private readonly statistics: Statistics;

  constructor(
    segment: ArrayBufferLike,
    start: number,
    ringBytes: number,
    streamInto: Native["streamInto"],
    statistics: Statistics,
  ) {
    super(segment, start, ringBytes, streamInto);
    this.statistics = statistics;
  }

  override publish(at: number, chunk: number, marker: number): void {
    if (beginsMessage(marker)) {
      this.statistics.messagesSent++;
      this.statistics.bytesSent += messageBytes(this.words, at);
    }
    super.publish(at, chunk, marker);
  }
}

export class CountedInRing extends InRing {
  private readonly statistics: Statistics;

  constructor(segment: ArrayBufferLike, start: number, ringBytes: number, statistics: Statistics) {
    super(segment, start, ringBytes);
    this.statistics = statistics;
  }

  override release(chunk: number): boolean {
    const { words, at } = this;
    if (beginsMessage(words[at])) {
      this.statistics.messagesReceived++;
      this.statistics.bytesReceived += messageBytes(words, at);
    }
    return super.release(chunk);
  }
}
