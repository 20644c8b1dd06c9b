/**
 * The collectives of arrays and numbers at sizes around the limits of the board: what fits a cell, what fits a bulk
 * buffer, what is read from the memory of another rank, in one go and in several.
 */
import { expect } from "chai";
import { max, operator, product, sum, type TypedArray, world } from "tsmpi";
import { BULK, CELL, crowded } from "./board-places.ts";
import { type ArrayType, arrayOf, expectSame, mixedFaces, ok, right } from "./support.ts";

const { rank, size } = world;
/** Read from another's memory in one go and a bit. */
const LONG = (1 << 20) + (1 << 17);
const lengths: [ArrayType, number[]][] = [
  [Float64Array as ArrayType, [0, 1, 3, 17, CELL - 8, CELL, CELL + 8, BULK - 8, BULK, BULK + 8, LONG]],
  [Uint8Array as ArrayType, [1, CELL - 1, CELL, CELL + 1, BULK - 1, BULK, BULK + 1, 200_001]],
];

type Numbers = TypedArray & Record<number, number>;
type Face = (typeof mixedFaces)[number];
const element = (r: number, i: number): number => (r + 1) * ((i % 7) + 1);
const digits = operator((a: number, b: number) => a * 10 ** (b < 1 ? 0 : Math.floor(Math.log10(b)) + 1) + b);

/** Arrays of the present type and length: to fill them takes longer than to move them. */
const known = new Map<number, TypedArray>();

/** The array of rank `r`. */
function of(type: ArrayType, length: number, r: number): TypedArray {
  let array = known.get(r);
  if (array?.constructor !== type || array.length !== length) {
    array = arrayOf(type, length, i => element(r, i));
    known.set(r, array);
  }
  return array.slice();
}

async function moves(face: Face, type: ArrayType, length: number, root: number): Promise<void> {
  const own = (r: number): TypedArray => of(type, length, r);
  const what = `${type.name}(${length}), root ${root}`;

  const target = rank === root ? own(root) : arrayOf(type, length, () => 77);
  await face.broadcastInto(target, { root });
  expectSame(target, own(root), `broadcastInto ${what}`);
  // Done is done: what a rank does with its array now reaches nobody.
  target.fill(0xee as never);

  const whole = new type(length * size);
  for (let r = 0; r < size; r++) whole.set(own(r) as never, r * length);
  const gathered = new type(length * size);
  const mine = own(rank);
  await face.gatherInto(rank === root ? gathered : undefined, mine, { root });
  mine.fill(0xee as never);
  if (rank === root) expectSame(gathered, whole, `gatherInto ${what}`);

  const all = new type(length * size);
  const given = own(rank);
  await face.allgatherInto(all, given);
  given.fill(0xee as never);
  expectSame(all, whole, `allgatherInto ${what}`);
  // In place, and from where another rank's block goes.
  for (const at of [rank, right]) {
    all.fill(0 as never);
    all.set(own(rank) as never, at * length);
    await face.allgatherInto(all, all.subarray(at * length, (at + 1) * length));
    expectSame(all, whole, `allgatherInto from block ${at} ${what}`);
  }

  const part = new type(length);
  const parts = rank === root ? whole.slice() : undefined;
  await face.scatterInto(part, parts, { root });
  parts?.fill(0xee as never);
  expectSame(part, own(rank), `scatterInto ${what}`);
  // Root's target lies in its array, on the block of another.
  const shared = whole.slice();
  const inside =
    rank === root ? shared.subarray(right * length, (right + 1) * length) : part.fill(0 as never);
  await face.scatterInto(inside, rank === root ? shared : undefined, { root });
  expectSame(inside, own(rank), `scatterInto overlapping ${what}`);

  // To rank q its number, from rank r.
  const block = Math.floor(length / size);
  const outgoing = own(rank).subarray(0, block * size);
  const incoming = new type(block * size);
  const came = new type(block * size);
  for (let r = 0; r < size; r++) {
    came.set(own(r).subarray(rank * block, (rank + 1) * block) as never, r * block);
  }
  await face.alltoallInto(incoming, outgoing);
  expectSame(incoming, came, `alltoallInto ${what}`);
  const room = new type(block * size + 1);
  room.set(outgoing as never, 1);
  await face.alltoallInto(room.subarray(0, block * size), room.subarray(1));
  expectSame(room.subarray(0, block * size), came, `alltoallInto overlapping ${what}`);
  await face.alltoallInto(outgoing, outgoing);
  expectSame(outgoing, came, `alltoallInto in place ${what}`);
}

