/** Messages that do not fit where they are wanted: which error comes, what it says, and that nothing else is lost. */
import { expect } from "chai";
import { ANY, TruncationError, TypeMismatchError, world } from "tsmpi";
import { arrayOf, arrayTypes, expectFailure, expectSame, faces, left, ok, right, sleep } from "./support.ts";

const { rank } = world;
const where = { rank, peer: left, tag: 3, communicator: "world" };

for (const face of faces) {
  // A blocking receive cannot wait for what its own rank sends later.
  for (const posted of face === world ? [false, true] : [false]) {
    // Sizes that lie in one frame and in several; the receive is posted before the message comes, or after.
    for (const length of [1, 2, 8, 9, 1000, 5000, 1 << 18]) {
      const room = length - 1;
      const sending = async (): Promise<void> => {
        await world.send(new Float64Array(length).fill(rank), right, { tag: 3 });
        await world.send(rank + 0.5, right, { tag: 3 });
      };
      const target = new Float64Array(room).fill(-1);
      const sent = posted ? sleep(2).then(sending) : sending();
      await expectFailure(
        () => face.recvInto(target, posted ? left : ANY, { tag: 3 }),
        TruncationError,
        "TSMPI_TRUNCATION",
        `the message from rank ${left} has ${length} elements, but the Float64Array given to receive it has room for ${room}`,
        where,
      );
      expect(
        target.every(element => element === -1),
        "the target is untouched",
      ).to.equal(true);
      expect(await face.recv(left, { tag: 3 }), "the next message").to.equal(left + 0.5);
      await sent;
    }
  }
  await world.barrier();

  // Every type into every other type.
  for (const type of arrayTypes) {
    for (const other of arrayTypes) {
      await face.send(
        arrayOf(type, 3, i => i),
        right,
        { tag: 3 },
      );
      const target = arrayOf(other, 24, () => 7);
      const receive = (): unknown => face.recvInto(target, left, { tag: 3 });
      if (type === other) {
        expect(await receive()).to.include({ count: 3 });
      } else {
        const [sent, given] = [type, other].map(({ name }) => `${name.startsWith("I") ? "an" : "a"} ${name}`);
        const sentence = `the message from rank ${left} holds ${sent}, but the array given to receive it is ${given}`;
        await expectFailure(receive, TypeMismatchError, "TSMPI_TYPE_MISMATCH", sentence, where);
        expectSame(
          target,
          arrayOf(other, 24, () => 7),
          `${other.name}, untouched`,
        );
      }
    }
  }
  const kinds: [unknown, string][] = [
    [1.5, "a number"],
    ["text", "an object"],
    [{ an: "object" }, "an object"],
    [[1, 2], "an object"],
    [undefined, "an object"],
    [new ArrayBuffer(8), "an object"],
    ["x".repeat(100_000), "an object"],
  ];
  for (const [value, kind] of kinds) {
    await face.send(value, right, { tag: 3 });
    await face.send("next", right, { tag: 3 });
    const sentence = `holds ${kind}, but the array given to receive it is a Float64Array`;
    const receive = (): unknown => face.recvInto(new Float64Array(1e5), left, { tag: 3 });
    await expectFailure(receive, TypeMismatchError, "TSMPI_TYPE_MISMATCH", sentence, where);
    expect(await face.recv(left)).to.equal("next");
  }
  await face.barrier();
}

// Of many receives that wait, one fails and the others do not.
const targets = [4, 3, 5].map(length => new Int32Array(length));
// Taken care of before any of them can fail, for a rejection that nobody waits for yet ends the process.
const settled = Promise.allSettled(targets.map(target => world.recvInto(target, left)));
for (let i = 0; i < 3; i++) await world.send(new Int32Array([rank, i, 0, 1]), right);
const outcomes = await settled;
expect(outcomes.map(outcome => outcome.status)).to.deep.equal(["fulfilled", "rejected", "fulfilled"]);
expect([...targets[0]]).to.deep.equal([left, 0, 0, 1]);
expect([...targets[2]]).to.deep.equal([left, 2, 0, 1, 0]);
ok();
