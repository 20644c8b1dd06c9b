/** Arrays long enough to be copied from one rank's memory to another's: argument 1 names the case. */
import { expect } from "chai";
import { ANY, PeerFinishedError, TruncationError, TypeMismatchError, world } from "tsmpi";
import { arrayOf, arrayTypes, compute, expectSame, faces, failure, ok, pattern, sleep } from "./support.ts";

const { rank, size } = world;
const right = (rank + 1) % size;
const left = (rank + size - 1) % size;

/** Around the least length that is copied, the length of a piece, and a few pieces. */
const around = [64 * 1024, 128 * 1024, 512 * 1024, 1024 * 1024, 3 * 1024 * 1024];
const lengths = around.flatMap(length => [length - 8, length, length + 8, length + 4096]);
const LONG = 1 << 20;

/** What may be done to an array as soon as its send is done. */
function scribble(array: Uint8Array): void {
  array.fill(0xee);
}

const cases: Record<string, () => Promise<void>> = {
  /** Every rank to the next, at once, while it receives itself. */
  async sizes() {
    for (const face of faces) {
      for (const length of lengths) {
        const array = pattern(length, rank);
        const target = new Uint8Array(length + 3);
        const status = await face.sendrecvInto(target.subarray(3), array, right, left);
        scribble(array);
        expect(status).to.deep.equal({ source: left, tag: 0, count: length, bytes: length });
        expectSame(target.subarray(3), pattern(length, left), `${length} bytes`);
        expect([...target.subarray(0, 3)], "what lies before the target").to.deep.equal([0, 0, 0]);
        expectSame(
          await face.sendrecv(pattern(length, rank), right, left),
          pattern(length, left),
          `${length} bytes`,
        );
      }
    }
  },

  async types() {
    for (const type of arrayTypes) {
      const length = 100_000;
      const whole = arrayOf(type, length + 7, i => (i + rank) % 100);
      const target = new type(length + 5);
      const receiving = world.recvInto(target.subarray(5), left);
      await world.send(whole.subarray(7), right);
      scribble(new Uint8Array(whole.buffer as ArrayBuffer));
      await receiving;
      expectSame(
        target.subarray(5),
        arrayOf(type, length, i => (i + 7 + left) % 100),
        type.name,
      );
    }
  },

  /** Rank 0 gets from all others, in the order in which they come, what none of them waits to be asked for. */
  async any() {
    const rounds = 20;
    if (rank > 0) {
      for (let round = 0; round < rounds; round++) {
        const array = pattern(LONG, rank * 100 + round);
        await world.send(array, 0, { tag: round });
        scribble(array);
      }
      return;
    }
    const seen = new Array<number>(size).fill(0);
    for (let i = 0; i < rounds * (size - 1); i++) {
      const target = new Uint8Array(LONG);
      const { source, tag } = await faces[i % 2].recvInto(target, ANY);
      expect(tag, `message of rank ${source}`).to.equal(seen[source]++);
      expectSame(target, pattern(LONG, source * 100 + tag), `message ${tag} of rank ${source}`);
    }
  },

  /** More than can be on offer at once, received in another order than sent, some by probes. */
  async unexpected() {
    const count = 150;
    const length = 70_000;
    if (rank % 2 === 0 && right > rank) {
      const arrays = Array.from({ length: count }, (_, i) => pattern(length + i, i));
      await Promise.all(
        arrays.map(async (array, tag) => {
          await world.send(array, right, { tag });
          scribble(array);
        }),
      );
    } else if (rank % 2 === 1) {
      for (let i = 0; i < count; i++) {
        const tag = (i * 67) % count;
        const face = faces[i % 2];
        const what = `message ${tag}`;
        if (i % 3 === 0) {
          expectSame(await face.recv(left, { tag }), pattern(length + tag, tag), what);
        } else if (i % 3 === 1) {
          const message = await face.probe(left, { tag });
          expect(message.bytes).to.equal(length + tag);
          expectSame(await message.recv(), pattern(length + tag, tag), what);
        } else {
          const message = await face.probe(left, { tag });
          const target = new Uint8Array(length + tag);
          await message.recvInto(target);
          expectSame(target, pattern(length + tag, tag), what);
        }
      }
    }
  },

  /** A send is done, and its successor served, even if its receiver does not want what it gets. */
  async refused() {
    for (const face of faces) {
      if (rank === 0) {
        for (let i = 0; i < 4; i++) await face.send(pattern(LONG, i), 1);
        await face.send(pattern(LONG, 9), 1, { synchronous: true });
      } else if (rank === 1) {
        const short = new Uint8Array(LONG - 1);
        expect(await failure(() => face.recvInto(short, 0))).to.be.instanceOf(TruncationError);
        expect(await failure(() => face.recvInto(new Float64Array(LONG), 0))).to.be.instanceOf(
          TypeMismatchError,
        );
        const message = await face.probe(0);
        expect(await failure(() => message.recvInto(short))).to.be.instanceOf(TruncationError);
        expect(
          short.every(byte => byte === 0),
          "a refused message touches no target",
        ).to.equal(true);
        expectSame(await face.recv(0), pattern(LONG, 3), "the one after");
        expectSame(await face.recv(0), pattern(LONG, 9), "a synchronous one");
      }
    }
  },

  /** A receiver that comes late finds its sender asleep, and one that is busy lets the sender sleep. */
  async late() {
    for (const face of faces) {
      for (const pause of [0, 3, 30]) {
        if (rank % 2 === 0 && right > rank) {
          const array = pattern(8 * LONG, pause);
          await face.send(array, right);
          scribble(array);
          await sleep(pause);
          await face.send(pattern(8 * LONG, pause + 1), right);
        } else if (rank % 2 === 1) {
          await sleep(pause);
          const receiving = world.recv(left);
          compute(pause);
          expectSame(await receiving, pattern(8 * LONG, pause), `after ${pause} ms`);
          expectSame(await face.recv(left), pattern(8 * LONG, pause + 1), `after ${pause} ms, the other way`);
        }
      }
    }
  },

  /**
   * What is given up before the receiver has read any of it has never been sent. Else it arrives, as it was, and the
   * array is the sender's all the same.
   */
  async "given up"() {
    for (const synchronous of [false, true]) {
      if (rank === 0) {
        const controller = new AbortController();
        const { signal } = controller;
        const arrays = [1, 2, 3].map(seed => pattern(LONG, seed));
        const sends = arrays.map((array, i) =>
          failure(() => world.send(array, 1, { tag: i, signal, synchronous })),
        );
        await world.send("sent", 1, { tag: 10 });
        await world.recv(1, { tag: 11 });
        const unread = [4, 5].map(seed => pattern(LONG, seed));
        sends.push(
          ...unread.map(array => failure(() => world.send(array, 1, { tag: 12, signal, synchronous }))),
        );
        controller.abort("given up");
        for (const send of sends) expect(await send).to.equal("given up");
        for (const array of [...arrays, ...unread]) scribble(array);
        await world.barrier();
      } else if (rank === 1) {
        // Reads the first three, all of which it keeps; the middle one is in the hands of a probe.
        await world.recv(0, { tag: 10 });
        const message = await world.probe(0, { tag: 1 });
        await world.send("read", 0, { tag: 11 });
        // A barrier reads no messages.
        await world.barrier();
        expectSame(await message.recv(), pattern(LONG, 2), "the probed one");
        expectSame(await world.recv(0, { tag: 0 }), pattern(LONG, 1), "the first");
        expectSame(await world.recv(0, { tag: 2 }), pattern(LONG, 3), "the third");
        expect(world.poll(0, { tag: 12 }), "what was not read").to.equal(undefined);
      }
      await world.barrier();
    }
  },

  /** A sender ends without having waited, and one meets a receiver that ends. */
  async ends() {
    if (rank === 0) {
      void world.send(pattern(LONG, 1), 1);
      return;
    }
    await sleep(50);
    if (rank === 1) {
      expectSame(await world.recv(0), pattern(LONG, 1), "what a rank sent last");
      return;
    }
    expect(await failure(() => world.send(pattern(8 * LONG, 1), 1))).to.be.instanceOf(PeerFinishedError);
  },

  /** Objects and short messages before and after a long one, on one ring. */
  async order() {
    for (const face of faces) {
      for (let round = 0; round < 30; round++) {
        const long = pattern(64 * 1024 + round, round);
        if (rank % 2 === 0 && right > rank) {
          await face.send(round, right);
          await face.send(long, right);
          await face.send({ round }, right);
        } else if (rank % 2 === 1) {
          expect(await face.recv(left)).to.equal(round);
          expectSame(await face.recv(left), long, `round ${round}`);
          expect(await face.recv(left)).to.deep.equal({ round });
        }
      }
    }
  },
};

await cases[process.argv[2]]();
ok();
