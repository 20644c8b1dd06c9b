import { expect } from "chai";
import { launch } from "../launch.ts";
import { folderWith, removeFolders } from "./helpers.ts";

const PROGRAM = `import { sum, world } from "tsmpi";
const { rank } = world;
if (rank === 0) {
  // A number of 8 bytes, an array that fits in a frame, one that takes many or is copied, and one nobody reads as it comes.
  world.sync.send(1.5, 1);
  await world.send(new Float64Array(10), 1);
  await world.send(new Float64Array(1_000_000), 1);
  await world.send(new Uint8Array(300_000), 1, { synchronous: true });
} else if (rank === 1) {
  for (let i = 0; i < 4; i++) await world.recv(0);
}
await world.allreduce(rank, sum);
await world.barrier();
// The others wait for this rank at least as long as it computes.
if (rank === 0) for (const end = performance.now() + 300; performance.now() < end; );
await world.barrier();
if (process.argv[2] === "die" && rank === 2) process.kill(process.pid, "SIGKILL");
if (process.argv[2] === "die") await world.recv(2);
`;

/** The rows of the table, and what else stands on stderr. */
function read(stderr: string): { rows: string[][]; rest: string[] } {
  const lines = stderr.trimEnd().split("\n");
  const first = lines.findIndex(line => /^tsmpirun: +rank +sent/.test(line));
  const cells = lines.slice(first).map(line => line.replace("tsmpirun:", "").trim().split(/ {2,}/));
  return { rows: cells, rest: lines.slice(0, Math.max(first, 0)) };
}

describe("tsmpirun --stats", () => {
  after(removeFolders);

  it("should count what each rank has sent, received and waited", async () => {
    const cwd = folderWith({ "main.ts": PROGRAM });
    const { code, stderr } = await launch(["-n", "3", "--stats", "main.ts"], { cwd });
    expect(code, stderr).to.equal(0);
    const { rows, rest } = read(stderr);
    expect(rest).to.eql([]);
    expect(rows[0]).to.eql([
      "rank",
      "sent",
      "bytes",
      "received",
      "bytes",
      "collectives",
      "waited",
      "peak memory",
    ]);
    // 8 + 80 + 8,000,000 + 300,000 bytes.
    expect(rows.slice(1).map(row => row.slice(0, 6))).to.eql([
      ["0", "4", "7.9 MiB", "0", "0 B", "3"],
      ["1", "0", "0 B", "4", "7.9 MiB", "3"],
      ["2", "0", "0 B", "0", "0 B", "3"],
    ]);
    for (const row of rows.slice(2)) expect(Number.parseFloat(row[6]), row.join()).to.be.greaterThan(0.25);
    for (const row of rows.slice(1)) expect(row[7]).to.match(/^\d+\.\d MiB$/);
  });

  it("should tell of a failed job, too, but not of a rank that was killed", async () => {
    const cwd = folderWith({ "main.ts": PROGRAM });
    const { code, stderr } = await launch(["-n", "3", "--stats", "main.ts", "die"], { cwd });
    expect(code).to.equal(137);
    const { rows, rest } = read(stderr);
    expect(rest[0]).to.include("rank 2 was killed by SIGKILL");
    expect(rows[3]).to.eql(["2", "-", "-", "-", "-", "-", "-", "-"]);
    expect(rows[1].slice(0, 3)).to.eql(["0", "4", "7.9 MiB"]);
  });

  it("should ask other hosts", async () => {
    const cwd = folderWith({ "main.ts": PROGRAM });
    const hosts = ["--hosts", "a:1,b:2", "--agent", "env NAME={host}"];
    const { code, stderr } = await launch([...hosts, "--stats", "main.ts"], { cwd });
    expect(code, stderr).to.equal(0);
    const { rows } = read(stderr);
    const [, first, second] = rows;
    // And messages of the collectives, which go from host to host.
    expect(Number(first[1]), first.join()).to.be.greaterThan(4);
    expect(Number(second[3]), second.join()).to.be.greaterThan(4);
    expect(first[5]).to.equal("3");
  });

  it("should count messages of collectives where those go by messages", async () => {
    const cwd = folderWith({
      "main.ts": `import { world } from "tsmpi";\nawait world.gather({ rank: world.rank });\n`,
    });
    const { stderr } = await launch(["-n", "3", "--stats", "main.ts"], { cwd });
    const { rows } = read(stderr);
    const sent = rows.slice(1).map(row => Number(row[1]));
    const received = rows.slice(1).map(row => Number(row[3]));
    expect(sent.reduce((a, b) => a + b)).to.equal(2);
    expect(received.reduce((a, b) => a + b)).to.equal(2);
  });
});
