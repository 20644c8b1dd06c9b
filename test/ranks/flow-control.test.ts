import { run } from "./run.ts";

describe("ranks: flow control", () => {
  const floods = [
    ["numbers", "sleeps", 1_000_000],
    ["numbers", "computes", 1_000_000],
    ["arrays", "sleeps", 1_000_000],
    ["sync", "computes", 1_000_000],
    ["objects", "sleeps", 50_000],
    ["objects", "computes", 50_000],
  ] as const;
  for (const [what, busy, count] of floods) {
    it(`slows down a flood of ${count} ${what} at a rank that ${busy}`, async () => {
      const { stdout } = await run("flood", 2, { args: [what, busy, String(count)] });
      console.log(stdout.split("\n").find(line => line.includes("the job grew")));
    });
  }
});
