/** Messages of one pair match in the order sent, whatever their sizes, tags and the receives that wait for them. */
import { expect } from "chai";
import { ANY, type TypedArray, world } from "tsmpi";
import { blocking, everyRank, faces, left, ok, random, right, sleep } from "./support.ts";

const { rank } = world;
const others = everyRank.filter(other => other !== rank);

/** A message that says who sent it, to whom, and as which one; of a size that goes another way each time. */
function message(from: number, to: number, index: number): unknown {
  const next = random(from * 100_003 + to * 1009 + index);
  const shape = Math.floor(next() * 9);
  if (shape < 3) return from * 1e6 + index;
  const bulk = [2, 8, 100, 4096, 5000, 40_000][Math.floor(next() * 6)];
  if (shape < 6) {
    const array = new Float64Array(Math.max(2, bulk));
    array[0] = from;
    array[1] = index;
    array[array.length - 1] ||= index;
    return array;
  }
  return { from, index, text: "x".repeat(bulk), ...(shape === 8 ? { array: new Float32Array(bulk) } : {}) };
}

const tagOf = (from: number, index: number): number => Math.floor(random(from * 77 + index)() * 4);

function whose(value: unknown): { from: number; index: number } {
  if (typeof value === "number") return { from: Math.floor(value / 1e6), index: value % 1e6 };
  if (value instanceof Float64Array) return { from: value[0], index: value[1] };
  return value as { from: number; index: number };
}

const count = world.size > 3 ? 60 : 150;

async function sendAll(send: (value: unknown, dest: number, tag: number) => unknown): Promise<void> {
  const sends: unknown[] = [];
  for (let index = 0; index < count; index++) {
    for (const dest of others) sends.push(send(message(rank, dest, index), dest, tagOf(rank, index)));
  }
  await Promise.all(sends);
}

function expectWhole(value: unknown, from: number, index: number): void {
  const expected = message(from, rank, index);
  const lengthOf = (v: any): number => (typeof v === "number" ? 8 : (v.text?.length ?? v.length));
  expect(whose(value)).to.include({ from, index });
  expect(lengthOf(value)).to.equal(lengthOf(expected));
}

// Any source, any tag: each pair's messages come in order.
{
  const sending = sendAll((value, dest, tag) => world.send(value, dest, { tag }));
  const next = everyRank.map(() => 0);
  for (let i = 0; i < count * others.length; i++) {
    const value = await world.recv();
    const { from } = whose(value);
    expectWhole(value, from, next[from]++);
  }
  await sending;
  expect(next).to.deep.equal(everyRank.map(other => (other === rank ? 0 : count)));
  await world.barrier();
}

// Any source, one tag after another, though they were sent mixed; by probe and by receive in turn.
for (const receiving of faces) {
  const sending = sendAll((value, dest, tag) => world.send(value, dest, { tag }));
  for (const tag of [2, 0, 3, 1]) {
    const next = everyRank.map(() => 0);
    const total = others.flatMap(from => everyIndex(from, tag)).length;
    for (let i = 0; i < total; i++) {
      let value: unknown;
      if (i % 2 === 0) {
        value = await receiving.recv(ANY, { tag });
      } else {
        const found = await receiving.probe(ANY, { tag });
        expect(found.tag).to.equal(tag);
        value = await found.recv();
        expect(whose(value).from).to.equal(found.source);
      }
      const { from } = whose(value);
      expectWhole(value, from, everyIndex(from, tag)[next[from]++]);
    }
  }
  await sending;
  await world.barrier();
}

function everyIndex(from: number, tag: number): number[] {
  return Array.from({ length: count }, (_, index) => index).filter(index => tagOf(from, index) === tag);
}

// One source after another, the last first; in turns, so that the blocking face can do it, too.
for (const face of faces) {
  for (const sender of [...everyRank].reverse()) {
    if (rank === sender) {
      for (let index = 0; index < count; index++) {
        for (const dest of others)
          await face.send(message(rank, dest, index), dest, { tag: tagOf(rank, index) });
      }
    } else {
      for (let index = 0; index < count; index++) expectWhole(await face.recv(sender), sender, index);
    }
  }
  await face.barrier();
}

