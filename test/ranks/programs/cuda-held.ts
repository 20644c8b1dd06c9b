/**
 * What a program does with arrays while collectives of them are under way, on the fakes: nothing that changes what they
 * give. The argument says how they go: "nccl" (each rank has a device) or "host".
 */
import { expect } from "chai";
import { ArgumentError, NONE, sum, world } from "tsmpi";
import * as cuda from "tsmpi/cuda";
import { ok } from "./support.ts";

const { rank, size } = world;
const gpus = await cuda.over(world);
expect((await gpus.ncclReason()) === undefined).to.equal(process.argv[2] === "nccl");

const refused = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    expect(error).to.be.instanceOf(ArgumentError);
    return (error as Error).message;
  }
  throw new Error("nothing was refused");
};
const numbers = async (array: cuda.DeviceArray): Promise<number[]> =>
  Array.from((await array.download()) as Float64Array);
const first = async (array: cuda.DeviceArray): Promise<number> => (await numbers(array))[0];
const all = (size * (size + 1)) / 2;

// Neither is the source written to nor the target used before the end, whether or not the call has begun its turn.
{
  using mine = cuda.full(1000, rank + 1);
  using target = cuda.full(1000, -1);
  using other = cuda.full(1000, rank);
  const before = gpus.allreduceInto(other, other, sum);
  const call = gpus.allreduceInto(target, mine, sum);
  expect(refused(() => mine.fill(100))).to.match(/being downloaded; await that first/);
  expect(refused(() => target.fill(100))).to.match(/being uploaded to; await that first/);
  expect(refused(() => target.copy())).to.match(/being uploaded to; await that first/);
  mine.copy().free();
  await call;
  await before;
  expect(await first(target)).to.equal(all);
  mine.fill(100);
}

// As many under way as there are steps, each of what its array held at the call.
{
  const grads = Array.from({ length: 5 }, (_, step) => cuda.full(300, step + rank));
  const totals = grads.map(() => cuda.zeros(300));
  await Promise.all(
    grads.map(async (grad, step) => {
      const call = gpus.allreduceInto(totals[step], grad, sum);
      // May be freed at any time.
      grad.free();
      await call;
    }),
  );
  for (const [step, total] of totals.entries()) {
    expect(await first(total), `step ${step}`).to.equal(step * size + (size * (size - 1)) / 2);
    total.free();
  }
}

// A view with gaps goes as it was at the call, and the array may be written to at once.
{
  using matrix = await cuda.upload(Float32Array.of(1, 2, 3, 4), [2, 2]);
  using turned = matrix.transpose();
  using target = cuda.zeros([size, 2, 2]);
  const call = gpus.allgatherInto(target, turned);
  matrix.fill(0);
  await call;
  expect((await numbers(target)).slice(0, 4)).to.deep.equal([1, 3, 2, 4]);
}

// In place, and from one part of an array to another.
{
  using array = await cuda.upload(Float32Array.of(rank + 1, rank + 1, 0, 0));
  using from = array.slice([0, 2]);
  using to = array.slice([2, 4]);
  await gpus.allreduceInto(to, from, sum);
  await gpus.allreduceInto(from, from, sum);
  expect(await numbers(array)).to.deep.equal([all, all, all, all]);
  using overlapping = array.slice([1, 3]);
  array.fill(rank + 1);
  await gpus.allreduceInto(overlapping, from, sum);
  expect(await numbers(array)).to.deep.equal([rank + 1, all, all, rank + 1]);
}

// Broadcast, scatter and gather, called and freed at once.
{
  using copy = cuda.full(10, rank);
  const call = gpus.broadcastInto(copy, { root: size - 1 });
  if (rank === size - 1) expect(refused(() => copy.fill(99))).to.match(/being downloaded/);
  else expect(refused(() => copy.fill(99))).to.match(/being uploaded/);
  await call;
  expect(await first(copy)).to.equal(size - 1);
  const part = cuda.full(1, rank + 1);
  using whole = cuda.zeros(size);
  const gathered = gpus.gatherInto(rank === 0 ? whole : undefined, part);
  part.free();
  await gathered;
  using own = cuda.zeros(1);
  await gpus.scatterInto(own, rank === 0 ? whole : undefined);
  expect(await first(own)).to.equal(rank + 1);
}

// A product of all ranks.
{
  const a = cuda.full([2, size], 1, { dtype: "float64" });
  const b = cuda.full([1, 2], rank + 1, { dtype: "float64" });
  const call = cuda.matmulRows(gpus, a, b);
  expect(refused(() => b.fill(100))).to.match(/being downloaded/);
  a.free();
  b.free();
  using c = await call;
  expect(await first(c)).to.equal(all);
}

