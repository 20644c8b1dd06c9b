/** When a send is done its array is the caller's again: scribbling over it at that moment changes no message. */
import { world } from "tsmpi";
import { compute, expectSame, faces, ok, pattern, sleep } from "./support.ts";

const synchronous = process.argv[2] === "synchronous";
const lengths = [8, 64, 1000, 32_736, 32_737, 100_000, 262_144, 1 << 20, 16 << 20];
const { rank, size } = world;
const dest = rank ^ 1;

// Pairs of ranks; the odd ones send, then the even ones. The receiver is there before, or comes late.
for (const face of faces) {
  for (const turn of [0, 1]) {
    if (dest >= size) break;
    for (const late of [false, true]) {
      for (const length of lengths) {
        if (rank % 2 === turn) {
          const array = pattern(length, length);
          if (!late) await world.recv(dest, { tag: 1 });
          await face.send(array, dest, { synchronous });
          array.fill(0xee);
          await world.recv(dest, { tag: 2 });
        } else {
          if (late) await sleep(3);
          let came: Uint8Array;
          if (length % 3 === 0) {
            if (!late) await world.send("ready", dest, { tag: 1 });
            came = new Uint8Array(length);
            await face.recvInto(came, dest);
          } else {
            const receiving = face === world ? face.recv<Uint8Array>(dest) : undefined;
            if (!late) await world.send("ready", dest, { tag: 1 });
            // While the message is arriving, this rank is busy elsewhere.
            compute(2);
            came = await (receiving ?? face.recv<Uint8Array>(dest));
          }
          expectSame(came, pattern(length, length), `${length} bytes, receiver ${late ? "late" : "ready"}`);
          await world.send("seen", dest, { tag: 2 });
        }
      }
      // One array for many messages.
      const counter = new Float64Array(1);
      for (let i = 0; i < (synchronous ? 200 : 3000); i++) {
        if (rank % 2 === turn) {
          counter[0] = i;
          await face.send(counter, dest, { tag: 3, synchronous });
        } else {
          const value = (await face.recv<Float64Array>(dest, { tag: 3 }))[0];
          if (value !== i) throw new Error(`message ${i} of one array holds ${value}`);
        }
      }
    }
  }
  await world.barrier();
}
ok();
