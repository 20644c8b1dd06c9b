import { run } from "./run.ts";

describe("ranks: waiting", () => {
  for (const [number, wait] of [
    "recv",
    "recv from any",
    "sync recv",
    "sync probe",
    "barrier",
    "sync barrier",
    "broadcast",
  ].entries()) {
    it(`uses no CPU in ${wait}`, async () => void (await run("idle", 4, { args: [String(number)] })));
  }
  it("gives timers their turn among many messages", async () => void (await run("fairness", 2)));
});
