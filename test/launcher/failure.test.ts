import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { launch, start } from "../launch.ts";
import { folderWith, newMark, removeFolders, STAY, survivors, until } from "./helpers.ts";

const ON = (rank: number, what: string): string => `if (process.env.TSMPI_RANK === "${rank}") { ${what} }\n`;

describe("a rank that fails", () => {
  after(removeFolders);

  async function run(ranks: number, script: string, ...args: string[]) {
    const cwd = folderWith({ "main.ts": script });
    const mark = newMark();
    const begun = Date.now();
    const result = await launch([...args, "-n", String(ranks), "main.ts"], { cwd, env: mark.env });
    expect(await until(() => survivors(mark.text).length === 0), "nothing is left").to.equal(true);
    return { ...result, cwd, milliseconds: Date.now() - begun };
  }

  it("should end the job with its code, its stack printed once", async () => {
    const { code, stderr } = await run(
      4,
      `${STAY}${ON(2, "setTimeout(() => { throw new Error('broken'); }, 300)")}`,
    );
    expect(code).to.equal(1);
    expect(stderr.match(/Error: broken/g)).to.have.length(1);
    expect(stderr).to.include("main.ts:2");
    expect(stderr).to.match(/\ntsmpirun: rank 2 exited with code 1; the job was ended\n$/);
  });

  it("should end the job when it rejects without a handler", async () => {
    const { code, stderr } = await run(
      3,
      `${STAY}${ON(0, "void Promise.reject(new TypeError('nobody caught me'))")}`,
    );
    expect(code).to.equal(1);
    expect(stderr.match(/TypeError: nobody caught me/g)).to.have.length(1);
    expect(stderr).to.include("rank 0 exited with code 1");
  });

  it("should end the job with the code that it exits with", async () => {
    const { code, stderr } = await run(3, `${STAY}${ON(1, "setTimeout(() => process.exit(42), 200)")}`);
    expect(code).to.equal(42);
    expect(stderr).to.equal("tsmpirun: rank 1 exited with code 42; the job was ended\n");
  });

  for (const [signal, expected] of [
    ["SIGKILL", 137],
    ["SIGSEGV", 139],
    ["SIGTERM", 143],
  ] as const) {
    it(`should end the job when it is killed by ${signal}`, async () => {
      const { code, stderr } = await run(3, `${STAY}${ON(2, `process.kill(process.pid, "${signal}")`)}`);
      expect(code).to.equal(expected);
      expect(stderr).to.equal(`tsmpirun: rank 2 was killed by ${signal}; the job was ended\n`);
    });
  }

  it("should show the same mistake of all ranks once", async () => {
    const { code, stderr } = await run(
      4,
      `${ON(9, "")}await new Promise(r => setTimeout(r, 300));\nthrow new Error("on all");\n`,
    );
    expect(code).to.equal(1);
    expect(stderr.match(/Error: on all/g)).to.have.length(1);
    expect(stderr).to.match(/tsmpirun: rank \d exited with code 1; the job was ended\n/);
    expect(stderr).to.match(/tsmpirun: ranks? [-\d, ]+ failed with the same error\n/);
  });

  it("should say what the others were waiting for", async () => {
    const { code, stderr } = await run(
      4,
      `import { world } from "tsmpi";
if (world.rank === 3) setTimeout(() => process.exit(5), 500);
else if (world.rank === 1) await world.recv(3, { tag: 7 });
else await world.barrier();
setInterval(() => {}, 1000);`,
    );
    expect(code).to.equal(5);
    expect(stderr).to.match(/^tsmpirun: rank 3 exited with code 5; the job was ended$/m);
    expect(stderr).to.match(/^tsmpirun: rank 1 was waiting in recv from rank 3, tag 7/m);
    expect(stderr).to.match(/^tsmpirun: ranks 0, 2 were waiting in barrier/m);
  });

  it("should give the others a moment to clean up, and no more", async () => {
    const polite = `process.on("SIGTERM", () => { require("node:fs").writeFileSync("clean-" + process.env.TSMPI_RANK, ""); process.exit(0); });`;
    const stubborn = `process.on("SIGTERM", () => {});`;
    const cwd = folderWith({
      "main.cjs": `${ON(0, polite)}${ON(1, stubborn)}setInterval(() => {}, 1000);
${ON(2, "setTimeout(() => process.exit(3), 600)")}`,
    });
    const begun = Date.now();
    const { code } = await launch(["-n", "3", "main.cjs"], { cwd });
    expect(code).to.equal(3);
    expect(existsSync(join(cwd, "clean-0"))).to.equal(true);
    expect(Date.now() - begun).to.be.within(1700, 6000);
  });

  it("should take along what a rank has started, at a failure and at a normal end", async () => {
    const child = `require("node:child_process").spawn("sleep", ["1000"], { stdio: "inherit" }).unref();`;
    for (const end of ["process.exit(1)", "process.exit(0)"]) {
      const cwd = folderWith({ "main.cjs": `${child} setTimeout(() => ${end}, 300);` });
      const mark = newMark();
      const { code } = await launch(["-n", "2", "main.cjs"], { cwd, env: mark.env, timeout: 100_000 });
      expect(code).to.equal(Number(/\d/.exec(end)![0]));
      expect(await until(() => survivors(mark.text).length === 0)).to.equal(true);
    }
  });

  it("should not end a job whose other ranks end normally", async () => {
    const { code, stderr, stdout } = await run(
      3,
      `${ON(1, "process.exit(0)")}setTimeout(() => console.log("x"), 300);`,
    );
    expect(code).to.equal(0);
    expect(stderr).to.equal("");
    expect(stdout).to.equal("x\nx\n");
  });

  it("should be reported when node does not know its options", async () => {
    const { code, stderr } = await run(2, "", "--node-options", "--no-such-option");
    expect(code).to.equal(9);
    expect(stderr).to.include("--no-such-option");
    expect(stderr).to.match(/rank \d exited with code 9/);
  });

  it("should end the job at --timeout with what each rank was doing", async () => {
    const { code, stderr, milliseconds } = await run(
      3,
      `import { world } from "tsmpi";
if (world.rank > 0) await world.recv(0, { tag: world.rank });
setInterval(() => {}, 1000);`,
      "--timeout",
      "1.5",
    );
    expect(code).to.equal(124);
    expect(milliseconds).to.be.within(1500, 8000);
    expect(stderr).to.include("tsmpirun: the job was ended because it took longer than 1.5 s (--timeout)\n");
    expect(stderr).to.match(/^tsmpirun: rank 1 was waiting in recv from rank 0, tag 1/m);
    expect(stderr).to.match(/^tsmpirun: rank 0 was not waiting for another rank$/m);
  });

  it("should leave a job alone that ends before --timeout", async () => {
    const { code } = await run(2, "", "--timeout", "30");
    expect(code).to.equal(0);
  });

  it("should leave nothing when it is killed from outside", async () => {
    const cwd = folderWith({ "main.ts": STAY });
    const mark = newMark();
    const running = start(["-v", "-n", "3", "main.ts"], { cwd, env: mark.env });
    await running.printed("up\nup\nup\n");
    const [launcher, ...ranks] = survivors(mark.text).sort((a, b) => a - b);
    expect(launcher).to.be.a("number");
    process.kill(ranks[1], "SIGKILL");
    const { code, stderr } = await running.done;
    expect(code).to.equal(137);
    expect(stderr).to.match(/rank \d was killed by SIGKILL; the job was ended/);
    expect(await until(() => survivors(mark.text).length === 0)).to.equal(true);
  });
});
