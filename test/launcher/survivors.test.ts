import { execFileSync, spawn } from "node:child_process";
import { expect } from "chai";
import { start, tsmpirun } from "../launch.ts";
import { folderWith, guardsOf, newMark, removeFolders, STAY, sleep, survivors, until } from "./helpers.ts";

const WITH_CHILD = `require("node:child_process").spawn("sleep", ["1000"], { stdio: "ignore" });\n${STAY}`;

describe("SIGKILL", () => {
  after(removeFolders);

  async function nothingLeft(mark: string, groups: number[]): Promise<void> {
    const gone = await until(() => survivors(mark).length === 0 && guardsOf(groups).length === 0);
    expect(gone, `left: ${survivors(mark).join()}, guards: ${guardsOf(groups).join()}`).to.equal(true);
  }

  for (const [what, script] of [
    ["its ranks", STAY],
    ["what its ranks have started", WITH_CHILD],
    ["ranks that are stopped", `${STAY}setTimeout(() => process.kill(process.pid, "SIGSTOP"), 50);\n`],
    ["ranks that compute", `console.log("up"); while (true);\n`],
  ]) {
    it(`on tsmpirun should end ${what} too`, async () => {
      const cwd = folderWith({ "main.cjs": script });
      const mark = newMark();
      const running = start(["-n", "3", "main.cjs"], { cwd, env: mark.env });
      await running.printed("up\nup\nup\n");
      await sleep(150);
      const groups = survivors(mark.text);
      expect(guardsOf(groups)).to.have.length(1);
      running.child.kill("SIGKILL");
      await nothingLeft(mark.text, groups);
    });
  }

  for (const wait of [0, 60, 100, 130, 160, 200, 250]) {
    it(`on tsmpirun ${wait} ms after its start should leave nothing`, async () => {
      const cwd = folderWith({ "main.cjs": STAY });
      const mark = newMark();
      const running = start(["-n", "3", "main.cjs"], { cwd, env: mark.env });
      await sleep(wait);
      const groups = survivors(mark.text);
      running.child.kill("SIGKILL");
      await nothingLeft(mark.text, groups);
    });
  }

  it("on the whole session of tsmpirun should leave nothing", async () => {
    const cwd = folderWith({ "main.cjs": WITH_CHILD });
    const mark = newMark();
    const shell = spawn("bash", ["-c", `${process.execPath} ${tsmpirun} -n 2 main.cjs & wait`], {
      cwd,
      detached: true,
      env: { ...process.env, ...mark.env },
      stdio: ["ignore", "pipe", "inherit"],
    });
    await new Promise(resolve => shell.stdout.once("data", resolve));
    await sleep(300);
    const groups = survivors(mark.text);
    expect(groups.length).to.be.at.least(4);
    execFileSync("pkill", ["-KILL", "-s", String(shell.pid)]);
    await nothingLeft(mark.text, groups);
  });

  it("on the guard should not disturb the job, nor leave anything", async () => {
    const cwd = folderWith({ "main.cjs": "console.log('up'); setTimeout(() => {}, 1500);" });
    const mark = newMark();
    const running = start(["-n", "2", "main.cjs"], { cwd, env: mark.env });
    await running.printed("up\nup\n");
    const groups = survivors(mark.text);
    await until(() => guardsOf(groups).length === 1);
    process.kill(guardsOf(groups)[0], "SIGKILL");
    expect((await running.done).code).to.equal(0);
    await nothingLeft(mark.text, groups);
  });

  it("should find no guard left after a normal end", async () => {
    const cwd = folderWith({ "main.cjs": "console.log('up'); setTimeout(() => {}, 500);" });
    const mark = newMark();
    const running = start(["-n", "2", "main.cjs"], { cwd, env: mark.env });
    await running.printed("up\nup\n");
    const groups = survivors(mark.text);
    expect((await running.done).code).to.equal(0);
    await nothingLeft(mark.text, groups);
  });
});
