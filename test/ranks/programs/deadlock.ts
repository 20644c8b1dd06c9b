/** Jobs that can never go on, and jobs that only look so: `deadlock.ts CASE`. */
import { spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { Worker } from "node:worker_threads";
import { expect } from "chai";
import { DeadlockError, world } from "tsmpi";
import { failure, left, ok, right, sleep } from "./support.ts";

const { rank, size, sync } = world;

/** Longer than a rank sleeps before it looks for a deadlock. */
const LONG_MS = 4500;

/** Rank 0 has something to come that does not keep its event loop; the others wait for what it sends then. */
async function later(arrange: (goOn: () => void) => void): Promise<void> {
  if (rank === 0) {
    arrange(() => {
      for (let other = 1; other < size; other++) void world.send("go on", other);
    });
    for (let other = 1; other < size; other++) expect(await world.recv(other)).to.equal("thanks");
    return;
  }
  // Both ways of waiting.
  expect(rank % 2 === 0 ? sync.recv(0) : await world.recv(0)).to.equal("go on");
  await world.send("thanks", 0);
}

const cases: Record<string, () => unknown> = {
  awaited: () => world.recv(right, { tag: 4 }),
  blocking: () => sync.recv(right, { tag: 4 }),
  mixed: () => (rank % 2 === 0 ? world.recv(right, { tag: 4 }) : sync.recv(right, { tag: 4 })),
  "barrier and receive": () => (rank === 0 ? sync.recv(right, { tag: 4 }) : sync.barrier()),
  "both send": () => {
    sync.send(new Float64Array(1 << 20), right);
    sync.recv(left);
  },
  "after one has finished": () => (rank === size - 1 ? sleep(3500) : sync.recv(1 - rank, { tag: 4 })),
  /** A program may go on from it. */
  caught: async () => {
    const error = await failure(() => world.recv(right, { tag: 4 })).catch(() => undefined);
    if (error !== undefined) expect(error).to.be.instanceOf(DeadlockError);
    await world.send("helped", left, { tag: 4 });
    if (error !== undefined) await world.recv(right, { tag: 4 });
  },

  timer: () => later(goOn => setTimeout(goOn, LONG_MS).unref()),
  signal: () =>
    later(goOn => {
      process.once("SIGUSR2", goOn);
      spawnSync("sh", ["-c", `(sleep ${LONG_MS / 1000}; kill -USR2 ${process.pid}) > /dev/null 2>&1 &`]);
    }),
  worker: () =>
    later(goOn => {
      const worker = new Worker(
        `setTimeout(() => require("node:worker_threads").parentPort.postMessage(1), ${LONG_MS})`,
        { eval: true },
      );
      worker.on("message", goOn);
      worker.unref();
    }),
  socket: () =>
    later(goOn => {
      const socket = createSocket("udp4", goOn);
      socket.bind(0, "127.0.0.1", () => {
        const program = `require("node:dgram").createSocket("udp4").send("x", ${socket.address().port}, "127.0.0.1", () => process.exit())`;
        const command = `(sleep ${LONG_MS / 1000}; "${process.execPath}" -e '${program}') > /dev/null 2>&1 &`;
        spawnSync("sh", ["-c", command]);
        socket.unref();
      });
    }),
  "abort signal": async () => {
    if (rank === 0) {
      const error = await failure(() => world.recv(1, { tag: 4, signal: AbortSignal.timeout(LONG_MS) }));
      expect(error).to.include({ name: "TimeoutError" });
      for (let other = 1; other < size; other++) await world.send("go on", other);
    } else {
      await world.recv(0);
    }
  },
  computing: () =>
    later(goOn => {
      const end = performance.now() + LONG_MS;
      while (performance.now() < end);
      goOn();
    }),
};

await cases[process.argv[2]]();
ok();
