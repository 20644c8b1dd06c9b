import { readFileSync } from "node:fs";
import { expect } from "chai";
import { type Launch, start } from "../launch.ts";
import { folderWith, newMark, removeFolders, STAY, sleep, survivors, until } from "./helpers.ts";

const HANDLER = (signal: string, what: string): string =>
  `process.on("${signal}", () => { ${what} }); setInterval(() => {}, 1000); console.log("up");\n`;

function stateOf(pid: number): string {
  return /\) (.) /.exec(readFileSync(`/proc/${pid}/stat`, "latin1"))![1];
}

describe("a signal to tsmpirun", () => {
  after(removeFolders);
  let mark: { env: Record<string, string>; text: string };

  async function job(script: string): Promise<Launch> {
    const cwd = folderWith({ "main.ts": script });
    mark = newMark();
    const running = start(["-n", "2", "main.ts"], { cwd, env: mark.env });
    await running.printed("up\nup\n");
    return running;
  }

  async function ended(running: Launch) {
    const result = await running.done;
    expect(await until(() => survivors(mark.text).length === 0), "nothing is left").to.equal(true);
    return result;
  }

  for (const [signal, expected] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
    ["SIGQUIT", 131],
  ] as const) {
    it(`${signal} should end the job with code ${expected}`, async () => {
      const running = await job(STAY);
      running.child.kill(signal);
      const { code, stderr } = await ended(running);
      expect(code).to.equal(expected);
      expect(stderr).to.equal(`tsmpirun: ended by ${signal}\n`);
    });

    it(`${signal} should reach the ranks' own handlers first`, async () => {
      const running = await job(HANDLER(signal, `console.log("got it"); process.exit(0);`));
      running.child.kill(signal);
      const { code, stdout } = await ended(running);
      expect(code).to.equal(expected);
      expect(stdout).to.equal("up\nup\ngot it\ngot it\n");
    });
  }

  it("SIGINT should say what ranks were waiting for", async () => {
    const running = await job(
      `import { world } from "tsmpi"; console.log("up"); await world.recv(1 - world.rank, { tag: 3 });`,
    );
    await sleep(200);
    running.child.kill("SIGINT");
    const { stderr } = await ended(running);
    expect(stderr).to.match(/^tsmpirun: rank 0 was waiting in recv from rank 1, tag 3/m);
  });

  it("a second SIGINT should kill at once", async () => {
    const running = await job(`process.on("SIGTERM", () => {}); ${HANDLER("SIGINT", `console.log("no");`)}`);
    running.child.kill("SIGINT");
    await running.printed("no\nno\n");
    const begun = Date.now();
    running.child.kill("SIGINT");
    const { code } = await ended(running);
    expect(code).to.equal(130);
    expect(Date.now() - begun).to.be.below(800);
  });

  it("a deaf job should be killed after a while", async () => {
    const running = await job(`process.on("SIGTERM", () => {}); ${HANDLER("SIGINT", "")}`);
    running.child.kill("SIGINT");
    expect((await ended(running)).code).to.equal(130);
  });

  it("SIGTSTP should stop the ranks too, SIGCONT let all go on", async () => {
    const running = await job(STAY);
    const ranks = survivors(mark.text).filter(pid => pid !== running.child.pid);
    running.child.kill("SIGTSTP");
    const all = [running.child.pid!, ...ranks];
    expect(await until(() => all.every(pid => stateOf(pid) === "T"))).to.equal(true);
    running.child.kill("SIGCONT");
    expect(await until(() => all.every(pid => stateOf(pid) !== "T"))).to.equal(true);
    running.child.kill("SIGTERM");
    expect((await ended(running)).code).to.equal(143);
  });

  it("SIGTERM should end ranks that are stopped", async () => {
    const running = await job(STAY);
    for (const pid of survivors(mark.text)) if (pid !== running.child.pid) process.kill(pid, "SIGSTOP");
    running.child.kill("SIGTERM");
    expect((await ended(running)).code).to.equal(143);
  });

  for (const signal of ["SIGUSR1", "SIGUSR2"] as const) {
    it(`${signal} should be passed on and nothing else`, async () => {
      const running = await job(HANDLER(signal, `console.log("${signal}");`));
      running.child.kill(signal);
      await running.printed(`${signal}\n${signal}\n`);
      running.child.kill("SIGTERM");
      const { stderr } = await ended(running);
      expect(stderr).to.equal("tsmpirun: ended by SIGTERM\n");
    });
  }
});
