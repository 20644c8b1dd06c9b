import { expect } from "chai";
import { launchProgram } from "./run.ts";

/** Milliseconds from what goes wrong to the end of the job. */
const LIMIT = 5000;

interface Expected {
  ranks?: number;
  /** The launcher's; 1 unless said. */
  code?: number;
  stderr: readonly RegExp[];
}

async function expectEnd(args: readonly string[], { ranks = 3, code = 1, stderr }: Expected): Promise<void> {
  const launched = await launchProgram("failures", ranks, { args, seconds: 60 });
  const ended = Date.now();
  const what = `${args.join(" ")}:\n${launched.stdout}${launched.stderr}`;
  for (const sentence of stderr) expect(launched.stderr, what).to.match(sentence);
  expect(launched.code, what).to.equal(code);
  const began = Math.max(
    ...[...launched.stdout.matchAll(/goes wrong at (\d+)/g)].map(([, time]) => Number(time)),
  );
  expect(ended - began, `milliseconds until the job had ended, ${what}`).to.be.lessThan(LIMIT);
}

describe("ranks: failures", () => {
  const alone: Record<string, Expected> = {
    throws: {
      stderr: [/RangeError: thrown on purpose\n\s+at .*failures\.ts:\d+/, /rank 2 exited with code 1/],
    },
    // The end of the block would wait for the others.
    "throws in a block that has a communicator": { stderr: [/RangeError: thrown beside world\.dup\n/] },
    "throws in a blocking block that has one": { stderr: [/RangeError: thrown beside world\.dup\n/] },
    "throws in a timer": {
      stderr: [/Error: thrown in a timer\n\s+at .*failures\.ts:\d+/, /rank 2 exited with code 1/],
    },
    rejects: {
      stderr: [/Error: rejected on purpose\n\s+at .*failures\.ts:\d+/, /rank 2 exited with code 1/],
    },
    "exits 3": { code: 3, stderr: [/rank 2 exited with code 3; the job was ended/] },
    "sets exit code 5": { code: 5, stderr: [/rank 2 exited with code 5; the job was ended/] },
    aborts: { code: 9, stderr: [/stopped on purpose/, /rank 2 exited with code 9; the job was ended/] },
    "is killed": { code: 137, stderr: [/rank 2 was killed by SIGKILL; the job was ended/] },
    "others block": {
      stderr: [/Error: the blocked ones are freed/, /ranks 0, 1 were waiting in recv from rank 2/],
    },
    "others compute": { stderr: [/Error: the busy ones are killed/] },
    "others wait in various ways": {
      ranks: 4,
      code: 4,
      stderr: [
        /rank 3 exited with code 4; the job was ended/,
        /rank 0 was waiting in recv from rank 3, tag 7, on world/,
        /rank 1 was waiting in barrier, collective 0 on world/,
        /rank 2 was waiting in probe for a message from rank 3, any tag, on world/,
      ],
    },
  };
  for (const [name, expected] of Object.entries(alone)) {
    it(`a rank that ${name} ends the job`, () => expectEnd([name], expected));
  }
  it("what others were waiting for is told for a failing rank, too", () =>
    expectEnd(["exits 3"], {
      code: 3,
      stderr: [/ranks 0, 1 were waiting in recv from rank 2, any tag, on world/],
    }));
});

describe("ranks: waiting for a rank that has finished", () => {
  const finished = (sentence: RegExp): Expected => ({ stderr: [/PeerFinishedError/, sentence] });
  const waiting: Record<string, Expected> = {
    recv: finished(
      /rank [01] waits in recv from rank 2, tag 7, on world, but rank 2 has finished without sending it/,
    ),
    recvInto: finished(/rank [01] waits in recv from rank 2, any tag, on world, but rank 2 has finished/),
    any: finished(/rank 0 waits in recv from any rank, any tag, on world, but every other rank has finished/),
    probe: finished(
      /rank [01] waits in probe for a message from rank 2, any tag, on world, but rank 2 has finished/,
    ),
    sendrecv: finished(/rank [01] waits in recv from rank 2, any tag, on world, but rank 2 has finished/),
    "large send": finished(
      /rank [01] waits in send to rank 2, tag 3, on world, but rank 2 has finished without receiving it/,
    ),
    "synchronous send": finished(
      /rank [01] waits in send to rank 2, tag 0, on world, but rank 2 has finished without receiving it/,
    ),
    barrier: finished(
      /rank [01] waits in barrier, collective 0 on world, but rank 2 has finished without calling it/,
    ),
    "after its messages": finished(
      /rank 0 waits in recv from rank 2, any tag, on world, but rank 2 has finished/,
    ),
    "any in a part": finished(/rank 0 waits in recv from any rank, any tag, on world\.split\(part\), but/),
    // Ranks count in the communicator that is named.
    "part's barrier": finished(
      /rank 0 waits in barrier, collective 0 on part, but rank 1 has finished without calling it/,
    ),
  };
  for (const [name, call] of Object.entries({
    broadcast: "broadcast with root 2",
    broadcastInto: "broadcastInto with root 2",
    scatter: "scatter with root 2",
    gather: "gather",
    allgather: "allgather",
    alltoall: "alltoall",
    reduce: "reduce( of numbers)? by sum",
    allreduce: "allreduce( of numbers)? by sum",
    allreduceInto: "allreduceInto by sum",
    reduceScatter: "reduceScatter by sum",
    split: "split",
  })) {
    // Said by a rank that waits or is about to send, or by the one that has finished and finds the others' messages.
    const waits = `rank [01] (waits|is) in ${call}, collective 0 on world, but rank 2 has finished without taking part in it`;
    const ended = `rank 2 has finished without taking part in ${call}, collective 0 on world, which rank [01] has called`;
    waiting[name] = { stderr: [new RegExp(`${waits}|${ended}`)] };
  }
  for (const [name, expected] of Object.entries(waiting)) {
    for (const face of ["awaited", "sync"]) it(`${name} (${face})`, () => expectEnd([name, face], expected));
  }
});

