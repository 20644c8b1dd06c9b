/**
 * Messages of all sizes between a rank and its partner on the other host, both ways, with collectives among all ranks in
 * between; each is checked, and so is that nothing is left over.
 *
 *     soak.ts COUNT: messages that each rank sends
 */
import { sum, world } from "tsmpi";

const { rank, size } = world;
const count = Number(process.argv[2]);
const partner = (rank + size / 2) % size;
const TAG = 1;
const OFTEN = 2000;

/** Bytes of a message: most are short, one in 30 is long, one in 1000 very long. Alike on both ends. */
function bytesOf(sender: number, index: number): number {
  const mixed = Math.imul(index * 2 + 1, 0x9e3779b1) ^ Math.imul(sender + 1, 0x85ebca6b);
  const random = (mixed ^ (mixed >>> 15)) >>> 0;
  if (index % 1000 === 999) return 8 + (random % (1 << 20));
  return 8 + (random % (index % 30 === 29 ? 64 * 1024 : 1024));
}

function fill(array: Uint8Array, sender: number, index: number): void {
  array.fill((sender * 31 + index) & 0xff);
  new DataView(array.buffer).setFloat64(0, index);
}

function check(array: Uint8Array, index: number): void {
  const number = new DataView(array.buffer, array.byteOffset).getFloat64(0);
  const length = bytesOf(partner, index);
  const byte = (partner * 31 + index) & 0xff;
  const right =
    number === index && array.length === length && array.subarray(8).every(value => value === byte);
  if (!right) {
    throw new Error(`message ${index} from rank ${partner} is message ${number}, of ${array.length} bytes`);
  }
}

async function send(): Promise<void> {
  for (let index = 0; index < count; index++) {
    const array = new Uint8Array(bytesOf(rank, index));
    fill(array, rank, index);
    await world.send(array, partner, { tag: TAG });
  }
}

async function receive(): Promise<void> {
  for (let index = 0; index < count; index++)
    check(await world.recv<Uint8Array>(partner, { tag: TAG }), index);
}

async function collect(): Promise<void> {
  const array = new Float64Array(50_000);
  for (let round = 0; round < count / OFTEN; round++) {
    await world.allreduceInto(array, array.fill(rank + round), sum);
    const expected = (size * (size - 1)) / 2 + size * round;
    if (!array.every(value => value === expected)) throw new Error(`allreduce ${round} gave ${array[0]}`);
    if (rank === 0) console.log(`round ${round}`);
  }
}

await Promise.all([send(), receive(), collect()]);
await world.barrier();
if (world.poll() !== undefined) throw new Error("a message is left over");
console.log(`rank ${rank} ok`);