/** `array` into `target`, apart, in place and overlapping. */
async function threeWays(
  mine: Numbers,
  expected: Numbers | undefined,
  what: string,
  reduce: (target: Numbers, array: Numbers) => unknown,
): Promise<void> {
  const { length } = mine;
  const apart = mine.slice().fill(77 as never) as Numbers;
  const given = mine.slice() as Numbers;
  await reduce(apart, given);
  expectSame(given, mine, `${what}: own array`);
  given.fill(0xee as never);
  expectSame(apart, expected ?? mine.slice().fill(77 as never), what);
  const own = mine.slice() as Numbers;
  await reduce(own, own);
  expectSame(own, expected ?? mine, `${what} in place`);
  const room = new (mine.constructor as ArrayType)(length + 1) as Numbers;
  room.set(mine as never, 1);
  await reduce(room.subarray(0, length) as Numbers, room.subarray(1) as Numbers);
  if (expected !== undefined) expectSame(room.subarray(0, length), expected, `${what} overlapping`);
}

async function reductions(face: Face, type: ArrayType, length: number, root: number): Promise<void> {
  const mine = of(type, length, rank) as Numbers;
  /** Sum of ranks 0 to `to - 1`. */
  const upTo = (to: number): Numbers => of(type, length, (to * (to + 1)) / 2 - 1) as Numbers;
  const what = `${type.name}(${length}), root ${root}`;
  await threeWays(mine, upTo(size), `allreduceInto ${what}`, (t, a) => face.allreduceInto(t, a, sum));
  await threeWays(mine, rank === root ? upTo(size) : undefined, `reduceInto ${what}`, (t, a) =>
    face.reduceInto(t, a, sum, { root }),
  );
  await threeWays(mine, upTo(rank + 1), `scanInto ${what}`, (t, a) => face.scanInto(t, a, sum));
  await threeWays(mine, rank === 0 ? undefined : upTo(rank), `exscanInto ${what}`, (t, a) =>
    face.exscanInto(t, a, sum),
  );

  const counts = Array.from({ length: size }, (_, r) => (r === size - 1 ? length : 0));
  for (const cut of [undefined, counts]) {
    const start = (r: number): number => r * Math.floor(length / size) + Math.min(r, length % size);
    const [first, end] = cut === undefined ? [start(rank), start(rank + 1)] : [0, cut[rank]];
    const target = new type(end - first) as Numbers;
    const array = mine.slice() as Numbers;
    await face.reduceScatterInto(target, array, sum, { counts: cut });
    expectSame(target, upTo(size).slice(first, end), `reduceScatterInto ${what}`);
    const inside = array.subarray(length - (end - first)) as Numbers;
    await face.reduceScatterInto(inside, array, sum, { counts: cut });
    expectSame(inside, upTo(size).slice(first, end), `reduceScatterInto overlapping ${what}`);
  }
}

