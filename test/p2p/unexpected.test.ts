import { expect } from "chai";
import { Unexpected, UnexpectedQueue } from "../../src/p2p/unexpected.ts";

const message = (tag: number): Unexpected => new Unexpected(0, tag, 0, 0, 0, 8, undefined, 0, false);

describe("messages that nobody has asked for yet", () => {
  it("are found in the order they came, whichever are taken", () => {
    const queue = new UnexpectedQueue();
    const right: number[] = [];
    let seed = 1;
    const draw = (count: number): number => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return Math.floor((seed / 2 ** 32) * count);
    };
    for (let step = 0; step < 20_000; step++) {
      expect(queue.isEmpty).to.equal(right.length === 0);
      // Long queues at times, short ones at others.
      if (right.length === 0 || draw(100) < (Math.floor(step / 2000) % 2 === 0 ? 60 : 40)) {
        queue.push(message(step));
        right.push(step);
        continue;
      }
      const least = right[draw(right.length)];
      const position = queue.find(({ tag }) => tag >= least);
      expect(queue.at(position).tag).to.equal(least);
      expect(queue.take(position).tag).to.equal(least);
      right.splice(right.indexOf(least), 1);
      expect(queue.find(({ tag }) => tag === least)).to.equal(-1);
    }
    for (const tag of right) expect(queue.take(queue.find(() => true)).tag).to.equal(tag);
    expect(queue.find(() => true)).to.equal(-1);
  });

  it("take no more room for those that have passed one that stays", () => {
    const queue = new UnexpectedQueue();
    queue.push(message(-1));
    for (let tag = 0; tag < 10_000; tag++) {
      queue.push(message(tag));
      queue.take(queue.find(other => other.tag === tag));
    }
    expect((queue as unknown as { items: unknown[] }).items.length).to.be.below(100);
    expect(queue.take(queue.find(() => true)).tag).to.equal(-1);
    expect(queue.isEmpty).to.equal(true);
  });
});
