/** probe, poll and messages(): what they tell, what they take, and how a loop over them is left. */
import { inspect } from "node:util";
import { expect } from "chai";
import { ANY, ArgumentError, type Message, TruncationError, TypeMismatchError, world } from "tsmpi";
import { expectFailure, expectSame, faces, left, ok, pattern, right, sleep } from "./support.ts";

const { rank, size } = world;

for (const face of faces) {
  // What a probe tells.
  expect(await face.poll(), "nothing has been sent").to.equal(undefined);
  await face.barrier();
  await face.send(new Int32Array([rank, 2, 3]), right, { tag: 4 });
  await face.send({ from: rank }, right, { tag: 5 });
  const object = await face.probe(left, { tag: 5 });
  expect(object.source).to.equal(left);
  expect(object.tag).to.equal(5);
  expect(object.bytes).to.be.greaterThan(4);
  const array = await face.probe();
  expect(array.source).to.equal(left);
  expect(array.tag).to.equal(4);
  expect(array.bytes).to.equal(12);
  expect(inspect(array)).to.match(new RegExp(`^(Blocking)?Message\\(from rank ${left}, tag 4, 12 bytes\\)$`));

  // It has taken the message: nobody else can.
  await face.barrier();
  expect(await face.poll()).to.equal(undefined);
  await face.barrier();
  await face.send("later", right, { tag: 5 });
  expect(await face.recv(left, { tag: 5 })).to.equal("later");
  expect(await object.recv()).to.deep.equal({ from: left });
  const target = new Int32Array(4).fill(-1);
  expect(await array.recvInto(target)).to.deep.equal({ source: left, tag: 4, count: 3, bytes: 12 });
  expect([...target]).to.deep.equal([left, 2, 3, -1]);

  // Once only.
  await expectFailure(() => object.recv(), ArgumentError, "TSMPI_ARGUMENT", /has been received already/);
  await expectFailure(
    () => array.recvInto(target),
    ArgumentError,
    "TSMPI_ARGUMENT",
    /has been received already/,
  );
  await face.barrier();

  // A probed message that does not fit is lost, and only that one.
  await face.send(new Float64Array(9), right, { tag: 1 });
  await face.send(new Float64Array(9), right, { tag: 2 });
  await face.send(rank, right, { tag: 3 });
  const long = await face.probe(left, { tag: 1 });
  await expectFailure(
    () => long.recvInto(new Float64Array(8)),
    TruncationError,
    "TSMPI_TRUNCATION",
    /9 elements.*room for 8/,
  );
  const doubles = await face.probe(left, { tag: 2 });
  await expectFailure(
    () => doubles.recvInto(new Float32Array(9)),
    TypeMismatchError,
    "TSMPI_TYPE_MISMATCH",
    /Float64Array.*Float32Array/,
  );
  expect(await (await face.probe(left, { tag: 3 })).recv()).to.equal(left);
  // A target that cannot be one leaves the message where it is.
  await face.send(new Float64Array([1.5]), right);
  const kept = await face.probe(left);
  await expectFailure(() => kept.recvInto([] as never), ArgumentError, "TSMPI_ARGUMENT", /typed array/);
  expect(await kept.recv()).to.deep.equal(new Float64Array([1.5]));
  await face.barrier();

  // Polling until it is there, by source, by tag and by neither.
  await face.send("polled", right, { tag: 6 });
  let polled: Message | undefined;
  while (polled === undefined) {
    polled = await face.poll(left, { tag: 6 });
    if (polled === undefined) await sleep(1);
  }
  expect(await face.poll(left, { tag: 6 })).to.equal(undefined);
  expect(await polled.recv()).to.equal("polled");
  await face.barrier();
  await face.send("x", right, { tag: 7 });
  await face.barrier();
  expect(await face.poll(left, { tag: 8 })).to.equal(undefined);
  expect((await face.poll(ANY, { tag: 7 }))?.tag).to.equal(7);
  await face.barrier();
}

// A long message that is still arriving when it has been probed, and others that come after it.
const long = 16 << 20;
for (const face of faces) {
  for (const into of [false, true]) {
    const sending = world.send(pattern(long, rank + 3), right);
    const after = world.send("after", right);
    const found = await face.probe(left);
    expect(found.bytes).to.equal(long);
    if (into) {
      const target = new Uint8Array(long + 1);
      expect((await found.recvInto(target)).count).to.equal(long);
      expectSame(target.subarray(0, long), pattern(long, left + 3), "probed, into");
    } else {
      expectSame(await found.recv(), pattern(long, left + 3), "probed");
    }
    expect(await face.recv(left)).to.equal("after");
    await Promise.all([sending, after]);
    await world.barrier();
  }
}

// Probed long messages received in another order than they came.
{
  const sends = [1, 2, 3].map(tag => world.send(pattern(1 << 20, tag), right, { tag }));
  const found = [await world.probe(left), await world.probe(left), await world.probe(left)];
  expect(found.map(message => message.tag)).to.deep.equal([1, 2, 3]);
  const receives = [found[2].recv(), found[0].recv(), found[1].recv()];
  for (const [i, tag] of [3, 1, 2].entries())
    expectSame(await receives[i], pattern(1 << 20, tag), `tag ${tag}`);
  await Promise.all(sends);
  await world.barrier();
}

// Messages as they come, and the loop left by break; what was not looked at is still there.
for (let index = 0; index < 10; index++) await world.send(index, right, { tag: 30 });
await world.send("other", right, { tag: 31 });
const seen: number[] = [];
for await (const message of world.messages({ tag: 30 })) {
  expect(message.source).to.equal(left);
  seen.push(await message.recv<number>());
  if (seen.length === 6) break;
}
expect(seen).to.deep.equal([0, 1, 2, 3, 4, 5]);
for await (const message of world.messages({ source: left })) {
  expect(await message.recv()).to.equal(6);
  break;
}
for (const rest of [7, 8, 9]) expect(await world.recv(left, { tag: 30 })).to.equal(rest);
expect(await world.recv()).to.equal("other");
// An error in the body leaves it, too.
await world.send("thrown", right);
await world.send("kept", right);
try {
  for await (const message of world.messages()) throw new Error(await message.recv());
} catch (error) {
  expect((error as Error).message).to.equal("thrown");
}
expect(await world.recv()).to.equal("kept");

await world.barrier();

// The master's loop: everybody reports to rank 0, in any order.
if (rank !== 0) for (let i = 0; i < 20; i++) await world.send({ rank, i }, 0, { tag: 40 + (i % 3) });
else if (size > 1) {
  const next = new Array<number>(size).fill(0);
  let left = 20 * (size - 1);
  for await (const message of world.messages()) {
    const { rank: from, i } = await message.recv<{ rank: number; i: number }>();
    expect([message.source, message.tag]).to.deep.equal([from, 40 + (i % 3)]);
    expect(i).to.equal(next[from]++);
    if (--left === 0) break;
  }
}
await world.barrier();
ok();
