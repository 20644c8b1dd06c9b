/** Ranks that srun has started, in a real Slurm: they find one another by PMI-2, and where there is none by themselves. */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { parseEndpoint } from "../../src/gateway/wire.ts";
import { type Launched, packageRoot, start } from "../launch.ts";
import { newMark, until } from "../launcher/helpers.ts";
import { Cluster } from "./cluster.ts";
import { ProgramFolder } from "./program-folder.ts";

const WHERE = `import { hostname } from "node:os";
import { sum, world } from "tsmpi";
const ranks = await world.host.allgather(world.rank);
const total = await world.allreduce(world.rank, sum);
console.log(world.rank, world.size, hostname(), ranks.join(), total, process.env.SLURM_PROCID);`;

const TOOL = join(packageRoot, "dist", "tsmpi.js");

describe("ranks that srun has started", function () {
  this.timeout(120_000);
  const cluster = new Cluster();
  const programs = new ProgramFolder();

  before(function () {
    cluster.up(this, 3, true);
  });

  after(() => {
    cluster.down();
    programs.remove();
  });

  async function srun(options: string[], script: string): Promise<Launched> {
    const mark = newMark();
    writeFileSync(join(programs.path, "main.ts"), script);
    const launched = await cluster.launch(["rank", "--timeout", "60", "main.ts"], {
      cwd: programs.path,
      env: mark.env,
      before: ["srun", "-Q", ...options],
      tool: TOOL,
    });
    const gone = await until(() => cluster.survivors(mark.text).length === 0);
    expect(gone, "nothing is left").to.equal(true);
    return launched;
  }

  for (const mpi of ["pmi2", "none"]) {
    it(`should find one another with --mpi=${mpi}, wherever they are`, async () => {
      for (const [options, expected] of [
        [
          ["-N2", "-n4"],
          ["0 4 h1 0,1,2 6 0", "1 4 h1 0,1,2 6 1", "2 4 h1 0,1,2 6 2", "3 4 h2 3 6 3"],
        ],
        [
          ["-N3", "-n4", "--distribution=cyclic"],
          ["0 4 h1 0,3 6 0", "1 4 h2 1 6 1", "2 4 h3 2 6 2", "3 4 h1 0,3 6 3"],
        ],
        [["-N1", "-n1"], ["0 1 h1 0 0 0"]],
      ]) {
        const { code, stdout, stderr } = await srun([`--mpi=${mpi}`, ...options], WHERE);
        expect(stderr).to.equal("");
        expect(code).to.equal(0);
        expect(stdout.trimEnd().split("\n").sort()).to.deep.equal(expected);
      }
    });
  }

  const [FIRST, SECOND] = ["10.77.0.2", "10.88.0.2"];
  for (const [mpi, options, doors, atFirst, during] of [
    // Task 0's door for the others.
    ["pmi2", ["--iface", "10.77.0.0/16"], 1, [FIRST], [FIRST]],
    // And two where they leave their cards.
    ["none", ["--iface", "10.77.0.0/16"], 3, [FIRST], [FIRST]],
    // To the first of which they come by the name of its node.
    ["none", ["--iface", "10.88.0.0/16"], 4, [FIRST, SECOND], [SECOND]],
    ["none", [], 6, [FIRST, SECOND], [FIRST, SECOND]],
  ] as const) {
    it(`should listen where and while it must (--mpi=${[mpi, ...options].join(" ")})`, async () => {
      const second = (change: "add" | "del"): void => {
        for (const [host, address] of [
          ["h1", SECOND],
          ["h2", "10.88.0.3"],
        ])
          cluster.on(host, "ip", "addr", change, `${address}/24`, "dev", "eth0");
      };
      const [go, stop] = ["go", "stop"].map(name => join(programs.path, name));
      writeFileSync(
        join(programs.path, "main.ts"),
        `import { existsSync } from "node:fs";
import { world } from "tsmpi";
await world.barrier();
console.log("up");
while (!existsSync("stop")) await new Promise(resolve => setTimeout(resolve, 50));
await world.barrier();`,
      );
      const mark = newMark();
      second("add");
      const wait = 'until [ $(hostname) = h1 ] || [ -e go ]; do sleep 0.1; done; exec "$@"';
      const running = cluster.start(["rank", ...options, "--timeout", "100", "main.ts"], {
        cwd: programs.path,
        env: mark.env,
        before: ["srun", "-Q", `--mpi=${mpi}`, "-N2", "-n2", "sh", "-c", wait, "sh"],
        tool: TOOL,
      });
      const hostsOf = (endpoints: readonly string[]): string[] =>
        [...new Set(endpoints.map(endpoint => parseEndpoint(endpoint).host))].sort();
      // The other task has not come yet.
      expect(await until(() => cluster.listening("h1").length >= doors, 40_000)).to.equal(true);
      const opened = cluster.listening("h1");
      writeFileSync(go, "");
      await running.printed("up\nup\n");
      const left = cluster.listening("h1");
      writeFileSync(stop, "");
      const { code, stderr } = await running.done;
      second("del");
      for (const file of [go, stop]) rmSync(file);
      expect(stderr).to.equal("");
      expect(code).to.equal(0);
      expect(opened).to.have.length(doors);
      expect(hostsOf(opened)).to.deep.equal(atFirst);
      // The gateway's.
      expect(left).to.have.length(during.length);
      expect(hostsOf(left)).to.deep.equal(during);
    });
  }

  it("should end with the code of the rank that fails", async () => {
    const script =
      'import { world } from "tsmpi";\nif (world.rank === 3) process.exit(9);\nawait world.recv(3);';
    const { code, stderr } = await srun(["--mpi=pmi2", "-N2", "-n4"], script);
    expect(code).to.equal(9);
    expect(stderr).to.match(/rank 3 exited with code 9; the job was ended/);
  });

  it("should say once what task 0 cannot run", async () => {
    writeFileSync(join(programs.path, "main.ts"), "");
    const { code, stderr } = await cluster.launch(["rank", "-n", "2", "main.ts"], {
      cwd: programs.path,
      before: ["srun", "-Q", "--mpi=pmi2", "-N2", "-n2"],
      tool: TOOL,
    });
    expect(code).to.equal(2);
    expect(stderr).to.match(/^tsmpi rank: tsmpi rank runs one script on as many ranks as srun has tasks/m);
    expect(stderr).to.match(/^tsmpi daemon: task 0 has ended, or cannot begin$/m);
  });

  it("should end on the other hosts when that of task 0 vanishes", async () => {
    const mark = newMark();
    writeFileSync(
      join(programs.path, "main.ts"),
      `import { world } from "tsmpi";
await world.barrier();
console.log("up");
await world.recv((world.rank + 1) % world.size);`,
    );
    const running = cluster.start(["rank", "--link-timeout", "2", "main.ts"], {
      cwd: programs.path,
      env: mark.env,
      before: ["srun", "-Q", "--mpi=none", "-N2", "-n4", "--ntasks-per-node=2"],
      tool: TOOL,
    });
    await running.printed("up\nup\nup\nup\n");
    const where = cluster.on("h2", "readlink", "/proc/self/ns/uts").trim();
    const left = (): number[] =>
      cluster.find((_command, environment) => environment.includes(`TSMPI_TEST_MARK=${mark.text}`));
    const onHost2 = (): number[] => left().filter(pid => cluster.namespaceOf(pid) === where);
    // Two tasks, a gateway and two ranks at least.
    expect(onHost2().length).to.be.at.least(5);
    cluster.control("crash", "h1");
    // The daemon ends after 2 s. The other task's system gives up after 2 s and ten questions.
    expect(await until(() => onHost2().length === 0, 40_000)).to.equal(true);
    for (const pid of left()) {
      try {
        process.kill(pid, "SIGKILL");
      } catch (error) {
        // It has ended with one that was killed before.
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
      }
    }
    await running.done;
    cluster.control("reboot", "h1");
  });

  it("should refuse what srun is to say", async () => {
    const { code, stderr } = await start([], { command: [process.execPath, TOOL, "rank", "main.ts"] }).done;
    expect(code).to.equal(2);
    expect(stderr).to.match(/^tsmpi rank: tsmpi rank is for tasks that srun has started/);
  });
});
