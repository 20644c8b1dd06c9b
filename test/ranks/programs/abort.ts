/** Any wait can be ended by a signal, and then it has never been: what comes later goes to others. */
import { expect } from "chai";
import { ANY, world } from "tsmpi";
import { expectSame, failure, left, ok, pattern, right, sleep } from "./support.ts";

const { rank, size } = world;

// Reasons, of every operation that waits for a message.
type Wait = [name: string, wait: (signal: AbortSignal) => Promise<unknown>];
const receives: readonly Wait[] = [
  ["recv", signal => world.recv(left, { tag: 1, signal })],
  ["recv from any rank", signal => world.recv(ANY, { signal })],
  ["recvInto", signal => world.recvInto(new Float64Array(1), left, { signal })],
  ["probe", signal => world.probe(left, { signal })],
  ["probe for any", signal => world.probe(ANY, { signal })],
  ["messages", signal => world.messages({ signal }).next()],
];
const sends: readonly Wait[] = [
  ["synchronous send", signal => world.send("unwanted", right, { tag: 99, synchronous: true, signal })],
  ["sendrecv", signal => world.sendrecv("unwanted", right, left, { sendTag: 99, recvTag: 1, signal })],
  [
    "sendrecvInto",
    signal =>
      world.sendrecvInto(new Float64Array(1), new Float64Array(1), right, left, {
        sendTag: 99,
        recvTag: 1,
        signal,
      }),
  ],
];
for (const [name, wait] of [...receives, ...sends]) {
  // What is sent in vain must not find another rank's receive.
  if (name === sends[0][0]) await world.barrier();
  const timeout = (await failure(() => wait(AbortSignal.timeout(15)))) as Error;
  expect(timeout, name).to.include({ name: "TimeoutError" });
  const controller = new AbortController();
  const reason = { my: "reason" };
  setTimeout(() => controller.abort(reason), 15);
  expect(await failure(() => wait(controller.signal)), name).to.equal(reason);
  expect(await failure(() => wait(controller.signal)), `${name}, aborted before`).to.equal(reason);
  expect((await failure(() => wait(AbortSignal.abort()))) as Error, name).to.include({ name: "AbortError" });
}
await world.barrier();

// Many waits may have one signal.
{
  const warnings: Error[] = [];
  process.on("warning", warning => warnings.push(warning));
  const controller = new AbortController();
  const { signal } = controller;
  const waits = Array.from({ length: 40 }, () => failure(() => world.recv(left, { tag: 98, signal })));
  controller.abort("all");
  expect(await Promise.all(waits)).to.deep.equal(new Array(40).fill("all"));
  await sleep(1);
  expect(warnings).to.deep.equal([]);
}

// Nothing of those is left: new receives get new messages.
await world.send("first", right, { tag: 1 });
await world.send(new Float64Array([rank]), right, { tag: 2 });
expect(await world.recv(left, { tag: 1 })).to.equal("first");
const target = new Float64Array(1);
await world.recvInto(target, left, { tag: 2 });
expect(target[0]).to.equal(left);
// The unwanted messages have been sent: giving up a synchronous send only ends the wait.
let unwanted = 0;
while (world.poll(left, { tag: 99 }) !== undefined) unwanted++;
expect(unwanted).to.be.greaterThan(0);
await world.barrier();

// Of receives that wait in a row one is withdrawn.
{
  const controller = new AbortController();
  const first = world.recv(left, { tag: 3 });
  const second = world.recv(left, { tag: 3, signal: controller.signal });
  const third = world.recv(left, { tag: 3 });
  const gone = failure(() => second);
  controller.abort();
  await gone;
  await world.barrier();
  await world.send("a", right, { tag: 3 });
  await world.send("b", right, { tag: 3 });
  expect(await Promise.all([first, third])).to.deep.equal(["a", "b"]);
  await world.barrier();
}

// A signal that comes when all is done changes nothing, and no listener stays behind.
{
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = ((...args: Parameters<typeof add>) => {
    listeners++;
    add(...args);
  }) as typeof add;
  signal.removeEventListener = ((...args: Parameters<typeof remove>) => {
    listeners--;
    remove(...args);
  }) as typeof remove;
  for (let i = 0; i < 50; i++) {
    const receiving = world.recv(left, { signal });
    await world.send(i, right, { signal });
    expect(await receiving).to.equal(i);
  }
  expect(listeners).to.equal(0);
  controller.abort();
  await sleep(5);
  await world.barrier();
}

// A loop over messages is left by its signal.
{
  const controller = new AbortController();
  const seen: unknown[] = [];
  const loop = (async () => {
    for await (const message of world.messages({ tag: 4, signal: controller.signal })) {
      seen.push(await message.recv());
      if (seen.length === 3) setTimeout(() => controller.abort("done"), 5);
    }
  })();
  const ended = failure(() => loop);
  for (const value of [1, 2, 3]) await world.send(value, right, { tag: 4 });
  expect(await ended).to.equal("done");
  expect(seen).to.deep.equal([1, 2, 3]);
  await world.barrier();
}

/*
 * Long sends to a rank that does not receive: the array is the caller's as soon as the promise is rejected. A
 * message of which a part is on its way arrives whole all the same; one that has not begun never does.
 */
const pair = size > 1 ? await world.split(rank < 2 ? 0 : undefined) : undefined;
if (pair !== undefined) {
  const length = 16 << 20;
  for (const synchronous of [false, true]) {
    if (rank === 0) {
      const arrays = [1, 2, 3].map(seed => pattern(length, seed));
      const controller = new AbortController();
      const { signal } = controller;
      const sends = arrays.map((array, i) => world.send(array, 1, { tag: 10 + i, signal, synchronous }));
      const failures = Promise.all(sends.map(send => failure(() => send)));
      await sleep(20);
      controller.abort("too long");
      expect(await failures).to.deep.equal(["too long", "too long", "too long"]);
      for (const array of arrays) array.fill(0xee);
      // Until now the other rank has not received anything: a barrier reads no messages.
      await pair.barrier();
      await world.send("end", 1, { tag: 20 });
      await world.recv(1, { tag: 22 });
    } else {
      await pair.barrier();
      const tags: number[] = [];
      for (;;) {
        const message = await world.probe(0);
        if (message.tag === 20) break;
        tags.push(message.tag);
        expectSame(
          await message.recv(),
          pattern(length, message.tag - 9),
          `the given up message ${message.tag}`,
        );
      }
      expect(tags, "messages that had not begun").to.not.include.members([11, 12]);
      await world.send("seen", 0, { tag: 22 });
    }
  }
}
await world.barrier();

// A message that is arriving can no longer be refused: the receive completes, signal or not.
if (size > 1 && rank < 2) {
  const length = 16 << 20;
  for (let round = 0; round < 5; round++) {
    if (rank === 0) {
      await world.send(pattern(length, round), 1, { tag: 30 });
      await world.send("after", 1, { tag: 31 });
    } else {
      const controller = new AbortController();
      const into = new Uint8Array(length);
      const receiving = world.recvInto(into, 0, { tag: 30, signal: controller.signal });
      setTimeout(() => controller.abort("refused"), round);
      const outcome = await receiving.catch((error: unknown) => error);
      // Refused in time, the message is still there for another.
      if (outcome === "refused") await world.recvInto(into, 0, { tag: 30 });
      expectSame(into, pattern(length, round), `refused after ${round} ms: ${String(outcome)}`);
      expect(await world.recv(0, { tag: 31 })).to.equal("after");
    }
  }
}
await world.barrier();
ok();
