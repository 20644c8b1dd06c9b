import { expect } from "chai";
import { blockBytes, type Memory, Pool } from "../../src/cuda/pool.ts";
import { DeviceMemoryError } from "../../src/errors.ts";
import { fails } from "./throws.ts";

/** Memory of so many bytes that only counts. */
class Counted implements Memory {
  readonly name = "counted";
  readonly total: number;
  readonly live = new Map<number, number>();
  settled = 0;
  collected: (() => void) | undefined;
  private next = 4096;

  constructor(total: number) {
    this.total = total;
  }

  allocate(bytes: number): number | undefined {
    if (bytes > this.room().free) return undefined;
    this.next += bytes + 4096;
    this.live.set(this.next, bytes);
    return this.next;
  }

  free(address: number): void {
    expect(this.live.delete(address), "freed twice").to.equal(true);
  }

  settle(): void {
    this.settled++;
  }

  collect(): void {
    this.collected?.();
  }

  room(): { free: number; total: number } {
    const used = [...this.live.values()].reduce((sum, bytes) => sum + bytes, 0);
    return { free: this.total - used, total: this.total };
  }
}

const MiB = 2 ** 20;

describe("cuda: pool", () => {
  it("rounds up to few sizes, wasting little of large ones", () => {
    expect([0, 1, 512, 513, 1025, MiB, MiB + 1, 5 * MiB].map(blockBytes)).to.deep.equal([
      512,
      512,
      512,
      1024,
      2048,
      MiB,
      2 * MiB,
      6 * MiB,
    ]);
  });

  it("gives freed memory to the next array of about its size", () => {
    const memory = new Counted(100 * MiB);
    const pool = new Pool(memory);
    const first = pool.take(20 * MiB);
    pool.give(first);
    expect(pool.info()).to.deep.equal({ used: 0, cached: 20 * MiB, peak: 20 * MiB });
    expect(pool.take(19 * MiB).address).to.equal(first.address);
    expect(pool.take(20 * MiB).address).not.to.equal(first.address);
    expect(memory.live.size).to.equal(2);
  });

  it("does not spend a large block on a small array", () => {
    const pool = new Pool(new Counted(100 * MiB));
    pool.give(pool.take(40 * MiB));
    pool.take(10 * MiB);
    expect(pool.info()).to.deep.equal({ used: 10 * MiB, cached: 40 * MiB, peak: 40 * MiB });
  });

  it("gives back what it keeps before it gives up", () => {
    const memory = new Counted(100 * MiB);
    const pool = new Pool(memory);
    pool.give(pool.take(60 * MiB));
    expect(pool.take(80 * MiB).bytes).to.equal(80 * MiB);
    expect(memory.settled).to.equal(1);
    expect(pool.info().cached).to.equal(0);
  });

  it("hands out nothing that was freed by a trim that failed half-way", () => {
    const memory = new Counted(100 * MiB);
    const pool = new Pool(memory);
    for (const block of [10, 10, 10, 4].map(size => pool.take(size * MiB))) pool.give(block);
    let calls = 0;
    const free = memory.free.bind(memory);
    memory.free = address => {
      if (++calls === 3) throw new Error("broken");
      free(address);
    };
    expect(() => pool.trim()).to.throw("broken");
    // The one whose freeing failed is lost; one of 4 MiB is left.
    expect(pool.info().cached).to.equal(4 * MiB);
    memory.free = free;
    for (const size of [10, 10, 10, 4]) expect(memory.live.has(pool.take(size * MiB).address)).to.equal(true);
  });

  it("has garbage collected before it gives up, and uses what that frees", () => {
    const memory = new Counted(100 * MiB);
    const pool = new Pool(memory);
    const lost = pool.take(60 * MiB);
    memory.collected = () => pool.give(lost);
    expect(pool.take(60 * MiB).address).to.equal(lost.address);
    const again = { ...lost };
    memory.collected = () => pool.give(again);
    expect(pool.take(80 * MiB).bytes).to.equal(80 * MiB);
  });

  it("says how much was wanted and how much there is", async () => {
    const pool = new Pool(new Counted(100 * MiB));
    pool.take(60 * MiB);
    const sentence =
      /counted has no room for 83,886,080 bytes: 41,943,040 bytes of 104,857,600 bytes are free, .* hold 62,914,560 bytes/;
    const error = await fails(() => pool.take(80 * MiB), DeviceMemoryError, sentence);
    expect([error.wanted, error.free, error.total]).to.deep.equal([80 * MiB, 40 * MiB, 100 * MiB]);
  });
});
