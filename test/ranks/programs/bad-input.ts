/** Bad arguments: one sentence that says what was expected and what came; nothing is sent or received by them. */
import { EventEmitter } from "node:events";
import { createServer } from "node:net";
import { expect } from "chai";
import { ANY, ArgumentError, NONE, NotSendableError, sum, world } from "tsmpi";
import { expectFailure, faces, failure, left, ok, right } from "./support.ts";

const { rank, size } = world;
const range = size === 1 ? "0, the only rank" : `a rank from 0 to ${size - 1}`;

for (const face of faces) {
  const refused = (operation: () => unknown, sentence: string): Promise<void> =>
    expectFailure(operation, ArgumentError, "TSMPI_ARGUMENT", sentence);

  // Ranks.
  for (const [bad, came] of [
    [size, `a number (${size})`],
    [-3, "a number (-3)"],
    [1.5, "a number (1.5)"],
    [NaN, "a number (NaN)"],
    ["0", 'a string ("0")'],
    [0n, "a bigint (0n)"],
    [null, "null"],
    [{}, "an object"],
  ] as [never, string][]) {
    await refused(() => face.send(1, bad), `send: dest must be ${range} of world; got ${came}.`);
    await refused(() => face.recv(bad), `recv: source must be ${range} of world; got ${came}.`);
    await refused(
      () => face.recvInto(new Float64Array(1), bad),
      `recvInto: source must be ${range} of world; got ${came}.`,
    );
    await refused(() => face.probe(bad), `probe: source must be ${range} of world; got ${came}.`);
    await refused(() => face.poll(bad), `poll: source must be ${range} of world; got ${came}.`);
  }
  await refused(
    () => face.send(1, undefined as never),
    `send: dest must be ${range} of world; got undefined.`,
  );
  await refused(() => face.send(1, ANY), `send: dest must be ${range} of world; got a number (-1).`);

  // From nobody one can receive, but not probe.
  await refused(() => face.probe(NONE), `probe: source must be ${range} of world`);

  // Tags.
  for (const [tag, came] of [
    [-1, "a number (-1)"],
    [-7, "a number (-7)"],
    [1.5, "a number (1.5)"],
    [2 ** 31, "a number (2147483648)"],
    [Infinity, "a number (Infinity)"],
    ["7", 'a string ("7")'],
  ] as [never, string][]) {
    const sentence = `tag must be a whole number from 0 to 2147483647; got ${came}.`;
    await refused(() => face.send(1, right, { tag }), `send: ${sentence}`);
    // -1 is ANY there.
    if (tag === -1) continue;
    await refused(() => face.recv(left, { tag }), `recv: ${sentence}`);
    await refused(() => face.recvInto(new Float64Array(1), left, { tag }), `recvInto: ${sentence}`);
    await refused(() => face.probe(left, { tag }), `probe: ${sentence}`);
  }
  await face.send("highest", right, { tag: 2 ** 31 - 1 });
  expect(await face.recv(left, { tag: 2 ** 31 - 1 })).to.equal("highest");

  // Targets.
  for (const [target, came] of [
    [[1, 2], "a list of 2"],
    [new ArrayBuffer(8), "an object of class ArrayBuffer"],
    [new DataView(new ArrayBuffer(8)), "an object of class DataView"],
    [undefined, "undefined"],
    ["text", 'a string ("text")'],
    [7, "a number (7)"],
  ] as [never, string][]) {
    await refused(() => face.recvInto(target, left), `recvInto: target must be a typed array; got ${came}`);
  }

  // Options that are none, as a tag or root given bare, which must be refused before anything is sent or numbered.
  for (const [bad, came] of [
    [7, "a number (7)"],
    [null, "null"],
    ["7", 'a string ("7")'],
  ] as [never, string][]) {
    const options = "options must be an object, such as";
    const array = new Float64Array(size);
    for (const [name, operation] of [
      ["send", () => face.send(1, right, bad)],
      ["recv", () => face.recv(left, bad)],
      ["recvInto", () => face.recvInto(array, left, bad)],
      ["sendrecv", () => face.sendrecv(1, right, left, bad)],
      ["sendrecvInto", () => face.sendrecvInto(array, array, right, left, bad)],
      ["probe", () => face.probe(left, bad)],
      ["poll", () => face.poll(left, bad)],
      ["broadcast", () => face.broadcast(1, bad)],
      ["broadcastInto", () => face.broadcastInto(array, bad)],
      ["scatter", () => face.scatter(array, bad)],
      ["scatterInto", () => face.scatterInto(array, array, bad)],
      ["gather", () => face.gather(1, bad)],
      ["gatherInto", () => face.gatherInto(array, array, bad)],
      ["alltoallInto", () => face.alltoallInto(array, array, bad)],
      ["reduce", () => face.reduce(1, sum, bad)],
      ["reduceInto", () => face.reduceInto(array, array, sum, bad)],
      ["allreduce", () => face.allreduce(1, sum, bad)],
      ["reduceScatter", () => face.reduceScatter(array, sum, bad)],
      ["scan", () => face.scan(1, sum, bad)],
      ["split", () => face.split(0, bad)],
      ["dup", () => face.dup(bad)],
    ] as [string, () => unknown][]) {
      await expectFailure(operation, ArgumentError, "TSMPI_ARGUMENT", `${name}: ${options}`);
      await expectFailure(operation, ArgumentError, "TSMPI_ARGUMENT", `; got ${came}.`);
    }
  }

  // Signals: what blocks takes none.
  const { signal } = new AbortController();
  for (const [bad, came] of [
    [5, "a number (5)"],
    [null, "null"],
    [{}, "an object"],
  ] as [never, string][]) {
    const sentence = `signal must be an AbortSignal; got ${came}.`;
    await refused(() => face.send(1, right, { signal: bad }), `send: ${sentence}`);
    await refused(() => face.recv(left, { signal: bad }), `recv: ${sentence}`);
    await refused(() => face.probe(left, { signal: bad }), `probe: ${sentence}`);
    await refused(() => face.sendrecv(1, right, left, { signal: bad }), `recv: ${sentence}`);
  }
  if (face !== world) {
    const sentence = "an operation of sync takes no signal";
    await refused(() => face.send(1, right, { signal }), `send: ${sentence}`);
    await refused(() => face.recv(left, { signal }), `recv: ${sentence}`);
    await refused(() => face.recvInto(new Float64Array(1), left, { signal }), `recvInto: ${sentence}`);
    await refused(() => face.sendrecv(1, right, left, { signal }), `recv: ${sentence}`);
    await refused(() => face.probe(left, { signal }), `probe: ${sentence}`);
  }

  // What cannot be sent, and where it is.
  class Job {
    options = { callback: () => 1 };
  }
  const server = createServer();
  const cyclic: Record<string, unknown> = { list: [1, 2] };
  cyclic.self = cyclic;
  cyclic.last = () => 1;
  for (const [value, path, why] of [
    [() => 1, "value", /it is a function/],
    [Symbol("s"), "value", /it is a symbol/],
    [Promise.resolve(1), "value", /it is a Promise \(await it/],
    [{ options: { callback: () => 1 } }, "value.options.callback", /it is a function/],
    [new Job(), "value.options.callback", /it is a function/],
    [[1, [2, { f: () => 1 }]], "value[1][1].f", /it is a function/],
    [
      new Map<unknown, unknown>([["a b", { handler: () => 1 }]]),
      'value.get("a b").handler',
      /it is a function/,
    ],
    [new Set([{}, new WeakMap()]), "value[Set item 1]", /it is a WeakMap/],
    [{ "not a name": Symbol("s") }, 'value["not a name"]', /it is a symbol/],
    [{ net: { server } }, "value.net.server", /it is a Server/],
    [{ events: new EventEmitter() }, "value.events", /it is an EventEmitter/],
    [{ later: [Promise.resolve()] }, "value.later[0]", /it is a Promise/],
    [cyclic, "value.last", /it is a function/],
    [new Error("e", { cause: { f: () => 1 } }), "value.cause.f", /it is a function/],
    [
      { text: "x".repeat(100_000), list: new Array(1000).fill({ a: 1 }), f: () => 1 },
      "value.f",
      /it is a function/,
    ],
  ] as [unknown, string, RegExp][]) {
    const fields = { path };
    const check = (operation: () => unknown): Promise<void> =>
      expectFailure(operation, NotSendableError, "TSMPI_NOT_SENDABLE", why, fields);
    await check(() => face.send(value, right));
    await check(() => face.send(value, rank));
    await check(() => face.send(value, right, { synchronous: true }));
    await expectFailure(
      () => face.send(value, right),
      NotSendableError,
      "TSMPI_NOT_SENDABLE",
      `cannot send ${path}: `,
    );
    if (size > 1) {
      // All ranks find it out at the same call, and the next one works.
      await check(() => face.alltoall(new Array(size).fill(value)));
      await check(() => face.allgather(value));
    }
  }

  // Nothing of all that was sent, and no receive waits for what comes now.
  await face.barrier();
  expect(await face.poll()).to.equal(undefined);
  await face.barrier();
  await face.send("first", right);
  await face.send(new Float64Array([5]), right);
  expect(await face.recv()).to.equal("first");
  expect(await face.recvInto(new Float64Array(1))).to.include({ count: 1 });
  expect(await face.allreduce(1, sum)).to.equal(size);
  await face.barrier();
}

// On the awaiting face every failure is a rejection, not an exception at the call.
for (const bad of [7, null] as never[]) {
  await expectFailure(
    () => world.messages(bad).next(),
    ArgumentError,
    "TSMPI_ARGUMENT",
    "messages: options must be an object",
  );
}
const copy = await world.dup();
await copy.free();
for (const operation of [
  () => world.send(1, 99),
  () => world.recv(99),
  () => world.recvInto([] as never),
  () => world.probe(99),
  () => world.sendrecv(1, 99),
  () => world.broadcast(1, { root: 99 }),
  () => world.split(0.5),
  () => copy.send(1, 0),
  () => copy.recv(),
  () => copy.barrier(),
  () => copy.broadcast(1),
  () => copy.gather(1),
  () => copy.allreduce(1, sum),
  () => copy.scan(1, sum),
  () => copy.free(),
]) {
  let promise: Promise<unknown>;
  try {
    promise = operation();
  } catch (error) {
    throw new Error(`${operation} throws at the call`, { cause: error });
  }
  expect(await failure(() => promise), String(operation)).to.be.instanceOf(ArgumentError);
}
ok();
