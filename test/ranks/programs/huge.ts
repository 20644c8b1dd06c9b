/** 5 GiB from rank 0 to rank 1, and more than the host can hold twice. */
import { totalmem } from "node:os";
import { expect } from "chai";
import { MessageTooLargeError, world } from "tsmpi";
import { faces, failure, ok } from "./support.ts";

const { rank } = world;
const GIB = 2 ** 30;

if (process.argv[2] === "5 GiB") {
  const length = (5 * GIB) / 8;
  // Few pages carry a mark, for the rest is as quick to compare as to fill.
  const marks = Array.from({ length: 1001 }, (_, i) => Math.floor((i * (length - 1)) / 1000));
  const array = new Float64Array(length);
  if (rank === 0) {
    for (const at of marks) array[at] = at + 1;
    await world.send(array, 1);
    for (const at of marks) array[at] = Number.NaN;
  } else {
    const { count, bytes } = await world.recvInto(array, 0);
    expect(count).to.equal(length);
    expect(bytes).to.equal(5 * GIB);
    for (const at of marks) expect(array[at], `element ${at}`).to.equal(at + 1);
    expect(array[1]).to.equal(0);
  }
} else {
  // Memory that nobody touches is none.
  const array = new Float64Array(Math.floor(totalmem() / 16) + GIB / 8);
  for (const face of faces) {
    const error = await failure(() => face.send(array, 1 - rank));
    expect(error).to.be.instanceOf(MessageTooLargeError);
    expect((error as Error).message).to.match(/cannot send \d+\.\d GiB to rank [01]: .* of memory for both/);
  }
}
await world.barrier();
ok();
