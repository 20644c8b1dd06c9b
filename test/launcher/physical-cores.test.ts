import { spawnSync } from "node:child_process";
import { expect } from "chai";
import { cpusToUse, onePerPhysicalCore, physicalCores, usableCores } from "../../launcher/cores.ts";
import { type Launched, launch, tsmpirun } from "../launch.ts";
import { needs } from "../needs.ts";
import { folderWith, removeFolders } from "./helpers.ts";

/** A folder of the kernel's in which each text lists the hardware threads of a core, by number of the thread. */
function topology(siblings: readonly string[], name = "core_cpus_list"): string {
  const files = siblings.map((list, cpu) => [`cpu${cpu}/topology/${name}`, `${list}\n`]);
  return folderWith(Object.fromEntries(files));
}

describe("physical cores", () => {
  after(removeFolders);

  it("should be told by the hardware threads that share one", () => {
    const near = topology(["0-1", "0-1", "2-3", "2-3"]);
    expect(onePerPhysicalCore([0, 1, 2, 3], near)).to.deep.equal([0, 2]);
    const far = topology(["0,4", "1,5", "2,6", "3,7", "0,4", "1,5", "2,6", "3,7"]);
    expect(onePerPhysicalCore([0, 1, 2, 3, 4, 5, 6, 7], far)).to.deep.equal([0, 1, 2, 3]);
    const single = topology(["0", "1"], "thread_siblings_list");
    expect(onePerPhysicalCore([0, 1], single)).to.deep.equal([0, 1]);
  });

  it("should be those that this process may use", () => {
    const far = topology(["0,4", "1,5", "2,6", "3,7", "0,4", "1,5", "2,6", "3,7"]);
    expect(onePerPhysicalCore([1, 4, 5], far)).to.deep.equal([1, 4]);
    expect(onePerPhysicalCore([7], far)).to.deep.equal([7]);
  });

  it("should not be guessed", () => {
    const some = topology(["0-1", "0-1"]);
    expect(onePerPhysicalCore([0, 1, 2], some)).to.equal(undefined);
    expect(onePerPhysicalCore([0], "/nowhere")).to.equal(undefined);
  });

  it("should be found on this machine", function () {
    needs(this, onePerPhysicalCore([0]) !== undefined, "a kernel that tells of physical cores", false);
    expect(cpusToUse(false)).to.include.members(cpusToUse(true));
    expect(usableCores(true)).to.be.within(1, usableCores());
    expect(physicalCores()).to.equal(process.env.TSMPI_CORES === undefined ? usableCores(true) : undefined);
  });

  describe("where two hardware threads share one", () => {
    const cpus = cpusToUse(false);
    const env = { TSMPI_CORES: undefined, OMP_NUM_THREADS: undefined };
    let inside: string[];
    let cwd: string;

    /** Runs the launcher where the kernel seems to say so: pairs of what this process may use. */
    const run = (...args: string[]): Promise<Launched> =>
      launch([], { cwd, command: [...inside, process.execPath, tsmpirun, ...args], env });

    before(function () {
      const pairs: Record<string, string> = {};
      for (const [index, cpu] of cpus.entries())
        pairs[`cpu${cpu}/topology/core_cpus_list`] = `pair ${index >> 1}\n`;
      const kernel = folderWith(pairs);
      const mount = `mount --bind ${kernel} /sys/devices/system/cpu && exec "$@"`;
      inside = ["unshare", "-r", "-m", "sh", "-c", mount, "sh"];
      const mounts = spawnSync(inside[0], [...inside.slice(1), "true"]).status === 0;
      needs(this, mounts && cpus.length > 1, "a namespace with mounts of its own, and a second core", false);
      cwd = folderWith({
        "a.ts": `import { readFileSync } from "node:fs";
const { TSMPI_RANK: rank, OMP_NUM_THREADS: threads } = process.env;
const [, bound] = /^Cpus_allowed_list:\\s*(\\S+)/m.exec(readFileSync("/proc/self/status", "utf8"))!;
console.log(rank, threads, bound);`,
      });
    });

    it("should be said by --dry-run and by tsmpi doctor", async () => {
      const all = usableCores();
      const physical = Math.min(Math.ceil(cpus.length / 2), all);
      const { stdout } = await run("--dry-run", "a.ts");
      expect(stdout).to.match(
        new RegExp(`^${all} ranks? on this host, ${all} cores? \\(${physical} physical\\) to use\\n`),
      );
      const { stdout: counted } = await run("--dry-run", "--physical-cores", "a.ts");
      expect(counted).to.match(
        new RegExp(
          `^${physical} ranks? on this host, ${physical} cores? to use, counting physical ones only \\(${all} with all hardware threads\\)\\n`,
        ),
      );
      const tool = tsmpirun.replace("tsmpirun.cjs", "tsmpi.js");
      const command = [...inside, process.execPath, tool, "doctor"];
      const { stdout: examined } = await launch([], { command, env });
      expect(examined).to.match(new RegExp(`, ${all} cores? \\(${physical} physical\\), `));
    });

    it("should count with --physical-cores: ranks, threads and bindings", async () => {
      const firsts = cpus.filter((_, index) => index % 2 === 0);
      const ranks = Math.min(firsts.length, usableCores());
      const { stdout, stderr } = await run("--physical-cores", "--bind-to", "core", "a.ts");
      expect(stdout.trim().split("\n").sort(), stderr).to.deep.equal(
        Array.from({ length: ranks }, (_, rank) => `${rank} 1 ${firsts[rank]}`).sort(),
      );
      const plan = (await run("--physical-cores", "--bind-to", "core", "--dry-run", "a.ts")).stdout;
      expect(plan).to.match(new RegExp(`^rank 0: .*, core ${firsts[0]}\\)$`, "m"));
      const threads = async (...options: string[]): Promise<string> =>
        (await run(...options, "-n", "1", "a.ts")).stdout.split(" ")[1];
      expect(await threads()).to.equal(String(usableCores()));
      expect(await threads("--physical-cores")).to.equal(String(ranks));
    });

    it("should be counted by each host for itself", async () => {
      // The last word is $0 of the shell.
      const agent = `${inside.slice(0, -2).join(" ")} '${inside.at(-2)}' {host}`;
      const args = ["--hosts", "a", "--agent", agent, "--physical-cores", "--bind-to", "core", "a.ts"];
      const { stdout, stderr } = await launch(args, { cwd, env });
      const physical = Math.min(Math.ceil(cpus.length / 2), usableCores());
      expect(stdout, stderr).to.equal(`0 ${physical} ${cpus[0]}\n`);
    });

    it("should be refused where the kernel does not tell", async () => {
      const empty = folderWith({});
      const mount = `mount --bind ${empty} /sys/devices/system/cpu && exec "$@"`;
      const command = [...inside.with(-2, mount), process.execPath, tsmpirun, "--physical-cores", "a.ts"];
      const { code, stderr } = await launch([], { cwd, command, env });
      expect(stderr).to.equal(
        "tsmpirun: --physical-cores expects to know which hardware threads share a core, and the kernel does not tell in /sys/devices/system/cpu\n",
      );
      expect(code).to.equal(2);
    });
  });
});