// Prefixes, blocks of several lengths, and both directions at once.
{
  using mine = await cuda.upload(Int32Array.of(rank + 1, 10));
  using target = cuda.full(2, -1, { dtype: "int32" });
  await gpus.scanInto(target, mine, sum);
  expect(await numbers(target)).to.deep.equal([((rank + 1) * (rank + 2)) / 2, 10 * (rank + 1)]);
  target.fill(-1);
  await gpus.exscanInto(target, mine, sum);
  const below = [(rank * (rank + 1)) / 2, 10 * rank];
  expect(await numbers(target)).to.deep.equal(rank === 0 ? [-1, -1] : below);

  const counts = Array.from({ length: size }, (_, i) => i + 1);
  using long = cuda.full(all, rank + 1, { dtype: "float64" });
  using block = cuda.zeros(rank + 1, { dtype: "float64" });
  await gpus.reduceScatterInto(block, long, sum, { counts });
  expect(await numbers(block)).to.deep.equal(new Array(rank + 1).fill(all));
  block.fill(rank);
  long.fill(-1);
  await gpus.gatherInto(rank === 0 ? long : undefined, block);
  const expected = counts.flatMap((count, i) => new Array<number>(count).fill(i));
  if (rank === 0) expect(await numbers(long)).to.deep.equal(expected);

  using tenth = cuda.full(3, 0.1 * (rank + 1), { dtype: "float64" });
  using exact = cuda.zeros(3, { dtype: "float64" });
  await gpus.allreduceInto(exact, tenth, sum, { reproducible: true });
  const host = new Float64Array(3);
  await world.allreduceInto(host, new Float64Array(3).fill(0.1 * (rank + 1)), sum, { reproducible: true });
  expect(await exact.download()).to.deep.equal(host);

  const [next, before] = [(rank + 1) % size, (rank + size - 1) % size];
  using out = cuda.full(100_000, rank);
  using into = cuda.full(100_000, -1);
  const status = await gpus.sendrecvInto(into, out, next, before, { tag: 5 });
  expect(status).to.deep.equal({ source: before, tag: 5, count: 100_000 });
  expect(await first(into)).to.equal(before);
  // Parts of one array, as for the borders of a grid.
  using grid = await cuda.upload(Float32Array.of(rank, -1, -1));
  using border = grid.slice([0, 1]);
  using beyond = grid.slice([2, 3]);
  await gpus.sendrecvInto(beyond, border, next, before);
  expect(await numbers(grid)).to.deep.equal([rank, -1, before]);
  // Nothing meets nothing, wherever it lies.
  using none = grid.slice([1, 1]);
  expect((await gpus.sendrecvInto(grid, none, next, before)).count).to.equal(0);
  // At the ends of a chain there is nobody.
  into.fill(-1);
  await gpus.sendrecvInto(into, out, rank === size - 1 ? NONE : next, rank === 0 ? NONE : before);
  expect(await first(into)).to.equal(rank === 0 ? -1 : before);
}

// Arguments that make no sense, on every rank alike.
{
  using array = cuda.zeros(2);
  using other = cuda.zeros(2);
  using long = cuda.zeros(3);
  const freed = cuda.zeros(2);
  freed.free();
  const wrong: [() => Promise<unknown>, RegExp][] = [
    [() => gpus.recvInto(array, 99), /^recvInto: source must be/],
    [() => gpus.recv(0, { tag: -2 }), /^recv: tag must be/],
    [() => gpus.recv(NONE), /^recv: from NONE comes no array/],
    // Also where something could still come.
    [() => gpus.sendrecvInto(array, array, 0), /^sendrecvInto: the arrays are views of the same elements/],
    [() => gpus.sendrecvInto(array, other, 99, rank), /^send: dest must be/],
    [() => gpus.sendrecvInto(array, other, rank, rank, { sendTag: -1 }), /^send: tag must be/],
    [() => gpus.sendrecvInto(array, freed, rank, rank), /has been freed/],
    [() => gpus.sendrecvInto(array, other, rank, rank, { recvTag: -1.5 }), /^recvInto: tag must be/],
    [() => gpus.exscanInto(long, array, sum), /target .* must have 2 elements|must have 2 elements/],
    [
      () => gpus.send(array, 0, null as never),
      /^send: options must be an object, such as \{ tag: 7 \}; got null/,
    ],
    [
      () => gpus.send(array, 0, { signal: "x" as never }),
      /^send: signal must be an AbortSignal; got a string/,
    ],
    [() => gpus.recv(0, null as never), /^recv: options must be an object/],
    [() => gpus.recvInto(array, 0, 3 as never), /^recvInto: options must be an object/],
    [() => gpus.broadcastInto(array, null as never), /^broadcastInto: options must be an object/],
    [() => gpus.allreduceInto(array, array, sum, null as never), /^allreduceInto: options must be an object/],
    [
      () => cuda.matmulRows(world as never, array, array),
      /^matmulRows: the first argument must be .*over\(world\)/,
    ],
    [
      () => cuda.matmulRows(gpus, array, array),
      /^matmulRows: A and B must have two axes, but rank 0 has 2 of A/,
    ],
  ];
  for (const [call, sentence] of wrong) {
    const error = await call().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).to.be.instanceOf(ArgumentError);
    expect((error as Error).message).to.match(sentence);
  }
}
await gpus.free();
ok();
