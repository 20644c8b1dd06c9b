import { expect } from "chai";
import { launchProgram, run } from "./run.ts";

/** Each was once a way to hang or to stall; many runs, for what they need is a moment. */
const jobs: [ranks: number, name: string, title: string, runs: number][] = [
  [3, "noticed earlier", "should judge a wait that begins after the end was noticed", 2],
  [2, "self, later", "should deliver what a rank sends to itself while it waits", 1],
  [1, "self, later", "should do so in a world of one", 1],
  [2, "only oneself", "should end a wait that only this rank could serve", 1],
  [3, "several barriers under way", "should complete barriers that were begun together", 2],
  [2, "aborted wait", "should let a rank end after an aborted wait", 1],
  [2, "rest of an object", "should write the rest of an object while its sender waits for something else", 1],
  [2, "nobody receives", "should end ranks that have sent what nobody receives", 2],
  [2, "barrier with a rank that leaves", "should not wait in a barrier for a rank that is leaving", 1],
  [1, "nobody as a partner", "should send to nobody and receive nothing from there, alone", 1],
  [3, "nobody as a partner", "should send to nobody and receive nothing from there", 1],
];

describe("waits that meet an end", () => {
  for (const [ranks, name, title, runs] of jobs) {
    it(`${title} (${ranks} ranks)`, async () => {
      for (let i = 0; i < runs; i++) await run("endings", ranks, { args: [name], seconds: 60 });
    });
  }

  it("should tell a blocked rank at once that another has finished", async () => {
    for (let i = 0; i < 5; i++) {
      const { code, stdout, stderr } = await launchProgram("endings", 2, { args: ["blocking"], seconds: 60 });
      expect(code, stdout + stderr).to.equal(0);
    }
  });

  it("should end the job with a reason, and never with code 0", async () => {
    const { code, stderr } = await launchProgram("endings", 3, { args: ["abort"], seconds: 60 });
    expect(code).to.equal(1);
    expect(stderr).to.match(/^the input has no column 'delay'$/m);
    expect(stderr).to.include("tsmpirun: rank 1 exited with code 1; the job was ended");
    expect(stderr).not.to.include("    at ");
  });
});
