/** The arrays of an operation: what a rank gives, and what it must have got afterwards. The same as in peer.c. */
import { world } from "tsmpi";

const { rank, size } = world;

/** Whole numbers whose sums over all ranks are exact, different for every rank and for neighbouring elements. */
function element(of: number, i: number): number {
  return (of + 1) * 1000 + (i % 997);
}

/** The sum of element i over ranks 0 to last. */
function summed(last: number, i: number): number {
  const ranks = last + 1;
  return (1000 * ranks * (ranks + 1)) / 2 + ranks * (i % 997);
}

interface Layout {
  receives: boolean;
  /** Blocks that a rank gives and gets, 1 unless said; each has as many elements as one rank contributes. */
  gives?: number;
  gets?: number;
  /** Element i of the target after the call. */
  expected(i: number, count: number): number;
}

const nothing: Layout = { receives: false, expected: () => 0 };

const layouts: Record<string, Layout> = {
  latency: { receives: rank < 2, expected: i => element(1 - rank, i) },
  bandwidth: { receives: rank === 1, expected: i => element(0, i) },
  bibandwidth: { receives: rank < 2, expected: i => element(1 - rank, i) },
  rate: { receives: rank === 1, expected: i => element(0, i) },
  barrier: nothing,
  broadcast: { receives: true, expected: i => element(0, i) },
  scatter: { receives: true, gives: size, expected: (i, count) => element(0, rank * count + i) },
  gather: {
    receives: rank === 0,
    gets: size,
    expected: (i, count) => element(Math.floor(i / count), i % count),
  },
  allgather: {
    receives: true,
    gets: size,
    expected: (i, count) => element(Math.floor(i / count), i % count),
  },
  alltoall: {
    receives: true,
    gives: size,
    gets: size,
    expected: (i, count) => element(Math.floor(i / count), rank * count + (i % count)),
  },
  reduce: { receives: rank === 0, expected: i => summed(size - 1, i) },
  allreduce: { receives: true, expected: i => summed(size - 1, i) },
  "reduce-scatter": {
    receives: true,
    gives: size,
    expected: (i, count) => summed(size - 1, rank * count + i),
  },
  scan: { receives: true, expected: i => summed(rank, i) },
};

export class Data {
  readonly source: Float64Array;
  readonly target: Float64Array;
  readonly reply = new Float64Array(1);
  private readonly layout: Layout;
  private readonly count: number;
  private readonly isSource: boolean;

  constructor(operation: string, bytes: number) {
    this.layout = layouts[operation];
    this.count = bytes / 8;
    // The target of a broadcast is what the root sends.
    this.isSource = operation === "broadcast" && rank === 0;
    const { gives = 1, gets = 1 } = this.layout;
    this.source = new Float64Array(this.count * gives);
    this.target = new Float64Array(this.count * gets);
    for (let i = 0; i < this.source.length; i++) this.source[i] = element(rank, i);
  }

  clear(): void {
    if (!this.isSource) this.target.fill(-1);
    else for (let i = 0; i < this.target.length; i++) this.target[i] = element(0, i);
  }

  isWrong(): boolean {
    const { layout, target, count } = this;
    if (!layout.receives) return false;
    for (let i = 0; i < target.length; i++) if (target[i] !== layout.expected(i, count)) return true;
    return false;
  }
}

/** The value of `objects`, and what has come of it. */
export class ObjectData {
  readonly value: unknown;
  received: unknown;

  constructor(value: unknown) {
    this.value = value;
  }
}
