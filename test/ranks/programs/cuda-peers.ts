/**
 * Copies from several ranks' memory at once, on the fake driver, of which the argument is the version: rank 0 receives from
 * all others, while kernels of its own device do not end.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect } from "chai";
import { world } from "tsmpi";
import * as cuda from "tsmpi/cuda";
import { holding } from "../../cuda/fake.ts";
import { ok } from "./support.ts";

const { rank, size } = world;
/** Before CUDA 11.1 a process can have an allocation open but once. */
const oneByOne = Number(process.argv[2]) < 11_010;
const gpus = await cuda.over(world);
const length = 100_000;
const others = Array.from({ length: size - 1 }, (_, i) => i + 1);

if (rank > 0) {
  using both = cuda.full([2, length], rank);
  using upper = both.slice([0, 1]);
  using lower = both.slice([1, 2]);
  lower.fill(-rank);
  await cuda.device().synchronize();
  // Two parts of one allocation.
  await Promise.all([gpus.send(upper, 0, { tag: 0 }), gpus.send(lower, 0, { tag: 1 })]);
  await world.recv(0);
  await gpus.send(upper, 0, { tag: 2 });
} else {
  const folder = mkdtempSync(join(tmpdir(), "tsmpi-peers-"));
  process.env.FAKE_CUDA_TRACE = join(folder, "trace");
  const seen = (): string[] => {
    const lines = readFileSync(join(folder, "trace"), "utf8").split("\n");
    return lines.map(line => line.split(" ")[0]).filter(what => what === "opened" || what === "closed");
  };
  using target = cuda.empty([size, 2, length]);
  const part = (i: number, j: number): cuda.DeviceArray => target.slice([i, i + 1], [j, j + 1]);
  const { index } = cuda.device();
  await holding(index, async end => {
    using kernel = cuda.full(1, 1);
    const received = others.flatMap(other =>
      [0, 1].map(tag => gpus.recvInto(part(other, tag), other, { tag })),
    );
    // So many streams there are for such copies.
    const open = oneByOne ? 1 : Math.min(4, received.length);
    while (seen().length < open) await pause(1);
    await pause(100);
    expect(seen()).to.deep.equal(new Array(open).fill("opened"));
    end();
    await Promise.all(received);
    expect((await kernel.download())[0]).to.equal(1);
    expect(seen().length).to.equal(4 * (size - 1));
    const inTurn = others.flatMap(() => ["opened", "closed", "opened", "closed"]);
    if (oneByOne) expect(seen()).to.deep.equal(inTurn);
  });
  for (const other of others) {
    expect((await part(other, 0).download())[length - 1]).to.equal(other);
    expect((await part(other, 1).download())[length - 1]).to.equal(-other);
  }

  // Who waits for a kernel called later does not keep the sender.
  const received = others.map(other => gpus.recvInto(part(other, 0), other, { tag: 2 }));
  await holding(index, async end => {
    using kernel = cuda.full(1, 1);
    let synchronized = false;
    const waited = cuda
      .device()
      .synchronize()
      .then(() => {
        synchronized = true;
      });
    for (const other of others) await world.send("go on", other);
    await Promise.all(received);
    expect(synchronized).to.equal(false);
    end();
    await waited;
    expect((await kernel.download())[0]).to.equal(1);
  });
  rmSync(folder, { recursive: true });
}
await world.barrier();
ok();
