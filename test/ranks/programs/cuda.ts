/** Device arrays between ranks, on the fake driver: messages and collectives. */
import { expect } from "chai";
import { ANY, ArgumentError, NotSendableError, sum, TruncationError, TypeMismatchError, world } from "tsmpi";
import * as cuda from "tsmpi/cuda";
import { ok } from "./support.ts";

const { rank, size } = world;
const gpus = await cuda.over(world);
expect([gpus.rank, gpus.size]).to.deep.equal([rank, size]);
expect(cuda.device().index, "ranks share out the devices").to.equal(world.host.rank % 2);

const [next, before] = [(rank + 1) % size, (rank + size - 1) % size];
const values = (of: number, length: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => of * 1000 + (i % 997));

/** Short ones, and long ones that another rank can read where they lie. */
for (const length of [0, 1, 5000, 300_000]) {
  using mine = await cuda.upload(values(rank, length));
  using target = cuda.full(length + 3, -1);
  const [status] = await Promise.all([
    gpus.recvInto(target, before, { tag: 3 }),
    gpus.send(mine, next, { tag: 3 }),
  ]);
  expect(status, `length ${length}`).to.deep.equal({ source: before, tag: 3, count: length });
  const got = (await target.download()) as Float32Array;
  expect(got.subarray(0, length), `length ${length}`).to.deep.equal(values(before, length));
  expect(Array.from(got.subarray(length)), "beyond the message").to.deep.equal([-1, -1, -1]);
}

// Many at once, from any rank, of several shapes and types; views are copied.
{
  using matrix = await cuda.upload(
    Float64Array.from({ length: 6 }, (_, i) => rank * 10 + i),
    [2, 3],
  );
  using turned = matrix.transpose();
  using long = await cuda.upload(values(rank, 100_000), [100, 1000]);
  const sends = Array.from({ length: size }, (_, dest) => [
    gpus.send(turned, dest),
    gpus.send(long, dest, { tag: 1 }),
  ]).flat();
  const received = await Promise.all(
    Array.from({ length: size }, (_, source) => [
      gpus.recv(ANY, { tag: 0 }),
      gpus.recv(source, { tag: 1 }),
    ]).flat(),
  );
  await Promise.all(sends);
  const firsts: number[] = [];
  for (const [i, array] of received.entries()) {
    if (i % 2 === 0) {
      expect([array.dtype, ...array.shape]).to.deep.equal(["float64", 3, 2]);
      firsts.push(((await array.download()) as Float64Array)[0]);
    } else {
      expect(array.shape).to.deep.equal([100, 1000]);
      expect(await array.download()).to.deep.equal(values((i - 1) / 2, 100_000));
    }
    array.free();
  }
  expect(firsts.sort((a, b) => a - b)).to.deep.equal(Array.from({ length: size }, (_, i) => i * 10));
}

// Collectives.
{
  using mine = await cuda.upload(Float64Array.of(rank, 1, -rank - 1));
  using target = cuda.zeros(3, { dtype: "float64" });
  await gpus.allreduceInto(target, mine, sum);
  const all = (size * (size - 1)) / 2;
  expect(await target.download()).to.deep.equal(Float64Array.of(all, size, -all - size));
  await gpus.allreduceInto(mine, mine, sum);
  expect(await mine.download(), "in place").to.deep.equal(Float64Array.of(all, size, -all - size));

  const root = size - 1;
  using copy = await cuda.upload(Float64Array.of(rank, rank));
  await gpus.broadcastInto(copy, { root });
  expect(await copy.download()).to.deep.equal(Float64Array.of(root, root));

  using own = await cuda.upload(Int32Array.of(rank, rank * rank));
  using every = cuda.zeros([size, 2], { dtype: "int32" });
  const expected = Int32Array.from({ length: 2 * size }, (_, i) => (i % 2 === 0 ? i >> 1 : (i >> 1) ** 2));
  await gpus.allgatherInto(every, own);
  expect(await every.download()).to.deep.equal(expected);
  every.fill(0);
  await gpus.gatherInto(rank === root ? every : undefined, own, { root });
  if (rank === root) expect(await every.download()).to.deep.equal(expected);
  own.fill(0);
  await gpus.scatterInto(own, rank === root ? every : undefined, { root });
  expect(await own.download()).to.deep.equal(Int32Array.of(rank, rank * rank));
  await gpus.reduceInto(rank === 0 ? copy : undefined, copy, sum);
  if (rank === 0) expect(await copy.download()).to.deep.equal(Float64Array.of(root * size, root * size));

  using parts = await cuda.upload(Int32Array.from({ length: size }, (_, i) => rank * 100 + i));
  using exchanged = cuda.zeros(size, { dtype: "int32" });
  await gpus.alltoallInto(exchanged, parts);
  expect(await exchanged.download()).to.deep.equal(
    Int32Array.from({ length: size }, (_, i) => i * 100 + rank),
  );
  await gpus.barrier();
}

