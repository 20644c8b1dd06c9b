/** Collectives of ranks on several hosts, which are daemons on this machine: real gateways between them, no privilege. */
import { join } from "node:path";
import { expect } from "chai";
import { type Launched, launch, packageRoot } from "../launch.ts";

const PROGRAM = join(packageRoot, "test", "hosts", "programs", "two-level.ts");

function run(hosts: string, options: readonly string[], ...args: string[]): Promise<Launched> {
  const all = [
    "--hosts",
    hosts,
    "--agent",
    "env NAME={host}",
    "--timeout",
    "200",
    ...options,
    PROGRAM,
    ...args,
  ];
  return launch(all, { timeout: 220_000 });
}

describe("collectives on several hosts", function () {
  this.timeout(230_000);

  for (const [what, hosts, ranks, options] of [
    ["two hosts of four ranks", "a:4,b:4", 8, []],
    ["four hosts of two ranks", "a:2,b:2,c:2,d:2", 8, []],
    ["three uneven hosts", "a:3,b:1,c:2", 6, []],
    ["ranks dealt out in turn", "a:3,b:2", 5, ["--map-by", "node"]],
    ["hosts of one rank each", "a:1,b:1,c:1", 3, []],
  ] as [string, string, number, string[]][]) {
    it(`should be right on ${what}`, async () => {
      const { code, stdout, stderr } = await run(hosts, options);
      expect(stderr).to.equal("");
      expect(code).to.equal(0);
      const expected = Array.from({ length: ranks }, (_, rank) => `rank ${rank} ok`);
      expect(stdout.trimEnd().split("\n").sort()).to.deep.equal(expected);
    });
  }

  it("should find out when ranks of two hosts call different ones", async () => {
    const { code, stderr } = await run("a:2,b:2", [], "mismatch");
    expect(code).to.not.equal(0);
    expect(stderr).to.match(
      /CollectiveMismatchError: rank \d .*allreduce by (sum|max), collective \d+ on world/,
    );
  });
});