describe("ranks: collectives that do not agree", () => {
  const calls: Record<string, RegExp> = {
    "broadcast or reduce":
      /rank \d is in (broadcast with root 1|reduce( of numbers)? by sum with root 1), collective 0 on world.* rank \d (called it as|is in) (broadcast with root 1|reduce( of numbers)? by sum with root 1)/,
    "barrier or allreduce":
      /rank \d is in (barrier|allreduce( of numbers)? by sum), collective 0 on world.* rank \d (called it as|is in) (barrier|allreduce( of numbers)? by sum)/,
    "gather or allgather":
      /rank \d is in (gather|allgather), collective 0 on world.* rank \d (called it as|is in) (gather|allgather)/,
    "scan or exscan":
      /rank \d is in (scan|exscan)( of numbers)? by sum, collective 0.* rank \d (called it as|is in) (scan|exscan)( of numbers)? by sum/,
    "broadcast roots":
      /rank \d is in broadcast( with root 1)?, collective 0 on world.* rank \d (called it as|is in) broadcast/,
    "scatter roots":
      /rank \d is in scatter( with root 1)?, collective 0 on world.* rank \d (called it as|is in) scatter/,
    "gather roots":
      /rank \d is in gather( with root 1)?, collective 0 on world.* rank \d (called it as|is in) gather/,
    "reduce roots":
      /rank \d is in reduce( of numbers)? by sum( with root 1)?, collective 0 on world.* rank \d (called it as|is in) reduce( of numbers)? by sum/,
    "other operators":
      /rank \d is in allreduce( of numbers)? by (min|max), collective 0 on world.* rank \d (called it as|is in) allreduce( of numbers)? by (min|max)/,
    "other operators on arrays":
      /rank \d is in allreduceInto by (min|max), collective 0 on world.* rank \d (called it as|is in) allreduceInto by (min|max)/,
    "other order":
      /rank \d is in (barrier|allreduce( of numbers)? by sum), collective 0 on world.* rank \d (called it as|is in) (barrier|allreduce( of numbers)? by sum)/,
  };
  for (const [name, sentence] of Object.entries(calls)) {
    for (const face of ["awaited", "sync"]) {
      for (const ranks of [2, 3]) {
        const stderr = [
          /CollectiveMismatchError/,
          sentence,
          /all ranks of a communicator must call the same collectives in the same order/,
        ];
        it(`${name} (${face}, ${ranks} ranks)`, () => expectEnd([name, face], { ranks, stderr }));
      }
    }
  }

  const arrays: Record<string, RegExp> = {
    "other lengths":
      /allreduce: all ranks must give values of the same type and length; rank \d sent Float64Array\(1[012]\), this rank has Float64Array\(1[012]\)/,
    "other long lengths": /Float64Array\(10000[012]\).*Float64Array\(10000[012]\)/,
    "long and short": /Float64Array\((10|100000)\).*Float64Array\((10|100000)\)/,
    "other types": /rank \d sent Float(32|64)Array\(10\), this rank has Float(32|64)Array\(10\)/,
    "other long types":
      /(Float64Array\(50000\)|Int32Array\(100000\)).*(Float64Array\(50000\)|Int32Array\(100000\))/,
    "broadcast lengths":
      /broadcastInto.*10.*11|broadcastInto.*11.*10|broadcastInto.*12.*10|broadcastInto.*10.*12/,
    "broadcast types": /broadcastInto.*(Float64Array|BigInt64Array)/,
    "reduce lengths": /reduce: .*rank \d sent Float64Array\(1[012]\), this rank has Float64Array\(1[012]\)/,
    "scan lengths": /scan: .*rank \d sent Float64Array\(1[012]\), this rank has Float64Array\(1[012]\)/,
  };
  for (const [name, sentence] of Object.entries(arrays)) {
    for (const face of ["awaited", "sync"]) {
      it(`${name} (${face})`, () => expectEnd([name, face], { stderr: [/TypeMismatchError/, sentence] }));
    }
  }
  for (const face of ["awaited", "sync"]) {
    for (const name of ["number or array", "number or bigint"]) {
      it(`${name} (${face})`, () =>
        expectEnd([name, face], {
          stderr: [/CollectiveMismatchError/, /allreduce of numbers by sum/, /allreduce by sum/],
        }));
    }
  }
  it("arrays that do not fill the root's target", () =>
    expectEnd(["gather too much", "awaited"], {
      stderr: [
        /gatherInto: the arrays of all ranks must fill the target; it is Float64Array\(6\), and rank 0 has 2, rank 1 has 3, rank 2 has 4, 9 together/,
      ],
    }));
  it("targets that the root's array does not fill", () =>
    expectEnd(["scatter lengths", "awaited"], {
      stderr: [
        /scatterInto: the targets of all ranks together must be as long as root's Float64Array\(6\); rank 0 has 2, rank 1 has 3, rank 2 has 4, 9 together/,
      ],
    }));
});