// Called at once on rank 0 and one after the other elsewhere: all of them go in the order of the calls.
{
  using mine = cuda.full(3, rank + 1);
  using totals = cuda.zeros(3);
  using again = cuda.zeros(3);
  using a = cuda.full([2, size], 1, { dtype: "float64" });
  using b = cuda.full([1, 2], rank, { dtype: "float64" });
  const calls = [
    () => gpus.allreduceInto(totals, mine, sum),
    () => gpus.barrier(),
    () => cuda.matmulRows(gpus, a, b).then(c => c.free()),
    () => gpus.allreduceInto(again, mine, sum),
    () => gpus.barrier(),
  ];
  if (rank === 0) await Promise.all(calls.map(call => call()));
  else for (const call of calls) await call();
  const all = new Float32Array(3).fill((size * (size + 1)) / 2);
  expect(await totals.download()).to.deep.equal(all);
  expect(await again.download()).to.deep.equal(all);
}

// A product over all GPUs: rank i has i + 1 rows of A and, but for the last rank, 2 of B.
{
  const rowsOfB = (of: number): number => (of === size - 1 && size > 1 ? 0 : 2);
  const inner = Array.from({ length: size }, (_, i) => rowsOfB(i)).reduce((a, b) => a + b, 0);
  const element = (matrix: number, i: number, j: number): number => ((i * 7 + j * 3 + matrix) % 11) - 5;
  const [firstA, firstB] = [(rank * (rank + 1)) / 2, 2 * rank];
  const rows = Float64Array.from({ length: (rank + 1) * inner }, (_, i) =>
    element(1, firstA + Math.floor(i / inner), i % inner),
  );
  const part = Float64Array.from({ length: rowsOfB(rank) * 3 }, (_, i) =>
    element(2, firstB + Math.floor(i / 3), i % 3),
  );
  using a = await cuda.upload(rows, [rank + 1, inner]);
  using b = await cuda.upload(part, [rowsOfB(rank), 3]);
  using c = await cuda.matmulRows(gpus, a, b, { alpha: 2 });
  const expected = new Float64Array((rank + 1) * 3);
  for (let i = 0; i <= rank; i++) {
    for (let j = 0; j < 3; j++) {
      for (let k = 0; k < inner; k++) expected[i * 3 + j] += 2 * element(1, firstA + i, k) * element(2, k, j);
    }
  }
  expect(c.shape).to.deep.equal([rank + 1, 3]);
  expect(await c.download()).to.deep.equal(expected);
  using wrong = cuda.zeros([2, inner + 1], { dtype: "float64" });
  const error = await failure(() => cuda.matmulRows(gpus, wrong, b));
  expect(error.message).to.match(/matmulRows: rank 0 has 2 x \d+ of A and .* of B; B has \d+ rows in all/);
}

