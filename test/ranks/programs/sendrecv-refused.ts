/** A sendrecv that is refused has done nothing: it has sent nothing, and no receive of its takes a later message. */
import { expect } from "chai";
import { NONE, world } from "tsmpi";
import { faces, failure, left, ok, right } from "./support.ts";

const array = new Float64Array(1);
const { size } = world;

for (const face of faces) {
  const refused: [string, () => unknown, RegExp][] = [
    ["dest", () => face.sendrecv(1, size, left), /dest must be .*; got a number/],
    ["source", () => face.sendrecv(1, right, size), /source must be .*; got a number/],
    ["sendTag", () => face.sendrecv(1, right, left, { sendTag: -3 }), /tag must be .*; got a number \(-3\)/],
    [
      "recvTag",
      () => face.sendrecv(1, right, left, { recvTag: 1.5 }),
      /tag must be .*; got a number \(1.5\)/,
    ],
    ["value", () => face.sendrecv({ f: () => 1 }, right, left), /cannot send value.f: it is a function/],
    ["dest, into", () => face.sendrecvInto(array, array, size, left), /dest must be .*; got a number/],
    ["source, into", () => face.sendrecvInto(array, array, right, size), /source must be .*; got a number/],
    [
      "target",
      () => face.sendrecvInto([0] as never, array, right, left),
      /target must be a typed array; got a list of 1/,
    ],
  ];
  for (const [name, operation, sentence] of refused) {
    expect(((await failure(operation)) as Error).message, name).to.match(sentence);
    await world.barrier();
    expect(await face.poll(), `sent in spite of a bad ${name}`).to.equal(undefined);
    await world.barrier();
    await face.send("a", right);
    await face.send("b", right);
    expect(await Promise.race([face.recv(left), lost(name)]), name).to.equal("a");
    expect(await Promise.race([face.recv(left), lost(name)]), name).to.equal("b");
    await world.barrier();
  }

  // To and from nobody.
  expect(await face.sendrecv("gone", NONE, NONE)).to.equal(undefined);
  expect(await face.sendrecvInto(array, array, NONE, NONE)).to.include({ source: NONE, count: 0 });
  expect(await face.sendrecv("edge", right, NONE)).to.equal(undefined);
  expect(await face.sendrecv("gone", NONE, left)).to.equal("edge");
  await face.send("gone", NONE, { synchronous: true });
  expect(await face.recv(NONE)).to.equal(undefined);
  await world.barrier();
  expect(await face.poll()).to.equal(undefined);
  await world.barrier();
}
ok();

/** On the awaiting face a lost message need not be waited for. */
async function lost(name: string): Promise<string> {
  await new Promise(resolve => setTimeout(resolve, 2000).unref());
  return `a message that the receive of a sendrecv with a bad ${name} took`;
}
