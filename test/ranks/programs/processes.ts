/** Processes and threads that a rank starts are worlds of one of their own and do not disturb the job. */
import { execFile, fork } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { expect } from "chai";
import { sum, world } from "tsmpi";
import { left, ok, right } from "./support.ts";

const script = `
  import { world } from "tsmpi";
  await world.send("mine", 0);
  const value = await world.recv();
  await world.barrier();
  const text = [world.rank, world.size, value].join(" ");
  console.log(text);
  process.send?.(text);
`;
const inProgress = world.recv(left, { tag: 1 });

// A child process, while this rank has a receive under way and others send.
const children = Promise.all([
  promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], { cwd: import.meta.dirname }),
  promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], { cwd: import.meta.dirname }),
]);
for (let i = 0; i < 200; i++) expect(await world.sendrecv(i, right, left, { tag: 2 })).to.equal(i);
for (const { stdout } of await children) expect(stdout).to.equal("0 1 mine\n");

// With a channel in place of the descriptor where a rank has its segment.
const forked = fork("-", [], {
  execArgv: ["--input-type=module", "-e", script],
  cwd: import.meta.dirname,
  stdio: ["ignore", "ignore", "inherit", "ipc"],
});
const [text] = (await Promise.race([once(forked, "message"), once(forked, "exit")])) as [string];
expect(text).to.equal("0 1 mine");

// Threads: alone in their world, however many, while the rank works, and when they end.
const inThread = `
  const { parentPort } = require("node:worker_threads");
  import("tsmpi").then(async ({ world, sum }) => {
    await world.send("mine", 0);
    parentPort.postMessage([world.rank, world.size, await world.recv(), await world.allreduce(5, sum)]);
  });
`;
const workers = [1, 2].map(() => new Worker(inThread, { eval: true }));
const answers = workers.map(worker => once(worker, "message"));
for (let i = 0; i < 200; i++) expect(await world.allreduce(1, sum)).to.equal(world.size);
for (const [answer] of await Promise.all(answers)) expect(answer).to.deep.equal([0, 1, "mine", 5]);
await Promise.all(workers.map(worker => worker.terminate()));
expect(await world.sendrecv("after", right, left, { tag: 3 })).to.equal("after");

await world.send("at last", right, { tag: 1 });
expect(await inProgress).to.equal("at last");
await world.barrier();
ok();
