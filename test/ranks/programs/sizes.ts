/** Messages of every size around the limits of lines, frames and rings, on both faces. */
import { expect } from "chai";
import { world } from "tsmpi";
import { doubles, expectSame, faces, left, ok, pattern, right } from "./support.ts";

// With rings of 256 KiB the largest frame carries 32,736 bytes; lines have 64 with a header of 32.
const frame = (256 * 1024) / 8 - 32;
const limits = [0, 7, 8, 31, 32, 33, 63, 64, 65, 95, 96, 97, 4095, 4096, 4097];
const byteLengths = [
  ...limits,
  ...[
    frame - 1,
    frame,
    frame + 1,
    2 * frame - 1,
    2 * frame,
    2 * frame + 1,
    7 * frame,
    8 * frame,
    8 * frame + 1,
  ],
  ...[262_143, 262_144, 262_145, 1 << 20, (1 << 20) + 3],
  world.size > 3 ? 4 << 20 : 16 << 20,
];

for (const face of faces) {
  for (const length of byteLengths) {
    const expected = pattern(length, left + 1);
    const what = `${length} bytes`;
    expectSame(await face.sendrecv(pattern(length, world.rank + 1), right, left), expected, what);
    // Views that begin at odd places, on both sides.
    const outgoing = pattern(length + 9, 77).fill(7);
    outgoing.set(pattern(length, world.rank + 1), 5);
    const incoming = new Uint8Array(length + 11).fill(9);
    const target = incoming.subarray(3, length + 3);
    const status = await face.sendrecvInto(target, outgoing.subarray(5, length + 5), right, left);
    expect(status).to.deep.equal({ source: left, tag: 0, count: length, bytes: length });
    expectSame(target, expected, `${what} into`);
    expect([...incoming.subarray(0, 3), ...incoming.subarray(length + 3)]).to.deep.equal(Array(11).fill(9));
  }

  for (let length = 0; length <= 12; length++) {
    const came = await face.sendrecv(
      doubles(length, i => i + world.rank / 4),
      right,
      left,
    );
    expectSame(
      came,
      doubles(length, i => i + left / 4),
      `${length} doubles`,
    );
  }
  for (const length of [4091, 4092, 4093, 100_000]) {
    const target = new Float64Array(length);
    await face.sendrecvInto(
      target,
      doubles(length, i => i * 1.5 + world.rank),
      right,
      left,
    );
    expectSame(
      target,
      doubles(length, i => i * 1.5 + left),
      `${length} doubles into`,
    );
  }

  // Encoded values: strings of one and of two bytes a character, alone and inside, and long lists.
  for (const length of [0, 1, 30, 31, 32, 60, 4090, frame - 10, frame - 1, frame, 100_000, 1_500_000]) {
    for (const unit of ["x", "€"]) {
      const text = (rank: number): string => `${rank}${unit.repeat(length)}`;
      expect(
        (await face.sendrecv(text(world.rank), right, left)) === text(left),
        `${length} of ${unit}`,
      ).to.equal(true);
    }
  }
  const large = (rank: number) => ({
    rank,
    list: Array.from({ length: 20_000 }, (_, i) => i * rank),
    arrays: [pattern(frame, rank), pattern(0, rank), pattern(1_000_001, rank)],
    text: "é".repeat(300_000),
    rows: Array.from({ length: 2000 }, (_, i) => ({ id: i, name: `row ${i} of ${rank}` })),
  });
  const came = await face.sendrecv<ReturnType<typeof large>>(large(world.rank), right, left);
  const { arrays, ...rest } = large(left);
  const { arrays: cameArrays, ...cameRest } = came;
  expect(cameRest).to.deep.equal(rest);
  for (let i = 0; i < arrays.length; i++) expectSame(cameArrays[i], arrays[i], `nested array ${i}`);

  // All sizes under way at once, one after another through the same ring.
  const sends = byteLengths.map(length => pattern(length, world.rank));
  if (face === world) {
    const incoming = byteLengths.map(() => face.recv<Uint8Array>(left));
    await Promise.all(sends.map(array => face.send(array, right)));
    for (const [i, array] of (await Promise.all(incoming)).entries()) {
      expectSame(array, pattern(byteLengths[i], left), `${byteLengths[i]} bytes among others`);
    }
  } else if (world.size % 2 === 0) {
    for (const turn of [0, 1]) {
      for (const [i, array] of sends.entries()) {
        if (world.rank % 2 === turn) await face.send(array, right);
        else
          expectSame(await face.recv(left), pattern(byteLengths[i], left), `${byteLengths[i]} bytes in turn`);
      }
    }
  }
  await face.barrier();
}
ok();
