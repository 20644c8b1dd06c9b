import { expect } from "chai";
import { launchProgram, run } from "./run.ts";

describe("ranks: deadlocks", () => {
  const waiting = "recv from rank \\d, tag 4, on world";
  const found: [name: string, ranks: number, sentence: string][] = [
    ["awaited", 2, `rank (0|1) waits in ${waiting}, but no rank can go on: rank (0|1) waits in ${waiting}`],
    [
      "blocking",
      3,
      `rank \\d waits in ${waiting}, but no rank can go on: (rank \\d waits in ${waiting}(; )?){2}`,
    ],
    [
      "mixed",
      4,
      `rank \\d waits in ${waiting}, but no rank can go on: (rank \\d waits in ${waiting}(; )?){3}`,
    ],
    ["barrier and receive", 3, "but no rank can go on: .*waits? in (barrier, collective 0|recv from rank 1)"],
    ["both send", 2, "rank (0|1) waits in send to rank (0|1), tag 0, on world, but no rank can go on: rank"],
    [
      "after one has finished",
      3,
      `rank (0|1) waits in ${waiting}, but no rank can go on: rank (0|1) waits in ${waiting}; rank \\d has finished`,
    ],
  ];
  it("are found, and said with what each rank waits for", async () => {
    const jobs = found.map(async ([name, ranks, sentence]) => {
      const { code, stdout, stderr } = await launchProgram("deadlock", ranks, { args: [name], seconds: 60 });
      const what = `${name} on ${ranks} ranks:\n${stdout}${stderr}`;
      expect(code, what).to.equal(1);
      expect(stderr, what).to.match(new RegExp(`^DeadlockError: (.*)${sentence}`, "m"));
      expect(stderr.match(/^DeadlockError/gm), what).to.have.length(1);
    });
    await Promise.all(jobs);
  });

  it("are errors that a program may go on from", async () => {
    await run("deadlock", 3, { args: ["caught"], seconds: 60 });
  });

  it("are no ranks that have a timer, a signal handler, a thread or a socket, or compute", async () => {
    const cases = ["timer", "signal", "worker", "socket", "abort signal", "computing"];
    await Promise.all(cases.map(name => run("deadlock", 3, { args: [name], seconds: 60 })));
  });
});