/** Wrong as soon as two ranks are combined in the wrong order. */
async function order(face: Face, bytes: number): Promise<void> {
  const length = bytes / 8;
  const one = (r: number, i: number): number => 1 + ((r + i) % 9);
  const all = (from: number, to: number): Float64Array =>
    arrayOf(Float64Array as ArrayType, length, i => {
      let number = 0;
      for (let r = from; r < to; r++) number = number * 10 + one(r, i);
      return number;
    }) as Float64Array;
  const mine = all(rank, rank + 1);
  const target = new Float64Array(length);
  await face.allreduceInto(target, mine, digits);
  expectSame(target, all(0, size), `allreduceInto in rank order, ${bytes} bytes`);
  await face.scanInto(target, mine, digits);
  expectSame(target, all(0, rank + 1), `scanInto in rank order, ${bytes} bytes`);
  await face.exscanInto(target, mine, digits);
  if (rank > 0) expectSame(target, all(0, rank), `exscanInto in rank order, ${bytes} bytes`);
  await face.reduceInto(target, mine, digits, { root: size - 1 });
  if (rank === size - 1) expectSame(target, all(0, size), `reduceInto in rank order, ${bytes} bytes`);
}

const many = [3, CELL + 1, BULK + 1, 0, BULK, CELL, LONG, 1];
const pattern = arrayOf(
  Uint8Array as ArrayType,
  many.reduce((a, b) => a + b, 0),
  i => i % 251,
);

/** Arrays of all lengths in one call: some in cells, some in bulk buffers, some in their ranks' memory. */
async function uneven(face: Face, turn: number): Promise<void> {
  const lengthOf = (r: number): number => many[(r + turn) % many.length];
  const starts = [0];
  for (let r = 0; r < size; r++) starts.push(starts[r] + lengthOf(r));
  const whole = pattern.slice(0, starts[size]);
  const mine = whole.slice(starts[rank], starts[rank + 1]);
  const root = turn % size;
  const gathered = new Uint8Array(starts[size]);
  await face.gatherInto(rank === root ? gathered : undefined, mine, { root });
  if (rank === root) expectSame(gathered, whole, `uneven gatherInto ${turn}`);
  const all = new Uint8Array(starts[size]);
  await face.allgatherInto(all, mine);
  expectSame(all, whole, `uneven allgatherInto ${turn}`);
  // Overlapping: the own array lies at the end, where others' blocks go.
  all.set(mine as never, all.length - mine.length);
  await face.allgatherInto(all, all.subarray(all.length - mine.length));
  expectSame(all, whole, `uneven allgatherInto overlapping ${turn}`);
  const target = new Uint8Array(lengthOf(rank));
  await face.scatterInto(target, rank === root ? whole : undefined, { root });
  expectSame(target, mine, `uneven scatterInto ${turn}`);
}

async function numbers(face: Face, root: number): Promise<void> {
  const total = (size * (size + 1)) / 2;
  expect(await face.allreduce(rank + 1, sum)).to.equal(total);
  expect(await face.allreduce(rank === root ? -1 : Number.NaN, max)).to.be.NaN;
  expect(await face.reduce(rank + 1, sum, { root })).to.equal(rank === root ? total : undefined);
  expect(await face.scan(rank + 1, sum)).to.equal(((rank + 1) * (rank + 2)) / 2);
  expect(await face.exscan(rank + 1, sum)).to.equal(rank === 0 ? undefined : (rank * (rank + 1)) / 2);
  expect(await face.scan(2, product)).to.equal(2 ** (rank + 1));
}

let root = 0;
for (const face of mixedFaces) {
  for (const [type, bytes] of lengths) {
    for (const count of bytes) {
      const length = count < 20 ? count : count / type.BYTES_PER_ELEMENT;
      await moves(face, type, length, root);
      await reductions(face, type, length, root);
      await numbers(face, root);
      root = (root + 1) % size;
    }
  }
  // What goes in pieces where every rank has a core goes another way elsewhere, with the first byte too many.
  const pieces = crowded ? [] : [3 * BULK];
  for (const bytes of [8, CELL, CELL + 8, BULK, BULK + 8, ...pieces]) await order(face, bytes);
  for (let turn = 0; turn < 8; turn++) await uneven(face, turn);
}
ok();
