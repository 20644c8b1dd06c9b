/** What goes wrong between ranks' GPUs, on the fake driver: an error on the rank that it concerns, and no rank hangs. */
import { expect } from "chai";
import { ArgumentError, CudaError, NotSendableError, sum, world } from "tsmpi";
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
// Where memory cannot be opened there is the way through the host.
if (size > 1) {
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
