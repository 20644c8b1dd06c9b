/** What a rank has sent is delivered though its process ends right after, by exit or at the end of its script. */
import { expect } from "chai";
import { world } from "tsmpi";
import { expectSame, ok, pattern, sleep } from "./support.ts";

const { rank, size } = world;
const exits = process.argv[2] === "exit";
const late = process.argv[3] === "late";
const lengths = [10, 40_000, 1 << 20, 8 << 20];

if (rank > 0) {
  for (const [tag, length] of lengths.entries()) void world.send(pattern(length, rank + tag), 0, { tag });
  for (let i = 0; i < 5000; i++) void world.send({ i, from: rank }, 0, { tag: 10 });
  ok();
  // The promises above are still pending.
  if (exits) process.exit(0);
} else {
  if (late) await sleep(500);
  // What was sent last comes first: everything before it has to be kept.
  for (let source = size - 1; source > 0; source--) {
    for (let i = 0; i < 5000; i++)
      expect((await world.recv<{ i: number }>(source, { tag: 10 })).i).to.equal(i);
    for (const [tag, length] of lengths.entries()) {
      expectSame(
        await world.recv(source, { tag }),
        pattern(length, source + tag),
        `${length} bytes from ${source}`,
      );
    }
  }
  ok();
}
