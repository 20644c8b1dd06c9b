/** Receives that find their message at the front of the ring must still match in the order sent and posted. */
import { expect } from "chai";
import { ANY, TruncationError, TypeMismatchError, world } from "tsmpi";
import { arrayOf, arrayTypes, expectSame, faces, failure, ok } from "./support.ts";

const { rank, size } = world;
const right = (rank + 1) % size;
const left = (rank + size - 1) % size;

// What was kept while another tag was received comes before what has come later.
for (const face of faces) {
  for (const source of [left, ANY]) {
    for (let round = 0; round < 50; round++) {
      for (const [tag, value] of [
        [1, "a"],
        [2, "b"],
        [1, "c"],
        [3, "d"],
      ] as const) {
        await face.send(`${value}${round}`, right, { tag });
      }
      expect(await face.recv(left, { tag: 2 })).to.equal(`b${round}`);
      expect(await face.recv(source, { tag: source === ANY ? 1 : undefined })).to.equal(`a${round}`);
      expect(await face.recv(source, { tag: 1 })).to.equal(`c${round}`);
      expect(await face.recv(source)).to.equal(`d${round}`);
    }
    await world.barrier();
  }
}

// A receive posted earlier is served first, whoever asks next.
for (let round = 0; round < 50; round++) {
  const first = world.recv(left, { tag: 5 });
  const any = world.recv(ANY, { tag: 6 });
  await world.send("first", right, { tag: 5 });
  await world.send("any", right, { tag: 6 });
  await world.send("second", right, { tag: 5 });
  await world.send("last", right, { tag: 6 });
  expect(world.sync.recv(left, { tag: 5 })).to.equal("second");
  expect(world.sync.recv(left, { tag: 6 })).to.equal("last");
  expect(await Promise.all([first, any])).to.deep.equal(["first", "any"]);
}
await world.barrier();

// Every type, every length up to a frame and round the end of the ring, sub-arrays at both ends.
const rounds = size > 3 ? 5 : 20;
for (const face of faces) {
  for (const type of arrayTypes) {
    for (let length = 0; length < 4000; length = length * 2 + 3) {
      for (let round = 0; round < rounds; round++) {
        const element = (of: number) => (i: number) => (i + of + round) % 100;
        const sent = arrayOf(type, length + 2, element(rank)).subarray(1, length + 1);
        const target = arrayOf(type, length + 4, () => 77);
        const status = await face.sendrecvInto(target.subarray(2), sent, right, left, { tag: round });
        const { BYTES_PER_ELEMENT } = type;
        expect(status).to.deep.equal({
          source: left,
          tag: round,
          count: length,
          bytes: length * BYTES_PER_ELEMENT,
        });
        const expected = arrayOf(type, length + 4, i =>
          i < 2 || i >= length + 2 ? 77 : element(left)(i - 1),
        );
        expectSame(target, expected, `${type.name} of ${length}`);
        const came = await face.sendrecv(sent, right, left);
        expectSame(came, expected.slice(2, length + 2), `a new ${type.name} of ${length}`);
      }
    }
  }
}
await world.barrier();

// What does not fit is consumed, and what comes after it is received.
for (const face of faces) {
  await face.send(new Float64Array(3), right);
  await face.send(new Float32Array(3), right);
  await face.send("text", right);
  await face.send(Float64Array.of(1, 2), right);
  const target = new Float64Array(2);
  expect(await failure(() => face.recvInto(target, left))).to.be.instanceOf(TruncationError);
  expect(await failure(() => face.recvInto(target, left))).to.be.instanceOf(TypeMismatchError);
  expect(await failure(() => face.recvInto(target, left))).to.be.instanceOf(TypeMismatchError);
  expect([...target]).to.deep.equal([0, 0]);
  expect((await face.recvInto(target, left)).count).to.equal(2);
  expect([...target]).to.deep.equal([1, 2]);
  await world.barrier();
}
ok();
