/** Waits that meet the end of another rank, or of this one, at an awkward moment: argument 1 names the case. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { DeadlockError, NONE, PeerFinishedError, world } from "tsmpi";
import { ok } from "./support.ts";

const { rank, sync } = world;

async function rejection(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => expect.fail("the wait should have failed"),
    (error: Error) => error,
  );
}

const cases: Record<string, () => Promise<void>> = {
  /** The end of rank 1 is noticed during one wait; the next wait for it must be judged, too. */
  async "noticed earlier"() {
    if (rank === 1) return;
    if (rank === 2) {
      await sleep(400);
      await world.send("x", 0);
      await world.recv(0);
      return;
    }
    expect(await world.recv(2)).to.equal("x");
    expect(await rejection(world.recv(1))).to.be.instanceOf(PeerFinishedError);
    expect(() => sync.recv(1)).to.throw(PeerFinishedError);
    await world.send("bye", 2);
  },

  /** A blocking wait learns of the end at once, not at its next look up a second later. */
  async blocking() {
    sync.barrier();
    if (rank === 1) process.exit(0);
    const start = performance.now();
    expect(() => sync.recv(1)).to.throw(PeerFinishedError);
    expect(performance.now() - start).to.be.below(900);
  },

  async "several barriers under way"() {
    await world.barrier();
    if (rank === 1) await sleep(100);
    await Promise.all([world.barrier(), world.barrier(), world.barrier(), world.barrier()]);
  },

  /** An aborted wait must not keep the process alive. */
  async "aborted wait"() {
    if (rank === 0) {
      const error = await rejection(world.recv(1, { signal: AbortSignal.timeout(200) }));
      expect(error.name).to.equal("TimeoutError");
    } else {
      expect(await rejection(world.recv(0))).to.be.instanceOf(PeerFinishedError);
    }
  },

  async "self, later"() {
    const received = world.recv(rank);
    await sleep(100);
    await world.send("self", rank);
    expect(await received).to.equal("self");
    const synchronous = world.recv(rank, { tag: 3 });
    await sleep(100);
    await world.send("seen", rank, { tag: 3, synchronous: true });
    expect(await synchronous).to.equal("seen");
  },

  /** While the event loop has nothing to do but to wait for this rank, it never will be served. */
  async "only oneself"() {
    const part = await world.split(rank);
    for (const wait of [
      () => world.recv(rank, { tag: 3 }),
      () => world.probe(rank),
      () => world.send("unseen", rank, { synchronous: true }),
      () => part.recv(),
    ]) {
      const error = await rejection(wait());
      expect(error).to.be.instanceOf(DeadlockError);
      expect(error.message).to.match(/^rank \d waits in .*, but only this rank itself could serve that$/);
    }
    expect(await world.recv(rank)).to.equal("unseen");
    await world.barrier();
  },

  /** The rest of an object that went into the library's care travels while its sender waits for a timer. */
  async "rest of an object"() {
    const text = "x".repeat(3_000_000);
    if (rank === 0) {
      await world.send(text, 1);
      await sleep(2500);
    } else if (rank === 1) {
      const start = performance.now();
      expect(await world.recv(0)).to.equal(text);
      expect(performance.now() - start).to.be.below(1500);
    }
  },

  /** Both have sent what nobody will ever receive; both must end all the same. */
  async "nobody receives"() {
    await world.send("x".repeat(3_000_000), (rank + 1) % world.size);
  },

  async "barrier with a rank that leaves"() {
    if (rank === 1) {
      await world.send("x".repeat(3_000_000), 0);
      return;
    }
    expect(await rejection(world.barrier())).to.be.instanceOf(PeerFinishedError);
  },

  async "nobody as a partner"() {
    await world.send("lost", NONE);
    expect(await world.recv(NONE)).to.equal(undefined);
    expect(sync.recv(NONE)).to.equal(undefined);
    const target = new Float64Array([1, 2]);
    const status = await world.recvInto(target, NONE);
    expect(status).to.deep.equal({ source: NONE, tag: -1, count: 0, bytes: 0 });
    expect([...target]).to.deep.equal([1, 2]);
    // A line of ranks without special cases at its ends.
    const left = rank > 0 ? rank - 1 : NONE;
    const right = rank < world.size - 1 ? rank + 1 : NONE;
    expect(await world.sendrecv(rank, right, left)).to.equal(rank > 0 ? rank - 1 : undefined);
    expect(sync.sendrecv(rank, left, right)).to.equal(rank < world.size - 1 ? rank + 1 : undefined);
  },

  async abort() {
    if (rank === 1) world.abort("the input has no column 'delay'", 512);
    await world.barrier();
  },
};

await cases[process.argv[2]]();
ok();
