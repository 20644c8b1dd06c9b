import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { defaultRanks } from "../../bench/harness/tune-options.ts";
import { type Figure, rulesFrom, tableText } from "../../bench/harness/tune-table.ts";
import { checkRules } from "../../src/collectives/rules.ts";
import { launch, packageRoot } from "../launch.ts";
import { folderWith, removeFolders } from "./helpers.ts";

const table = (rules: unknown) => JSON.stringify({ rules });
const ring = [{ algorithm: "ring", minBytes: 48, maxRanks: 3 }];

describe("tables of algorithms", () => {
  let cwd: string;
  before(() => {
    cwd = folderWith({
      // The ring alone adds the ones before the large number, in the block of rank 1.
      "order.ts": `
        import { sum, world } from "tsmpi";
        for (const length of [5, 6]) {
          const all = world.sync.allreduce(new Float64Array(length).fill(world.rank === 0 ? 2 ** 53 : 1), sum);
          if (world.rank === 0) console.log(all.map(x => x - 2 ** 53).join(""));
        }`,
      "ring.json": table({ allreduce: ring }),
      "other.json": table({ allreduce: [{ algorithm: "gather" }] }),
      "broken.json": "{ rules: ",
      "unknown.json": table({ allreduce: [{ algorithm: "rings" }] }),
      "none.json": "null",
    });
  });
  after(removeFolders);

  const outcomes: [args: string[], env: Record<string, string>, rings: string][] = [
    [["-n", "3"], {}, "neither"],
    [["-n", "3", "--tune", "ring.json"], {}, "long"],
    [["-n", "3"], { TSMPI_TUNE: "ring.json" }, "long"],
    [["-n", "3", "--tune", "other.json"], { TSMPI_TUNE: "ring.json" }, "neither"],
    [["-n", "3"], { TSMPI_ALGORITHM: "allreduce=ring" }, "long"],
    [["-n", "3", "--tune", "ring.json"], { TSMPI_ALGORITHM: "allreduce=gather" }, "neither"],
    [["-n", "3", "--env", "TSMPI_ALGORITHM=allreduce=ring"], { TSMPI_ALGORITHM: "" }, "long"],
  ];
  for (const [args, env, rings] of outcomes) {
    it(`decide on all ranks: ${args.join(" ")} ${JSON.stringify(env)}`, async () => {
      const { code, stdout, stderr } = await launch([...args, "order.ts"], { cwd, env });
      expect(code, stderr).to.equal(0);
      const [short, long] = stdout.trim().split("\n");
      expect(short).to.match(/^0+$/);
      expect(long).to.equal(rings === "long" ? "002200" : "000000");
    });
  }

  const mistakes: [args: string[], env: Record<string, string>, message: string][] = [
    [
      ["--tune", "gone.json"],
      {},
      "--tune expects a file that `tsmpi tune` has written, and there is no gone.json",
    ],
    [
      [],
      { TSMPI_TUNE: "gone.json" },
      "TSMPI_TUNE expects a file that `tsmpi tune` has written, and there is no gone.json",
    ],
    [["--tune", "."], {}, "and cannot read ."],
    [["--tune", "broken.json"], {}, "and broken.json is wrong: "],
    [["--tune", "none.json"], {}, "and none.json is wrong: the rules must be an object"],
    [
      ["--tune", "unknown.json"],
      {},
      "and unknown.json is wrong: allreduce has no algorithm rings; it has board,",
    ],
    [
      [],
      { TSMPI_ALGORITHM: "allreduce=rings" },
      "TSMPI_ALGORITHM: allreduce has no algorithm rings; it has board,",
    ],
    [
      ["--env", "TSMPI_ALGORITHM=x"],
      {},
      'TSMPI_ALGORITHM: expected operation=algorithm, several separated by commas; got "x"',
    ],
  ];
  for (const [args, env, message] of mistakes) {
    it(`explain ${args.join(" ")} ${JSON.stringify(env)}`, async () => {
      const { code, stdout, stderr } = await launch([...args, "order.ts"], { cwd, env });
      expect(stderr).to.match(/^tsmpirun: [^\n]*\n$/);
      expect(stderr).to.include(message);
      expect(code).to.equal(2);
      expect(stdout).to.equal("");
    });
  }

  const figure = (
    ranks: number,
    crowded: boolean,
    bytes: number,
    microseconds: Record<string, number>,
  ): Figure => ({
    family: "allreduce",
    ranks,
    crowded,
    bytes,
    microseconds,
  });

  it("are made of the fastest algorithms", () => {
    const figures = [
      figure(2, false, 8, { gather: 1, ring: 2 }),
      figure(2, false, 800, { gather: 10, ring: 9.9 }),
      figure(2, false, 80_000, { gather: 100, ring: 50 }),
      figure(4, true, 8, { gather: 10, "recursive-doubling": 9 }),
      figure(8, true, 8, { gather: 10 }),
      figure(16, true, 8, {}),
    ];
    const rules = rulesFrom(figures);
    expect(rules).to.deep.equal({
      allreduce: [
        { algorithm: "gather", crowded: false, minRanks: 2, maxBytes: 7999 },
        { algorithm: "ring", crowded: false, minRanks: 2, minBytes: 8000 },
        { algorithm: "recursive-doubling", crowded: true, minRanks: 2, maxRanks: 7 },
        { algorithm: "gather", crowded: true, minRanks: 8, maxRanks: 15 },
      ],
    });
    const text = tableText({ date: "today", machine: { cores: 2 } }, rules, figures);
    expect(JSON.parse(text)).to.deep.equal({ date: "today", machine: { cores: 2 }, rules, figures });
    expect(text).to.include(
      '\n      { "algorithm": "gather", "crowded": false, "minRanks": 2, "maxBytes": 7999 },\n',
    );
    expect(rulesFrom([{ ...figures[0], family: "scan" }])).to.have.keys("scan", "exscan");
    expect(defaultRanks(1)).to.deep.equal([2]);
    expect(defaultRanks(8)).to.deep.equal([2, 8, 16]);
  });

  it("are written by tsmpi tune and read by tsmpirun", async () => {
    const out = join(cwd, "tuned.json");
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(packageRoot, "dist", "tsmpi.js"), "tune", "barrier,allreduce"].concat([
        "-n",
        "3",
        "--sizes",
        "8,1KiB",
        "--rounds",
        "1",
        "--out",
        out,
      ]),
      { encoding: "utf8", timeout: 200_000 },
    );
    expect(status, stdout + stderr).to.equal(0);
    expect(stdout).to.match(/^allreduce 1 KiB, 3 ranks .*ring \d/m);
    expect(stdout).not.to.include("failed");
    const written = JSON.parse(readFileSync(out, "utf8")) as Record<string, any>;
    expect(written).to.include.keys("tsmpi", "date", "machine", "rules", "figures");
    expect(checkRules(written.rules)).to.have.keys("barrier", "allreduce");
    expect(Object.keys(written.figures[1].microseconds)).not.to.include("ring");
    const { code } = await launch(["-n", "3", "--tune", out, "order.ts"], { cwd });
    expect(code).to.equal(0);
  });

  it("are not written for a wrong command line", () => {
    for (const [args, message] of [
      [["alreduce"], "tsmpi tune: alreduce is not an operation of tsmpi tune; did you mean allreduce?"],
      [["-n", "1"], "tsmpi tune: -n expects a whole number, at least 2; 1 came"],
      [["--out", "gone/x.json"], "tsmpi tune: --out expects a file in a folder that exists;"],
    ] as const) {
      const result = spawnSync(process.execPath, [join(packageRoot, "dist", "tsmpi.js"), "tune", ...args], {
        encoding: "utf8",
      });
      expect(result.stderr).to.include(message);
      expect(result.status).to.equal(2);
    }
  });
});