/** The failure that a call must end with. */
async function failure(work: () => unknown): Promise<Error> {
  try {
    await work();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was wrong");
}

// Where device arrays cannot go, and what has no place.
{
  using array = cuda.zeros(4);
  const wrong = await failure(() => world.send(array, rank));
  expect(wrong).to.be.instanceOf(NotSendableError);
  expect(wrong.message).to.match(/it is a DeviceArray .*use the communicator that over of tsmpi\/cuda makes/);
  expect(await failure(() => world.broadcastInto(array as never))).to.be.instanceOf(ArgumentError);
  expect((await failure(() => gpus.send(new Float32Array(2) as never, rank))).message).to.match(
    /send: the array must be a device array; got Float32Array\(2\)/,
  );
  expect((await failure(() => gpus.recvInto(array.reshape([2, 2]).transpose()))).message).to.match(
    /view with gaps/,
  );
  for (const length of [10, 200_000]) {
    using much = cuda.zeros(length);
    const [short] = await Promise.all([failure(() => gpus.recvInto(array, before)), gpus.send(much, next)]);
    expect(short).to.be.instanceOf(TruncationError);
  }
  using whole = cuda.zeros(4, { dtype: "int32" });
  const [type] = await Promise.all([failure(() => gpus.recvInto(array, before)), gpus.send(whole, next)]);
  expect(type).to.be.instanceOf(TypeMismatchError);
}

// Halves, for which the host may have no type: added up in float32 and rounded once, also in products.
for (const dtype of ["bfloat16", "float16"] as const) {
  const [large, most] = dtype === "bfloat16" ? [256, 2] : [2048, 2];
  const given = rank === 0 ? large : 1;
  // The next number after `large` is `large` + 2, and one in the middle becomes even.
  const rounded = large + Math.floor((size - 1) / most) * most + ((size - 1) % 4 === 3 ? most : 0);
  using mine = cuda.full(2 * size, given, { dtype });
  using target = cuda.full(2 * size, Number.NaN, { dtype });
  const check = async (array: cuda.DeviceArray, what: string): Promise<void> => {
    using wide = array.astype("float64");
    expect(new Set((await wide.download()) as Float64Array), `${what} ${dtype}`).to.deep.equal(
      new Set([rounded]),
    );
  };
  if (dtype === "bfloat16") {
    await gpus.allreduceInto(target, mine, sum);
    await check(target, "allreduceInto");
    await gpus.reduceInto(rank === 0 ? target : undefined, mine, sum);
    if (rank === 0) await check(target, "reduceInto");
    using part = cuda.full(2, Number.NaN, { dtype });
    await gpus.reduceScatterInto(part, mine, sum);
    await check(part, "reduceScatterInto");
  }
  using a = cuda.full([rank + 1, size], 1, { dtype });
  using b = cuda.full([1, 3], given, { dtype });
  using c = await cuda.matmulRows(gpus, a, b);
  expect([c.dtype, ...c.shape]).to.deep.equal([dtype, rank + 1, 3]);
  await check(c, "matmulRows");
  using exact = await cuda.matmulRows(gpus, a, b, { dtype: "float32" });
  expect(new Set((await exact.download()) as Float32Array)).to.deep.equal(new Set([large + size - 1]));
}

// int8 is added up in int32.
{
  using a = cuda.full([rank + 1, 4 * size], 100, { dtype: "int8" });
  using b = cuda.full([4, 8], rank === 0 ? -128 : 127, { dtype: "int8" });
  using c = await cuda.matmulRows(gpus, a, b, { alpha: 3 });
  expect(c.dtype).to.equal("int32");
  expect(await c.download()).to.deep.equal(
    new Int32Array(8 * (rank + 1)).fill(1200 * (-128 + 127 * (size - 1))),
  );
  using odd = cuda.zeros([rank === size - 1 ? 3 : 4, 8], { dtype: "int8" });
  using left = cuda.zeros([2, 4 * size - 1], { dtype: "int8" });
  expect((await failure(() => cuda.matmulRows(gpus, left, odd))).message).to.match(
    new RegExp(`must be multiples of 4; rank ${size - 1} has 3 x 8; pad with zeros`),
  );
  using other = cuda.zeros([4, 8]);
  expect((await failure(() => cuda.matmulRows(gpus, a, other))).message).to.match(
    /all of A and B must be of one type, but rank 0 has int8 of A, and rank 0 float32 of B/,
  );
}
ok();
