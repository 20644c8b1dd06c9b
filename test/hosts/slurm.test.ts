/** Jobs inside allocations of a real Slurm. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { packageRoot, tsmpirun } from "../launch.ts";
import { newMark, sleep, until } from "../launcher/helpers.ts";
import { Cluster } from "./cluster.ts";
import { ProgramFolder } from "./program-folder.ts";

describe("hosts of a Slurm allocation", function () {
  this.timeout(120_000);
  const cluster = new Cluster();
  const programs = new ProgramFolder();
  const cwd = programs.path;

  before(function () {
    cluster.up(this, 3, true);
  });

  after(() => {
    cluster.down();
    programs.remove();
  });

  const WHERE = `import { hostname } from "node:os";
import { world } from "tsmpi";
const ranks = await world.host.allgather(world.rank);
console.log(world.rank, world.size, hostname(), ranks.join());`;

  async function run(allocation: string[], args: string[], script: string, input?: Buffer) {
    const mark = newMark();
    writeFileSync(join(cwd, "main.ts"), script);
    const before = ["salloc", "-Q", ...allocation];
    const launched = await cluster.launch([...args, "main.ts"], { cwd, env: mark.env, before, input });
    expect(await until(() => cluster.survivors(mark.text).length === 0), "nothing is left").to.equal(true);
    return { ...launched, lines: launched.stdout.trimEnd().split("\n").sort() };
  }

  /** Runs a batch script to its end and returns what it has printed. `sbatch --wait` would ask for it every 10 s. */
  async function batch(options: string[], script: string): Promise<string> {
    writeFileSync(join(cwd, "job.sh"), `#!/bin/sh\ncd ${cwd}\n${script}\n`);
    const output = join(cwd, "batch.out");
    const job = cluster
      .on("h0", "sbatch", "--parsable", ...options, "-o", output, join(cwd, "job.sh"))
      .trim();
    const isOver = (): boolean => cluster.on("h0", "squeue", "-h", "-j", job) === "";
    expect(await until(isOver, 60_000), "the job ends").to.equal(true);
    return cluster.on("h0", "cat", output);
  }

  it("should run as many ranks as there are tasks, on their nodes, without a list", async () => {
    const { code, lines, stderr } = await run(["-N2", "-n5"], [], WHERE);
    expect(stderr).to.equal("");
    expect(code).to.equal(0);
    // Nodes have four cores each.
    const first = [0, 1, 2, 3].map(rank => `${rank} 5 h1 0,1,2,3`);
    expect(lines).to.deep.equal([...first, "4 5 h2 4"]);
  });

  it("should deal ranks out in turn, and run as many as asked for", async () => {
    const { code, lines } = await run(["-N3", "-n3"], ["-n", "6", "--map-by", "node"], WHERE);
    expect(code).to.equal(0);
    const expected = ["0 6 h1 0,3", "1 6 h2 1,4", "2 6 h3 2,5", "3 6 h1 0,3", "4 6 h2 1,4", "5 6 h3 2,5"];
    expect(lines).to.deep.equal(expected);
  });

  it("should take some of the nodes when they are listed", async () => {
    const { code, lines } = await run(["-N3", "-n3"], ["--hosts", "h2:2"], WHERE);
    expect(code).to.equal(0);
    expect(lines).to.deep.equal(["0 2 h2 0,1", "1 2 h2 0,1"]);
  });

  it("should say that a listed node is not in the allocation", async () => {
    const { code, stderr } = await run(["-N1", "-n1"], ["--launcher", "slurm", "--hosts", "h3"], WHERE);
    expect(code).to.equal(2);
    expect(stderr).to.match(
      /^tsmpirun: h3: srun ended with code 1: .*; the host must belong to the allocation$/m,
    );
  });

  it("should start further nodes from the first ones", async () => {
    const mark = newMark();
    writeFileSync(join(cwd, "main.ts"), WHERE);
    const env = { ...mark.env, TSMPI_FAN_OUT: "1" };
    const before = ["salloc", "-Q", "-N3", "-n3"];
    const { code, stdout, stderr } = await cluster.launch(["main.ts"], { cwd, env, before });
    expect(stderr).to.equal("");
    expect(code).to.equal(0);
    expect(stdout.trimEnd().split("\n").sort()).to.deep.equal(["0 3 h1 0", "1 3 h2 1", "2 3 h3 2"]);
  });

  it("should pass on all that ranks print and read", async () => {
    const input = Buffer.from(Array.from({ length: 500_000 }, (_, i) => (i * 7919) & 255));
    const { code, stdout } = await run(
      ["-N2", "-n2"],
      ["--stdin", "all"],
      `const parts: Buffer[] = [];
for await (const part of process.stdin) parts.push(part);
process.stdout.write(Buffer.concat(parts).toString("base64") + "\\n" + "x".repeat(2_000_000) + "\\n");`,
      input,
    );
    expect(code).to.equal(0);
    const lines = stdout.trimEnd().split("\n");
    expect(lines.filter(line => line === input.toString("base64"))).to.have.length(2);
    expect(lines.filter(line => line === "x".repeat(2_000_000))).to.have.length(2);
  });

  it("should take the code of the rank that fails", async () => {
    const { code, stderr } = await run(
      ["-N2", "-n2"],
      [],
      "if (process.env.TSMPI_RANK === '1') setTimeout(() => process.exit(9), 300);\nsetInterval(() => {}, 1000);",
    );
    expect(code).to.equal(9);
    expect(stderr).to.match(/^tsmpirun: rank 1 exited with code 9; the job was ended$/m);
  });

  it("should run in the shell that salloc starts on the first node", async () => {
    writeFileSync(join(cwd, "main.ts"), WHERE);
    // Without a command, and without a terminal. salloc takes the shell from the environment, where a service has none.
    const command = `${process.execPath} ${tsmpirun} main.ts`;
    const words = `cd ${cwd}; echo ${command} | SHELL=/bin/sh salloc -Q -N2 -n5 2>/dev/null`;
    const lines = cluster.on("h0", "sh", "-c", words).trimEnd().split("\n").sort();
    const first = [0, 1, 2, 3].map(rank => `${rank} 5 h1 0,1,2,3`);
    expect(lines).to.deep.equal([...first, "4 5 h2 4"]);
  });

  it("should run a batch script", async () => {
    writeFileSync(join(cwd, "main.ts"), WHERE);
    const options = ["-N2", "-n3", "--ntasks-per-node=2"];
    const output = await batch(options, `exec ${process.execPath} ${tsmpirun} main.ts`);
    expect(output.trimEnd().split("\n").sort()).to.deep.equal(["0 3 h1 0,1", "1 3 h1 0,1", "2 3 h2 2"]);
  });

  it("should need no daemon where the batch script runs on the only node", async () => {
    writeFileSync(join(cwd, "main.ts"), WHERE);
    const output = await batch(["-N1", "-n3"], `exec ${process.execPath} ${tsmpirun} --dry-run main.ts`);
    expect(output).to.include("3 ranks on this host");
  });

  for (const [what, end] of [
    ["tsmpirun is killed", (mark: string): void => void process.kill(cluster.tsmpirun(mark), "SIGKILL")],
    ["the allocation is cancelled", (): void => void cluster.on("h0", "scancel", "--name=tsmpi-test")],
  ] as const) {
    it(`should have nothing left when ${what}`, async () => {
      const mark = newMark();
      writeFileSync(join(cwd, "main.ts"), "console.log('up'); setInterval(() => {}, 1000);");
      const before = ["salloc", "-Q", "-N2", "-n4", "--job-name=tsmpi-test"];
      const running = cluster.start(["main.ts"], { cwd, env: mark.env, before });
      await running.printed("up\nup\nup\nup\n");
      await sleep(100);
      end(mark.text);
      expect(await until(() => cluster.survivors(mark.text).length === 0)).to.equal(true);
      await running.done;
    });
  }

  it("should be examined by tsmpi doctor", async () => {
    const tool = join(packageRoot, "dist", "tsmpi.js");
    const out = cluster.on("h0", "salloc", "-Q", "-N2", "-n2", process.execPath, tool, "doctor");
    // Whichever: one may still be busy with what the test before has left.
    expect(out.match(/^h[123]: Node .*shared memory/gm), out).to.have.length(2);
    expect(out).to.match(/^a job can run$/m);
  });
});
