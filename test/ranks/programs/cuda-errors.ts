/** What goes wrong between ranks' GPUs, on the fake driver: an error on the rank that it concerns, and no rank hangs. */
import { expect } from "chai";
import { ArgumentError, CudaError, NotSendableError, sum, TruncationError, world } from "tsmpi";
import * as cuda from "tsmpi/cuda";
import { ok } from "./support.ts";

const { rank, size } = world;
const gpus = await cuda.over(world);
const [next, before] = [(rank + 1) % size, (rank + size - 1) % size];

async function failure(work: () => unknown): Promise<Error> {
  try {
    await work();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was wrong");
}

/** From rank 0 to rank 1, where some of the driver's calls fail. */
async function passed(where: 0 | 1, failures: string): Promise<void> {
  const long = 300_000;
  process.env.FAKE_CUDA_FAIL = rank === where ? failures : "";
  if (rank === 0) {
    using mine = await cuda.upload(Float32Array.from({ length: long }, (_, i) => i % 1000));
    await gpus.send(mine, 1);
  } else if (rank === 1) {
    using target = cuda.full(long, -1);
    await gpus.recvInto(target, 0);
    const got = await target.download();
    expect([got[0], got[999], got[long - 1]], failures).to.deep.equal([0, 999, (long - 1) % 1000]);
  }
  delete process.env.FAKE_CUDA_FAIL;
  await world.barrier();
}
// Where memory cannot be opened there is the way through the host, and through ordinary memory of it where no more is pinned.
if (size > 1) {
  using warm = await cuda.upload(new Float32Array(8));
  await warm.download();
  await passed(0, "cuIpcGetMemHandle=801,cuMemHostAlloc=2");
  await passed(1, "cuIpcOpenMemHandle_v2=400,cuMemHostAlloc=2");
  await passed(0, "cuIpcGetMemHandle=801");
  await passed(1, "cuIpcOpenMemHandle_v2=400");
}

// A copy that fails is the receiver's error, and the sender goes on.
for (const call of size > 1 ? ["cuMemcpyDtoDAsync_v2", "cuIpcCloseMemHandle", "cuStreamWaitEvent"] : []) {
  using array = cuda.zeros(100_000);
  await cuda.device().synchronize();
  if (rank === 0) await gpus.send(array, 1);
  if (rank === 1) {
    process.env.FAKE_CUDA_FAIL = `${call}=700`;
    const error = await failure(() => gpus.recvInto(array, 0));
    delete process.env.FAKE_CUDA_FAIL;
    expect(error).to.be.instanceOf(CudaError);
    expect(error.message).to.match(new RegExp(`^${call}: CUDA_ERROR_ILLEGAL_ADDRESS`));
    array.fill(1);
    expect((await array.download())[0], "usable again").to.equal(1);
  }
  await world.barrier();
}

// Elements that cannot be read, or written: an error on both ranks, or on the receiver alone.
for (const [where, call] of size > 1
  ? ([
      [0, "cuMemcpyDtoHAsync_v2"],
      [1, "cuMemcpyHtoDAsync_v2"],
    ] as const)
  : []) {
  using array = cuda.zeros(100_000);
  await cuda.device().synchronize();
  if (rank < 2) {
    process.env.FAKE_CUDA_FAIL =
      rank === where ? `cuIpcGetMemHandle=801,${call}=700` : "cuIpcGetMemHandle=801";
    const work = (): Promise<unknown> => (rank === 0 ? gpus.send(array, 1) : gpus.recvInto(array, 0));
    const own = `${rank === 0 ? "down" : "up"}loading: ${call}: CUDA_ERROR_ILLEGAL_ADDRESS`;
    if (rank === where) expect((await failure(work)).message).to.match(new RegExp(`^${own}`));
    else if (rank === 1) {
      const error = (await failure(work)) as CudaError;
      expect(error.message).to.match(
        /^rank 0 could not read the array that it sent: downloading: cuMemcpyDtoH/,
      );
      expect([error.call, error.status]).to.deep.equal([call, 700]);
    } else await work();
    delete process.env.FAKE_CUDA_FAIL;
    array.fill(1);
    expect((await array.download())[0], "usable again").to.equal(1);
  }
  await world.barrier();
}

// Long arrays that go by the host do so in parts: whole, and where one part cannot be read or written, or has no place.
if (size > 1) {
  const long = 20_000_000;
  const hide = (failures = ""): void => {
    process.env.FAKE_CUDA_FAIL = `cuIpcGetMemHandle=801${failures}`;
  };
  hide();
  if (rank === 0) {
    using mine = cuda.full(long, 1);
    using end = mine.slice([long - 3, long]);
    end.fill(5);
    await gpus.send(mine, 1);
    hide(",cuMemcpyDtoHAsync_v2=700@2");
    expect(await failure(() => gpus.send(mine, 1))).to.be.instanceOf(CudaError);
    hide();
    await gpus.send(mine, 1);
    await gpus.send(mine, 1);
    await gpus.send(end, 1);
  } else if (rank === 1) {
    using target = cuda.full(long, -1);
    using end = target.slice([long - 4, long]);
    await gpus.recvInto(target, 0);
    expect(await end.download()).to.deep.equal(new Float32Array([1, 5, 5, 5]));
    expect((await failure(() => gpus.recvInto(target, 0))).message).to.match(/^rank 0 could not read/);
    hide(",cuMemcpyHtoDAsync_v2=700@1");
    expect((await failure(() => gpus.recvInto(target, 0))).message).to.match(/^uploading: /);
    hide();
    using short = target.slice([0, 5]);
    expect(await failure(() => gpus.recvInto(short, 0))).to.be.instanceOf(TruncationError);
    await gpus.recvInto(short, 0);
    expect((await short.download())[0], "what comes next is no part of it").to.equal(5);
  }
  delete process.env.FAKE_CUDA_FAIL;
  await world.barrier();
}

// A signal ends the wait of a sender, not the message, whose memory stays as it is until it has been read.
for (const way of size > 1 ? ["", "cuIpcGetMemHandle=801"] : []) {
  const long = 100_000;
  process.env.FAKE_CUDA_FAIL = way;
  if (rank === 0) {
    const mine = await cuda.upload(Float32Array.from({ length: long }, (_, i) => i % 1000));
    const stop = new AbortController();
    const sent = gpus.send(mine, 1, { signal: stop.signal });
    stop.abort(new Error("enough"));
    expect((await failure(() => sent)).message).to.equal("enough");
    expect((await failure(() => mine.fill(0))).message).to.match(/is being downloaded/);
    mine.free();
    using other = cuda.full(long, -7);
    await cuda.device().synchronize();
    await world.send("sent", 1);
    expect((await other.download())[0]).to.equal(-7);
    expect(await failure(() => gpus.send(other, 1, { signal: stop.signal }))).to.equal(stop.signal.reason);
  } else if (rank === 1) {
    using target = cuda.full(long, -1);
    await world.recv(0);
    const stop = new AbortController();
    const received = gpus.recvInto(target, 0, { signal: stop.signal });
    stop.abort();
    // The message may have been there already: then it comes whole.
    await received.catch(() => gpus.recvInto(target, 0));
    const got = await target.download();
    expect([got[0], got[999], got[long - 1]]).to.deep.equal([0, 999, (long - 1) % 1000]);
    const late = new AbortController();
    const nothing = gpus.recvInto(target, 0, { signal: late.signal });
    late.abort(new Error("enough"));
    expect((await failure(() => nothing)).message).to.equal("enough");
    target.fill(2);
  }
  delete process.env.FAKE_CUDA_FAIL;
  await world.barrier();
}

// A barrier waits for this rank's devices, first of all.
if (size === 1) {
  cuda.zeros(4).free();
  process.env.FAKE_CUDA_FAIL = "cuEventQuery=700";
  expect((await failure(() => gpus.barrier())).message).to.match(/^cuEventQuery: /);
  delete process.env.FAKE_CUDA_FAIL;
}

// Parts of one array, at once; a part that comes must not be used meanwhile, others may.
{
  using both = cuda.full([2, 70_000], -1);
  using upper = both.slice([0, 1]);
  using lower = both.slice([1, 2]);
  using mine = cuda.full([1, 70_000], rank);
  const coming = [gpus.recvInto(upper, before, { tag: 1 }), gpus.recvInto(lower, before, { tag: 2 })];
  expect(await failure(() => upper.fill(0))).to.be.instanceOf(ArgumentError);
  expect((await failure(() => both.copy())).message).to.match(/is being uploaded to; await that first/);
  mine.fill(rank);
  await Promise.all([gpus.send(mine, next, { tag: 2 }), gpus.send(mine, next, { tag: 1 }), ...coming]);
  const got = await both.download();
  expect([got[0], got[69_999], got[70_000], got[139_999]]).to.deep.equal([before, before, before, before]);
}

// Where device arrays cannot go.
{
  using array = cuda.zeros(4);
  for (const value of [array, { array }, [1, [array]], new Map([["array", array]])])
    expect(await failure(() => world.send(value, rank))).to.be.instanceOf(NotSendableError);
  expect(await failure(() => world.allreduceInto(array as never, array as never, sum))).to.be.instanceOf(
    ArgumentError,
  );
  expect(await failure(() => world.sync.recvInto(array as never, rank))).to.be.instanceOf(ArgumentError);
  for (const dest of [size, -1, 0.5, undefined as never])
    expect(await failure(() => gpus.send(array, dest)), `to ${dest}`).to.be.instanceOf(ArgumentError);
  expect(await failure(() => gpus.recvInto(array, size))).to.be.instanceOf(ArgumentError);
  array.fill(2);
  expect((await array.download())[0], "after receives that failed").to.equal(2);
  const freed = cuda.zeros(4);
  freed.free();
  for (const work of [() => gpus.send(freed, rank), () => gpus.recvInto(freed, rank)])
    expect((await failure(work)).message).to.match(/has been freed/);
}
ok();
