/**
 * Collectives of device arrays over NCCL, on the fakes. The argument says how: "all" (each rank has a device), "shared",
 * "off", "missing" (rank 1 has no NCCL), "full" (the device of rank 1 does not start at first), "broken" (NCCL does not start on the last rank).
 */
import { inspect } from "node:util";
import { expect } from "chai";
import { max, sum, world } from "tsmpi";
import * as cuda from "tsmpi/cuda";
import { ok } from "./support.ts";

const { rank, size } = world;
const [how] = process.argv.slice(2);
if (how === "missing" && rank === 1) process.env.TSMPI_LIBNCCL = "libnone.so";
if (how === "broken" && rank === size - 1) process.env.FAKE_CUDA_FAIL = "ncclCommInitRank=2";
if (how === "full" && rank === 1) process.env.FAKE_CUDA_FAIL = "cuDevicePrimaryCtxRetain=2";
const gpus = await cuda.over(world);
const reason = await gpus.ncclReason();
if (how === "full") delete process.env.FAKE_CUDA_FAIL;
const reasons: Record<string, RegExp> = {
  shared: /^ranks 0 and 1 share a device, and NCCL wants one for each rank$/,
  off: /^rank 0: TSMPI_NCCL is off$/,
  full: /^rank 1: device 1 \(Fake GPU 1\) has no room to start \(cuDevicePrimaryCtxRetain\)/,
  missing: /^rank 1: no libnccl \(libnone.so: .*\); install .*nvidia-nccl.*TSMPI_LIBNCCL$/,
};
if (how === "all") expect(reason).to.equal(undefined);
else expect(reason).to.match(reasons[how]);
if (how === "all") expect(process.env.NCCL_SOCKET_IFNAME, "meets where no other host comes").to.equal("lo");

const total = (size * (size - 1)) / 2;
const root = size - 1;
/** More than a piece of the fake, and no multiple of one. */
const many = 5001;
const host = (f: (i: number) => number, length = many): Float64Array =>
  Float64Array.from({ length }, (_, i) => f(i));

/** Whether these calls of NCCL, made to fail, are what the collective consists of. */
async function usesNccl(name: string, work: () => Promise<void>): Promise<void> {
  process.env.FAKE_CUDA_FAIL = `${name}=5`;
  const error = await work().then(
    () => undefined,
    (thrown: Error) => thrown,
  );
  delete process.env.FAKE_CUDA_FAIL;
  if (how === "all") {
    expect(error?.message, name).to.match(new RegExp(`by NCCL: ${name}: ncclInvalidUsage; NCCL_DEBUG=WARN`));
  } else expect(error, name).to.equal(undefined);
}

{
  using mine = await cuda.upload(host(i => i + rank));
  using target = cuda.full(many, Number.NaN, { dtype: "float64" });
  await gpus.allreduceInto(target, mine, sum);
  expect(await target.download()).to.deep.equal(host(i => size * i + total));
  await usesNccl("ncclAllReduce", () => gpus.allreduceInto(target, mine, sum));

  // The greatest of floats means something else to NCCL, so it goes by the host.
  await gpus.allreduceInto(target, mine, max);
  expect(await target.download()).to.deep.equal(host(i => i + size - 1));

  target.fill(Number.NaN);
  await gpus.reduceInto(rank === root ? target : undefined, mine, sum, { root });
  if (rank === root) expect(await target.download()).to.deep.equal(host(i => size * i + total));
  await usesNccl("ncclReduce", () => gpus.reduceInto(target, mine, sum, { root }));

  using copy = mine.copy();
  await gpus.broadcastInto(copy, { root });
  expect(await copy.download()).to.deep.equal(host(i => i + root));
  await usesNccl("ncclBroadcast", () => gpus.broadcastInto(copy));

  using every = cuda.full([size, many], Number.NaN, { dtype: "float64" });
  await gpus.allgatherInto(every, mine);
  const gathered = host(i => (i % many) + Math.floor(i / many), size * many);
  expect(await every.download()).to.deep.equal(gathered);
  await usesNccl("ncclAllGather", () => gpus.allgatherInto(every, mine));

  every.fill(Number.NaN);
  await gpus.gatherInto(rank === root ? every : undefined, mine, { root });
  if (rank === root) expect(await every.download()).to.deep.equal(gathered);
  target.fill(Number.NaN);
  await gpus.scatterInto(target, rank === root ? every : undefined, { root });
  expect(await target.download()).to.deep.equal(await mine.download());
  await usesNccl("ncclGroupStart", () => gpus.scatterInto(target, rank === 0 ? every : undefined));

  every.fill(rank);
  using exchanged = cuda.full([size, many], Number.NaN, { dtype: "float64" });
  await gpus.alltoallInto(exchanged, every);
  expect(await exchanged.download()).to.deep.equal(host(i => Math.floor(i / many), size * many));
  await usesNccl("ncclGroupEnd", () => gpus.alltoallInto(exchanged, every));

  target.fill(Number.NaN);
  await gpus.reduceScatterInto(target, every, sum);
  expect(await target.download()).to.deep.equal(host(() => total));
  await usesNccl("ncclReduceScatter", () => gpus.reduceScatterInto(target, every, sum));

  // In place, of a view with gaps, and of several at once, in the order of their calls.
  using wide = cuda.full([2, 3], rank, { dtype: "float64" });
  using turned = wide.transpose();
  using sums = cuda.zeros([3, 2], { dtype: "float64" });
  await Promise.all([
    gpus.allreduceInto(sums, turned, sum),
    gpus.broadcastInto(copy, { root }),
    gpus.allreduceInto(mine, mine, sum),
  ]);
  expect(await sums.download()).to.deep.equal(host(() => total, 6));
  expect(await mine.download(), "in place").to.deep.equal(host(i => size * i + total));
}

// All types that can be added up.
for (const dtype of ["float32", "int8", "uint8", "int32", "uint32", "float16", "bfloat16"] as const) {
  using mine = cuda.full(9, rank + 1, { dtype });
  await gpus.allreduceInto(mine, mine, sum);
  using numbers = mine.astype("float64");
  expect(await numbers.download(), dtype).to.deep.equal(host(() => total + size, 9));
}
{
  using mine = await cuda.upload(BigInt64Array.of(-(2n ** 62n) + BigInt(rank)));
  await gpus.allreduceInto(mine, mine, max);
  expect(await mine.download()).to.deep.equal(BigInt64Array.of(-(2n ** 62n) + BigInt(size - 1)));
}

// What does not go together is refused as it is for typed arrays, not left to wait in NCCL.
if (size > 1) {
  using none = cuda.zeros(0);
  await gpus.allreduceInto(none, none, sum);
  using mine = cuda.zeros(4);
  const refused = async (work: () => Promise<void>): Promise<string> =>
    work().then(
      () => "nothing",
      (error: Error) => error.message,
    );
  using short = cuda.zeros(3);
  expect(await refused(() => gpus.allgatherInto(short, mine))).to.match(/allgatherInto/);
}
expect(inspect(gpus)).to.equal(`DeviceCommunicator(rank ${rank} of ${size})`);
// Giving back once is enough: a second time, and all that is called later, is refused.
await gpus.free();
{
  using array = cuda.zeros(4);
  for (const work of [
    () => gpus.free(),
    () => gpus.allreduceInto(array, array, sum),
    () => gpus.send(array, rank),
    () => gpus.ncclReason(),
  ]) {
    const error = await work().then(
      () => undefined,
      (thrown: Error) => thrown,
    );
    expect(error?.message).to.match(/has been freed; it cannot be used any more/);
  }
}
ok();