// Many receives that wait, posted in another order than their messages come in.
{
  const outstanding = 500;
  const receives = Array.from({ length: outstanding }, (_, i) =>
    world.recv(left, { tag: outstanding - 1 - i }),
  );
  const any = Array.from({ length: outstanding }, () => world.recv<number[]>(left, { tag: outstanding }));
  const sends: Promise<void>[] = [];
  for (let tag = 0; tag < outstanding; tag++) {
    sends.push(world.send([rank, tag], right, { tag }), world.send([rank, tag], right, { tag: outstanding }));
  }
  const values = await Promise.all(receives);
  for (let i = 0; i < outstanding; i++) expect(values[i]).to.deep.equal([left, outstanding - 1 - i]);
  expect((await Promise.all(any)).map(value => value[1])).to.deep.equal([...Array(outstanding).keys()]);
  await Promise.all(sends);
  await world.barrier();
}

// Receives of both kinds wait; the one posted first gets the message.
{
  const first = world.recv(left, { tag: 9 });
  const second = world.recv(ANY, { tag: 9 });
  const third = world.recv(ANY);
  const fourth = world.recv(left);
  await world.barrier();
  for (const value of ["a", "b", "c", "d"]) await world.send(value, right, { tag: 9 });
  expect(await Promise.all([first, second, third, fourth])).to.deep.equal(["a", "b", "c", "d"]);
  await world.barrier();
}

// A message to oneself, large and small, awaited, blocking, and received before it is sent.
for (const face of faces) {
  for (const value of [1, "text", new Float64Array(100_000).fill(rank), { list: [rank] }]) {
    await face.send(value, rank, { tag: 3 });
    expect(await face.recv(rank, { tag: 3 })).to.deep.equal(value);
  }
  const array = new Int16Array(5).fill(rank);
  await face.send(array, rank);
  array.fill(-1);
  const target = new Int16Array(6);
  expect(await face.recvInto(target)).to.deep.equal({ source: rank, tag: 0, count: 5, bytes: 10 });
  expect([...target]).to.deep.equal([rank, rank, rank, rank, rank, 0]);
  expect(await face.sendrecv("me", rank, rank, { tag: 8 })).to.equal("me");
  await face.barrier();
}
const early = world.recv(rank, { tag: 4 });
const earlyAny = world.recv(ANY, { tag: 5 });
await world.send("early", rank, { tag: 4 });
await world.send("any", rank, { tag: 5 });
expect(await early).to.equal("early");
expect(await earlyAny).to.equal("any");

// sendrecv with tags of its own, to and from different ranks.
for (const face of faces) {
  expect(await face.sendrecv(rank, right, left, { tag: 6 })).to.equal(left);
  expect(await face.sendrecv(rank, left, right, { sendTag: 10 + rank, recvTag: 10 + right })).to.equal(right);
  expect(await face.sendrecv(rank, right)).to.equal(left);
  const target = new Float64Array(3);
  const status = await face.sendrecvInto(target, new Float64Array(2).fill(rank), right, left, { tag: 6 });
  expect(status).to.deep.equal({ source: left, tag: 6, count: 2, bytes: 16 });
  expect([...target]).to.deep.equal([left, left, 0]);
  await face.barrier();
}

// Both faces of one rank at once: a receive that is awaited goes on while another blocks.
{
  const awaited = world.recv<TypedArray>(left, { tag: 20 });
  const sending = world.send(new Float64Array(200_000).fill(rank), right, { tag: 20 });
  await world.send("small", right, { tag: 21 });
  expect(blocking(world).recv(left, { tag: 21 })).to.equal("small");
  expect((await awaited).length).to.equal(200_000);
  await sending;
  await sleep(1);
}
ok();
