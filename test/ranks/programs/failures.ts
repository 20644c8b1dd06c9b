/**
 * Jobs that go wrong, each in its own way: `failures.ts SCENARIO`. Whoever makes it go wrong says when, so that the
 * test knows how long the job took to end.
 */
import { type Communicator, max, min, sum, world } from "tsmpi";
import { blocking, compute, sleep } from "./support.ts";

const { rank, size } = world;
const large = (): Float64Array => new Float64Array(2 << 20).fill(1.5);
const last = size - 1;

function now(): void {
  process.stdout.write(`goes wrong at ${Date.now()}\n`);
}

/** The last rank ends, orderly; the others do something that needs it. */
async function finished(others: () => unknown): Promise<void> {
  if (rank === last) {
    await sleep(100);
    now();
    return;
  }
  await others();
}

/** The others have said that they come to their wait; soon they sleep in it. */
async function othersWait(): Promise<void> {
  for (let other = 0; other < last; other++) await world.recv(other);
  await sleep(300);
}

/** All ranks are at it when the last one fails. */
async function fails(how: () => unknown): Promise<void> {
  if (rank !== last) {
    await world.send("here", last);
    await world.recv(last);
    return;
  }
  await othersWait();
  now();
  await how();
}

async function mismatch(of: (r: number) => unknown): Promise<void> {
  now();
  await of(rank);
}

const both: Record<string, (face: Communicator) => unknown> = {
  recv: face => finished(() => face.recv(last, { tag: 7 })),
  recvInto: face => finished(() => face.recvInto(new Float64Array(1), last)),
  // From any rank: all the others have finished.
  any: face => finished(() => (rank === 0 ? face.recv() : sleep(50))),
  probe: face => finished(() => face.probe(last)),
  sendrecv: face => finished(() => face.sendrecv(1, last, last)),
  "large send": face => finished(() => face.send(large(), last, { tag: 3 })),
  "synchronous send": face => finished(() => face.send(1, last, { synchronous: true })),
  barrier: face => finished(() => face.barrier()),
  broadcast: face => finished(() => face.broadcast(1, { root: last })),
  broadcastInto: face => finished(() => face.broadcastInto(new Float64Array(10), { root: last })),
  scatter: face => finished(() => face.scatter(undefined as never, { root: last })),
  gather: face => finished(() => face.gather(1, { root: 0 })),
  allgather: face => finished(() => face.allgather(1)),
  alltoall: face => finished(() => face.alltoall(new Array(size).fill(1))),
  reduce: face => finished(() => face.reduce(1, sum)),
  allreduce: face => finished(() => face.allreduce(1, sum)),
  allreduceInto: face => finished(() => face.allreduceInto(large(), large(), sum)),
  reduceScatter: face => finished(() => face.reduceScatter(new Float64Array(100), sum)),
  scan: face => finished(() => (rank === 0 ? face.recv(last) : face.scan(1, sum))),
  split: face => finished(() => face.split(0)),
  // A message from a rank that has finished is still delivered; only then there is nothing more to come.
  "after its messages": async face => {
    if (rank === last) {
      await face.send("delivered", 0);
      now();
      return;
    }
    await sleep(300);
    if (rank !== 0) return;
    if ((await face.recv(last)) !== "delivered") throw new Error("lost");
    await face.recv(last);
  },
  // Only one of the others is in the part.
  "any in a part": async face => {
    const part = await world.split(rank === 1 ? undefined : "part");
    if (rank === last) {
      await sleep(100);
      now();
    } else if (rank === 0) {
      await (face === world ? part! : blocking(part!)).recv();
    } else {
      await world.recv(0);
    }
  },
  "part's barrier": async face => {
    const part = await world.split(rank === 1 ? undefined : "part", { name: "part" });
    if (rank === last) {
      await sleep(100);
      now();
    } else if (rank === 0) {
      await (face === world ? part! : blocking(part!)).barrier();
    } else {
      await world.recv(0);
    }
  },

  // Collectives called differently.
  "broadcast or reduce": face =>
    mismatch(r => (r === 0 ? face.broadcast(1, { root: 1 }) : face.reduce(1, sum, { root: 1 }))),
  "barrier or allreduce": face => mismatch(r => (r === 0 ? face.barrier() : face.allreduce(1, sum))),
  "gather or allgather": face => mismatch(r => (r === 0 ? face.gather(1) : face.allgather(1))),
  "scan or exscan": face => mismatch(r => (r === 0 ? face.scan(1, sum) : face.exscan(1, sum))),
  "broadcast roots": face => mismatch(r => face.broadcast(1, { root: r % 2 })),
  "scatter roots": face => mismatch(r => face.scatter(new Array(size).fill(1), { root: r % 2 })),
  "gather roots": face => mismatch(r => face.gather(1, { root: r % 2 })),
  "reduce roots": face => mismatch(r => face.reduce(1, sum, { root: r % 2 })),
  "other operators": face => mismatch(r => face.allreduce(1, r === 0 ? min : max)),
  "other operators on arrays": face =>
    mismatch(r => face.allreduceInto(large(), large(), r === 0 ? min : max)),
  "other order": face =>
    mismatch(async r => {
      if (r === 0) {
        await face.allreduce(1, sum);
        await face.barrier();
      } else {
        await face.barrier();
        await face.allreduce(1, sum);
      }
    }),
  "other lengths": face => mismatch(r => face.allreduce(new Float64Array(10 + r), sum)),
  "other long lengths": face => mismatch(r => face.allreduce(new Float64Array(100_000 + r), sum)),
  "long and short": face => mismatch(r => face.allreduce(new Float64Array(r === 0 ? 10 : 100_000), sum)),
  "other types": face =>
    mismatch(r => face.allreduce(r === 0 ? new Float64Array(10) : (new Float32Array(10) as never), sum)),
  "other long types": face =>
    mismatch(r =>
      face.allreduce(r === 0 ? new Float64Array(50_000) : (new Int32Array(100_000) as never), sum),
    ),
  "number or array": face =>
    mismatch(r => face.allreduce<any>(r === 0 ? 1 : new Float64Array(1), sum as never)),
  "number or bigint": face => mismatch(r => face.allreduce<any>(r === 0 ? 1 : 1n, sum as never)),
  "broadcast lengths": face => mismatch(r => face.broadcastInto(new Float64Array(10 + r))),
  "broadcast types": face =>
    mismatch(r => face.broadcastInto(r === 0 ? new Float64Array(10) : new BigInt64Array(10))),
  "reduce lengths": face => mismatch(r => face.reduce(new Float64Array(10 + r), sum)),
  "scan lengths": face => mismatch(r => face.scan(new Float64Array(10 + r), sum)),
  "gather too much": face =>
    mismatch(r => face.gatherInto(r === 0 ? new Float64Array(2 * size) : undefined, new Float64Array(2 + r))),
  "scatter lengths": face =>
    mismatch(r =>
      face.scatterInto(new Float64Array(2 + r), r === 0 ? new Float64Array(2 * size) : undefined),
    ),
};

