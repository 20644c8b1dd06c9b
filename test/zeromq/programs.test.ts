/** The programs that test ranks over shared memory, run over ZeroMQ. */
import { expect } from "chai";
import { exactSum } from "../ranks/exact-sum.ts";
import { launchProgram, onRanks, run } from "../ranks/run.ts";

const launcher = ["--transport", "zeromq"];
const zeromq = { launcher };

describe("ranks over ZeroMQ: point to point", () => {
  onRanks([1, 2, 5], "values", "sends every kind of value", zeromq);
  onRanks([2], "sizes", "sends messages of every size", zeromq);
  onRanks([2, 5], "order", "keeps the order of messages", zeromq);
  onRanks([3], "any-source", "gives a receive from any rank one message only", zeromq);
  onRanks([2], "probes", "finds messages by probe, poll and messages()", zeromq);
  onRanks([3], "synchronous", "tells when a message has been matched", zeromq);
  onRanks([2], "errors", "refuses messages that do not fit", zeromq);
  onRanks([3], "isolation", "keeps communicators apart", zeromq);
  onRanks([2], "reuse", "lets the caller reuse an array when its send is done", zeromq);
  onRanks([3], "long-arrays", "passes arrays of every length round", { ...zeromq, args: ["sizes"] });
  onRanks([2], "long-arrays", "keeps many arrays, in any order", { ...zeromq, args: ["unexpected"] });
  for (const wait of ["recv", "any", "synchronous", "allgather"]) {
    onRanks([2], "ends", `lets the process end after a wait given up (${wait})`, { ...zeromq, args: [wait] });
  }
  onRanks([2], "flood", "slows down a flood of arrays", {
    ...zeromq,
    args: ["arrays", "computes", "100000"],
  });
});

describe("ranks over ZeroMQ: collectives", () => {
  onRanks([1, 3], "allreduce", "allreduce", zeromq);
  onRanks([3, 5], "barrier", "barrier", zeromq);
  onRanks([3], "alltoall", "alltoall", zeromq);
  for (const program of ["broadcast", "exscan", "gather", "reduce", "scan", "scatter"]) {
    onRanks([3], program, program, zeromq);
  }
  onRanks([3], "reduce-scatter", "reduceScatter", zeromq);
  onRanks([5], "split", "split and dup", zeromq);
  onRanks([3], "reproducible", "exact sums, however the numbers are spread", {
    ...zeromq,
    args: [exactSum()],
  });
});

describe("ranks over ZeroMQ: ends", () => {
  for (const end of ["exit", "end"]) {
    for (const when of ["soon", "late"]) {
      onRanks([3], "last-words", `delivers what a rank sent before its ${end}, received ${when}`, {
        ...zeromq,
        args: [end, when],
      });
    }
  }
  for (const [ranks, name] of [
    [3, "noticed earlier"],
    [2, "self, later"],
    [3, "several barriers under way"],
    [2, "aborted wait"],
    [2, "rest of an object"],
    [2, "nobody receives"],
    [3, "nobody as a partner"],
  ] as const) {
    onRanks([ranks], "endings", name, { ...zeromq, args: [name], seconds: 60 });
  }
  onRanks([2], "processes", "lets ranks start processes and threads", zeromq);

  it("is a world of one on one rank", async () => {
    const { code, stdout, stderr } = await launchProgram("alone", 1, { ...zeromq, seconds: 60 });
    expect(stderr).to.equal("");
    expect([code, stdout]).to.deep.equal([0, "a world of 1\n"]);
  });

  for (const number of [0, 2]) {
    it(`uses no CPU while it waits (${number})`, async () =>
      void (await run("idle", 3, { ...zeromq, args: [String(number)] })));
  }
});

describe("ranks over ZeroMQ: failures", () => {
  const finished =
    /PeerFinishedError: rank [01] waits in .*, but rank (1|2|every other rank) ha(s|ve) finished/;
  const mismatch =
    /CollectiveMismatchError: rank \d is in .*, collective 0 on world.* rank \d (called it as|is in)/;
  const alone: [name: string, code: number, sentences: readonly RegExp[]][] = [
    // Before ZeroMQ is ready.
    ["nothing that it knows", 1, [/Error: no scenario/]],
    ["throws", 1, [/RangeError: thrown on purpose\n\s+at .*failures\.ts:\d+/, /rank 2 exited with code 1/]],
    ["rejects", 1, [/Error: rejected on purpose/, /rank 2 exited with code 1/]],
    ["exits 3", 3, [/ranks 0, 1 were waiting in recv from rank 2, any tag, on world/]],
    ["aborts", 9, [/stopped on purpose/, /rank 2 exited with code 9; the job was ended/]],
    ["is killed", 137, [/rank 2 was killed by SIGKILL; the job was ended/]],
    ["others block", 1, [/Error: the blocked ones are freed/, /ranks 0, 1 were waiting in recv from rank 2/]],
    ["others compute", 1, [/Error: the busy ones are killed/]],
  ];
  const together: typeof alone = [
    ["recv", 1, [finished]],
    ["any", 1, [/every other rank has finished/]],
    ["large send", 1, [finished]],
    ["synchronous send", 1, [finished]],
    ["barrier", 1, [/barrier, collective 0 on world/, /rank 2 has finished without/]],
    ["broadcast or reduce", 1, [mismatch]],
    ["barrier or allreduce", 1, [mismatch]],
    ["gather or allgather", 1, [mismatch]],
    ["scan or exscan", 1, [mismatch]],
    ["broadcast roots", 1, [mismatch]],
    ["other order", 1, [mismatch]],
    ["other lengths", 1, [/TypeMismatchError/, /Float64Array\(1[012]\)/]],
  ];
  async function expectEnd(args: readonly string[], expected: number, sentences: readonly RegExp[]) {
    const { code, stdout, stderr } = await launchProgram("failures", 3, { ...zeromq, args, seconds: 60 });
    const what = `${stdout}${stderr}`;
    expect(code, what).to.equal(expected);
    for (const sentence of sentences) expect(stderr, what).to.match(sentence);
    expect(stderr, what).not.to.match(/Napi|terminate called|Segmentation/);
  }
  for (const [name, ...expected] of alone) {
    it(`ends the job when a rank ${name}`, () => expectEnd([name], ...expected));
  }
  for (const [name, ...expected] of together) it(name, () => expectEnd([name, "awaited"], ...expected));
});
