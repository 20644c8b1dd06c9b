/**
 * That blocks of matmulRows travel while others are multiplied, by what the fake driver and cuBLAS have traced: a transfer of
 * step k waits for an event that was recorded after k products, and it does so when product k + 1 has been called.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { world } from "tsmpi";
import * as cuda from "tsmpi/cuda";
import { ok } from "./support.ts";

const { rank, size } = world;
const gpus = await cuda.over(world);
// Blocks long enough to be read where they lie, if the driver allows.
const rows = 260;
using a = cuda.full([4, rows * size], 1, { dtype: "float64" });
using b = cuda.full([rows, 130], rank, { dtype: "float64" });
await cuda.device().synchronize();

const folder = mkdtempSync(join(tmpdir(), "tsmpi-overlap-"));
process.env.FAKE_CUDA_TRACE = join(folder, "trace");
using c = await cuda.matmulRows(gpus, a, b);
delete process.env.FAKE_CUDA_TRACE;
const lines = readFileSync(join(folder, "trace"), "utf8").trim().split("\n");
rmSync(folder, { recursive: true });
expect((await c.download())[0]).to.equal((rows * size * (size - 1)) / 2);

/** Products called before the event was recorded, and before something waited for it. */
const waits: [recorded: number, waited: number][] = [];
const recorded = new Map<string, number>();
let products = 0;
for (const line of lines) {
  const [what, which] = line.split(" ");
  if (what === "product") products++;
  else if (what === "record") recorded.set(which, products);
  else if (what === "wait") waits.push([recorded.get(which)!, products]);
}
expect(products).to.equal(size);
for (let step = 0; step < size - 1; step++)
  expect(waits, `step ${step}: ${JSON.stringify(waits)}`).to.deep.include([step, step + 1]);
// Nothing that is read or written waits for the product beside which it travels.
for (const [before, at] of waits) expect(before, JSON.stringify(waits)).to.be.below(Math.max(at, 1));
ok();