const once: Record<string, () => unknown> = {
  throws: () =>
    fails(() => {
      throw new RangeError("thrown on purpose");
    }),
  "throws in a block that has a communicator": async () => {
    await using part = await world.dup();
    await fails(() => {
      throw new RangeError(`thrown beside ${part.name}`);
    });
  },
  "throws in a blocking block that has one": async () => {
    using part = world.sync.dup();
    await fails(() => {
      throw new RangeError(`thrown beside ${part.name}`);
    });
  },
  "throws in a timer": () =>
    fails(() => {
      setTimeout(() => {
        throw new Error("thrown in a timer");
      }, 1);
      return sleep(1000);
    }),
  rejects: () =>
    fails(() => {
      void Promise.reject(new Error("rejected on purpose"));
      return sleep(1000);
    }),
  "exits 3": () => fails(() => process.exit(3)),
  "sets exit code 5": () =>
    fails(() => {
      process.exitCode = 5;
    }),
  aborts: () => fails(() => world.abort("stopped on purpose", 9)),
  "is killed": () => fails(() => process.kill(process.pid, "SIGKILL")),
  "others block": async () => {
    if (rank !== last) {
      world.sync.send("here", last);
      world.sync.recv(last);
    }
    await othersWait();
    now();
    throw new Error("the blocked ones are freed");
  },
  "others compute": async () => {
    if (rank !== last) compute(20_000);
    await sleep(150);
    now();
    throw new Error("the busy ones are killed");
  },
  "others wait in various ways": async () => {
    if (rank !== last) await world.send("here", last);
    if (rank === 0) await world.recv(last, { tag: 7 });
    else if (rank === 1) world.sync.barrier();
    else if (rank === 2) world.sync.probe(last);
    await othersWait();
    now();
    process.exit(4);
  },
};

const [name, faceName] = process.argv.slice(2);
const scenario = faceName === undefined ? once[name] : both[name];
if (scenario === undefined) throw new Error(`no scenario "${name}"`);
await scenario(faceName === "sync" ? blocking(world) : world);
