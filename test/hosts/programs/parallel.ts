/**
 * What a lecture does on several machines: a map, nested loops as one map, a pool with 120 tasks, a large argument. Rank 0
 * prints the results, which must not depend on where tasks ran, and beside them which hosts ran tasks.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { expect } from "chai";
import { type Communicator, world } from "tsmpi";
import { gridMap, map, task, withPool } from "tsmpi/parallel";
import { defaultRng, streams } from "tsmpi/random";

const TASKS = 120;
const DRAWS = 1_000_000;
const LENGTH = 4_000_000;

/** Hosts that have run tasks of the present part. */
const ranHere = new Set<string>();
/** Before its first task of a part is over each rank waits here for the others: none can do all of the work alone. */
let meeting: Communicator;

async function ran(): Promise<void> {
  const isFirst = ranHere.size === 0;
  ranHere.add(hostname());
  if (isFirst) await meeting.barrier();
}

/** Runs a part of the program; on rank 0 returns its results and where they come from. */
async function part<T>(isWorker: boolean, body: () => Promise<T>) {
  const comm = await world.split(isWorker ? 0 : 1);
  meeting = comm;
  ranHere.clear();
  const values = await body();
  const hosts = (await world.allgather([...ranHere])).flat();
  await comm.free();
  return { values, hosts: [...new Set(hosts)].sort() };
}

const digest = (array: ArrayBufferView): string =>
  createHash("sha256")
    .update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
    .digest("hex");

const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;

const normals = task(async (seed: number, index: number, n: number) => {
  await ran();
  return mean(streams(seed).stream(index).standardNormal(n));
});
const stratum = task(async (x: Float64Array, of: number, counter: Int32Array) => {
  await ran();
  let sum = 0;
  for (let i = of; i < x.length; i += TASKS) sum += x[i];
  return { sum, host: hostname(), turn: Atomics.add(counter, 0, 1) };
});

/** Bytes that this host has received from others. */
function received(): number {
  const lines = readFileSync("/proc/self/net/dev", "utf8").split("\n");
  const counts = lines.flatMap(line => /^\s*(?!lo:)\S+:\s*(\d+)/.exec(line)?.[1] ?? []);
  return counts.reduce((sum, count) => sum + Number(count), 0);
}

const isWorker = world.rank > 0;

const dynamic = await part(true, () =>
  map(
    world,
    40,
    async (_item, _index, { random }) => {
      await ran();
      return mean(random.standardNormal(10_000));
    },
    { schedule: "dynamic", seed: 1, as: Float64Array },
  ),
);

const grid = await part(true, () =>
  gridMap(
    world,
    [10, ["mean", "largest", "all"] as const],
    async (fold, method, { random }) => {
      await ran();
      const values = random.standardNormal(1000 + fold);
      if (method === "all") return digest(values);
      return method === "mean" ? mean(values) : Math.max(...values);
    },
    { seed: 2 },
  ),
);

const pooled = await part(isWorker, () =>
  withPool(world, pool =>
    pool.starmap(
      normals,
      Array.from({ length: TASKS }, (_, index) => [1, index, DRAWS]),
    ),
  ),
);

await world.barrier();
const before = received();
const large = await part(isWorker, () =>
  withPool(world, async pool => {
    const x = await pool.share(defaultRng(3).random(LENGTH));
    const counter = await pool.share(new Int32Array(1));
    const results = await pool.starmap(
      stratum,
      Array.from({ length: TASKS }, (_, of) => [x, of, counter] as const),
    );
    // Tasks of a host count in one memory, those of another in another.
    for (const host of new Set(results.map(result => result.host))) {
      const turns = results.flatMap(result => (result.host === host ? [result.turn] : []));
      expect(turns.sort((a, b) => a - b)).to.deep.equal(turns.map((_, turn) => turn));
    }
    return results.map(({ sum }) => sum);
  }),
);
const bytes = await world.allgather(received() - before);

if (world.rank === 0) {
  const values = [digest(dynamic.values!), grid.values, pooled.values, large.values];
  const hosts = [dynamic, grid, pooled, large].map(each => each.hosts);
  console.log(JSON.stringify({ values, hosts, copies: bytes.map(each => each / (8 * LENGTH)) }));
}
