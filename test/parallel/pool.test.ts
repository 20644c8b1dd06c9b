import { join } from "node:path";
import { expect } from "chai";
import { type Launched, launch, packageRoot } from "../launch.ts";
import { sizes } from "../ranks/run.ts";
import { onRanks } from "./run.ts";

function outcome(ranks: number, scenario: string): Promise<Launched> {
  const program = join(packageRoot, "test/parallel/programs/pool-texts.ts");
  return launch(["-n", String(ranks), "--timeout", "60", program, scenario]);
}

describe("parallel: pool", () => {
  onRanks(sizes, "pool", "results, futures, nested tasks");
  onRanks(sizes, "pool-errors", "errors");
  onRanks([2, 3, 8], "pool-hosts", "ranks of several hosts");

  it("says which task has another text on another rank", async () => {
    const { code, stderr } = await outcome(3, "disagree");
    expect(code).to.equal(1);
    expect(stderr).to.match(/the ranks disagree about their tasks: number 4 is chosen on rank 0/);
    expect(stderr).to.include("chosen on rank 1 with another text");
  });
  for (const ranks of [1, 3]) {
    it(`warns of a large argument that is sent with every task, once (${ranks} ranks)`, async () => {
      const { code, stdout, stderr } = await outcome(ranks, "large");
      expect(code, stderr).to.equal(0);
      expect(stdout.match(/262144/g)).to.have.length(20);
      expect(stderr.match(/^tsmpi: pool:.*/gm)).to.deep.equal([
        "tsmpi: pool: the same Float64Array of 2.0 MiB is sent with each task length, 3 times so far. Hand it to the " +
          "workers once, in the pool's body: const shared = await pool.share(value), and give tasks that.",
      ]);
    });
  }
  it("warns of texts, objects, parts, and of what tasks send", async () => {
    const { code, stderr } = await outcome(2, "large-others");
    expect(code, stderr).to.equal(0);
    const warnings = stderr.match(/(?<=^tsmpi: pool: the same ).*(?=, 3 times so far)/gm);
    expect(warnings?.map(each => each.replace(/about [\d.]+ MiB/, "about so much"))).to.have.members([
      "string of 5.0 MiB is sent with each task kind",
      "Array of about so much is sent with each task kind",
      "Map of about so much is sent with each task kind",
      "Uint8Array of 3.0 MiB is sent with each task kind",
      "Float64Array of 8.0 MiB is sent with each task length",
    ]);
  });
  it("a killed worker ends the job", async () => {
    const { code, stderr } = await outcome(3, "killed");
    expect(code, stderr).to.equal(137);
    expect(stderr).to.match(/rank [12] was killed by SIGKILL; the job was ended/);
  });
  it("a task that only rank 0 has ends the job with what to do", async () => {
    const { code, stderr } = await outcome(3, "throws");
    expect(code).to.equal(1);
    expect(stderr).to.include("was made after the pool had begun");
    expect(stderr).to.match(/pool-texts\.ts:\d+/);
  });
});
