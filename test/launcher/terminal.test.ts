import { readFileSync } from "node:fs";
import { expect } from "chai";
import { start, tsmpirun } from "../launch.ts";
import { needs } from "../needs.ts";
import { folderWith, newMark, removeFolders, survivors, until } from "./helpers.ts";

const SCRIPT = `process.stdin.on("data", text => console.log("read " + String(text).toUpperCase()));
console.log("up", process.pid, ".");
setInterval(() => {}, 1000);
`;

/** "T": stopped. */
function stateOf(pid: string): string {
  return /\) (.) /.exec(readFileSync(`/proc/${pid}/stat`, "latin1"))![1];
}

describe("tsmpirun in a terminal", () => {
  after(removeFolders);

  it("should pass on what is typed, stop at Ctrl-Z, go on at fg and end at Ctrl-C", async function () {
    this.timeout(120_000);
    const cwd = folderWith({ "main.cjs": SCRIPT });
    const mark = newMark();
    const shell = start([], {
      cwd,
      command: ["script", "-qec", "bash --norc --noprofile -i", "/dev/null"],
      env: {
        ...mark.env,
        HISTFILE: "/dev/null",
        TERM: "dumb",
        T: `${process.execPath} ${tsmpirun}`,
      },
      keepInput: true,
    });
    shell.done.catch(() => {});
    let screen = "";
    shell.child.stdout!.on("data", bytes => (screen += bytes));
    const started = await new Promise(resolve => {
      shell.child.on("spawn", () => resolve(true)).on("error", () => resolve(false));
    });
    needs(this, started === true, "script (Debian package bsdutils)");
    const type = (keys: string): void => void shell.child.stdin!.write(keys);

    type("$T -n 2 main.cjs\n");
    const pids = (): string[] => [...screen.matchAll(/^up (\d+) \.\r$/gm)].map(([, pid]) => pid);
    expect(await until(() => pids().length === 2, 60_000), screen).to.equal(true);
    type("hello\n");
    await shell.printed("read HELLO");
    type("\x1a");
    expect(await until(() => screen.includes("Stopped"), 60_000), screen).to.equal(true);
    expect(await until(() => pids().every(pid => stateOf(pid) === "T"))).to.equal(true);
    type("fg\n");
    expect(await until(() => pids().every(pid => stateOf(pid) !== "T"), 60_000)).to.equal(true);
    type("again\n");
    await shell.printed("read AGAIN");
    type("\x03");
    await shell.printed("tsmpirun: ended by SIGINT");
    // Until then the job would take what is typed.
    expect(await until(() => /[#$] $/.test(screen), 60_000), screen).to.equal(true);
    type("echo code $?\n");
    await shell.printed("code 130");
    type("exit\n");
    expect((await shell.done).code).to.equal(0);
    expect(await until(() => survivors(mark.text).length === 0), "nothing is left").to.equal(true);
  });
});
