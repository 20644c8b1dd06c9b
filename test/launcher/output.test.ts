import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { launch, tsmpirun } from "../launch.ts";
import { needs } from "../needs.ts";
import { folderWith, newMark, removeFolders, survivors, until } from "./helpers.ts";

/** Runs a shell command line in which $T is tsmpirun. */
function shell(command: string, cwd: string, env = {}): Promise<{ code: number | null; out: Buffer }> {
  return new Promise(resolve => {
    const child = spawn("bash", ["-c", command], {
      cwd,
      env: { ...process.env, ...env, T: `${process.execPath} ${tsmpirun}` },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const parts: Buffer[] = [];
    child.stdout.on("data", part => parts.push(part));
    child.on("close", code => resolve({ code, out: Buffer.concat(parts) }));
  });
}

describe("the output of ranks", () => {
  after(removeFolders);

  it("should keep 2,000 long lines of each of 8 ranks whole", async () => {
    const cwd = folderWith({
      "main.ts": `const rank = process.env.TSMPI_RANK!;
for (let i = 0; i < 2000; i++) {
  const length = 50 + ((i * 7919) % 1500);
  process.stdout.write(rank + " " + i + " ");
  process.stdout.write(rank.repeat(length) + " " + length + "\\n");
}`,
    });
    const { code, stdout } = await launch(["-n", "8", "main.ts"], { cwd });
    expect(code).to.equal(0);
    const next = new Array(8).fill(0);
    for (const line of stdout.trimEnd().split("\n")) {
      const [, rank, i, letters, length] = /^(\d) (\d+) (\d+) (\d+)$/.exec(line)!;
      expect(letters).to.equal(rank.repeat(Number(length)));
      // Lines of one rank stay in order.
      expect(next[Number(rank)]++).to.equal(Number(i));
    }
    expect(next).to.deep.equal(new Array(8).fill(2000));
  });

  it("should keep a line of several megabytes whole", async () => {
    const cwd = folderWith({
      "main.ts": `const letter = "ab"[Number(process.env.TSMPI_RANK)];
for (let i = 0; i < 3; i++) console.log(letter.repeat(3_000_000));`,
    });
    const { stdout } = await launch(["-n", "2", "main.ts"], { cwd });
    const lines = stdout.trimEnd().split("\n");
    expect(lines.map(line => line.length)).to.deep.equal(new Array(6).fill(3_000_000));
    for (const line of lines) expect(/^(a+|b+)$/.test(line)).to.equal(true);
  });

  it("should print everything that a rank wrote before it called process.exit", async () => {
    const cwd = folderWith({ "main.ts": `process.stdout.write("x".repeat(5_000_000)); process.exit(0);` });
    for (const ranks of ["1", "3"]) {
      const { stdout } = await launch(["-n", ranks, "main.ts"], { cwd });
      expect(stdout.replaceAll("\n", "").length).to.equal(5_000_000 * Number(ranks));
    }
  });

  it("should print everything that was written before the job was aborted", async () => {
    const cwd = folderWith({
      "main.ts": `const rank = process.env.TSMPI_RANK;
for (let i = 0; i < 1000; i++) console.log(rank, i, "-".repeat(100));
if (rank === "1") setTimeout(() => { process.stdout.write("last words"); process.exit(7); }, 300);
else setInterval(() => {}, 1000);`,
    });
    const { code, stdout, stderr } = await launch(["-n", "3", "main.ts"], { cwd });
    expect(code).to.equal(7);
    expect(stdout.split("\n").filter(line => line.endsWith("-"))).to.have.length(3000);
    expect(stdout).to.include("last words");
    expect(stderr).to.equal("tsmpirun: rank 1 exited with code 7; the job was ended\n");
  });

  it("should pass bytes through unchanged", async () => {
    const cwd = folderWith({
      "main.ts": `const bytes = Buffer.alloc(300_000); for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 31) ^ (i >> 8);
if (process.env.TSMPI_RANK === "0") process.stdout.write(bytes);`,
    });
    for (const ranks of [1, 2]) {
      const { out } = await shell(`$T -n ${ranks} main.ts`, cwd);
      expect(out.length).to.equal(300_000);
      for (let i = 0; i < out.length; i++)
        if (out[i] !== (((i * 31) ^ (i >> 8)) & 255)) expect.fail(`byte ${i}`);
    }
  });

  it("should show a prompt soon, and end it before another rank's line", async () => {
    const cwd = folderWith({
      "main.ts": `import { existsSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
const after = async (what: string, milliseconds: number) => {
  while (!existsSync(what)) await sleep(10);
  await sleep(milliseconds);
};
if (process.env.TSMPI_RANK === "0") {
  process.stdout.write("name? ");
  writeFileSync("asked", "");
  await after("greeted", 300);
  console.log("done");
} else {
  await after("asked", 500);
  console.log("hello");
  writeFileSync("greeted", "");
}`,
    });
    const { stdout } = await launch(["-n", "2", "main.ts"], { cwd });
    expect(stdout).to.equal("name? \nhello\ndone\n");
  });

  it("should go on with a begun line when nobody else has written", async () => {
    const cwd = folderWith({
      "main.ts": `if (process.env.TSMPI_RANK === "0") { process.stdout.write("1 "); setTimeout(() => console.log("2"), 400); }`,
    });
    const { stdout } = await launch(["-n", "2", "--tag-output", "main.ts"], { cwd });
    expect(stdout).to.equal("[0] 1 2\n");
  });

  it("should tag each line, plainly where there is no terminal", async () => {
    const cwd = folderWith({
      "main.ts": `console.log("a\\nb\\n"); process.stdout.write("end"); console.error("e");`,
    });
    const { stdout, stderr } = await launch(["-n", "2", "--tag-output", "main.ts"], { cwd });
    const of = (rank: number): string[] => stdout.split("\n").filter(line => line.startsWith(`[${rank}] `));
    expect(of(0)).to.deep.equal(["[0] a", "[0] b", "[0] ", "[0] end"]);
    expect(of(1)).to.deep.equal(["[1] a", "[1] b", "[1] ", "[1] end"]);
    expect(stderr.trim().split("\n").sort()).to.deep.equal(["[0] e", "[1] e"]);
  });

  it("should colour the tags on a terminal, unless NO_COLOR is set", async function () {
    const cwd = folderWith({ "main.ts": "console.log('x');" });
    const run = (env: object) => shell('script -qec "$T -n 2 --tag-output main.ts" /dev/null', cwd, env);
    const coloured = await run({ NO_COLOR: "", TERM: "xterm" });
    needs(this, coloured.code !== 127, "script (Debian package bsdutils)");
    expect(coloured.out.toString().replaceAll("\u001b", "ESC")).to.match(/ESC\[\d+m\[1\]ESC\[0m x/);
    expect((await run({ NO_COLOR: "1", TERM: "xterm" })).out.toString()).to.match(/^\[1\] x/m);
  });

  it("should write a file per rank and stream, and print too", async () => {
    const cwd = folderWith({
      "main.ts": `console.log("out", process.env.TSMPI_RANK); process.stderr.write("err " + process.env.TSMPI_RANK);`,
    });
    const { stdout } = await launch(["-n", "11", "--output-dir", "a/b", "--tag-output", "main.ts"], { cwd });
    expect(stdout).to.include("[10] out 10\n");
    const files = readdirSync(join(cwd, "a/b")).sort();
    expect(files).to.have.length(22);
    expect(files.slice(0, 2)).to.deep.equal(["rank-00.err", "rank-00.out"]);
    expect(readFileSync(join(cwd, "a/b/rank-07.out"), "utf8")).to.equal("out 7\n");
    expect(readFileSync(join(cwd, "a/b/rank-07.err"), "utf8")).to.equal("err 7");
  });

  it("should not mix the lines of stdout and stderr in one file", async () => {
    const cwd = folderWith({
      "main.ts": `for (let i = 0; i < 500; i++) (i % 2 ? console.log : console.error)("line " + "x".repeat(i) + " end");`,
    });
    const { out } = await shell("$T -n 4 main.ts 2>&1", cwd);
    const lines = out.toString().trimEnd().split("\n");
    expect(lines).to.have.length(2000);
    for (const line of lines) expect(line).to.match(/^line x* end$/);
  });

  it("should wait for a slow reader without losing anything", async () => {
    const cwd = folderWith({
      "main.ts": `for (let i = 0; i < 20_000; i++) console.log(process.env.TSMPI_RANK, i, "y".repeat(100));`,
    });
    const { out } = await shell("$T -n 4 main.ts | (sleep 1; cat) | wc -l", cwd);
    expect(out.toString().trim()).to.equal("80000");
  });

  it("should lose nothing at an abort while the reader is slow", async () => {
    // The failing rank waits for the other one, so that both have written everything.
    const cwd = folderWith({
      "main.cjs": `const { existsSync, writeFileSync } = require("node:fs");
const rank = process.env.TSMPI_RANK;
for (let i = 0; i < 640; i++) console.log(rank.repeat(99));
writeFileSync("ended" + rank, "");
if (rank === "0") process.exit(0);
while (!existsSync("ended0"));
process.exit(3);`,
    });
    const { code, out } = await shell("set -o pipefail; $T -n 2 main.cjs 2>err.txt | (sleep 2; cat)", cwd);
    const count = (line: string): number =>
      out
        .toString()
        .split("\n")
        .filter(text => text === line).length;
    expect([count("0".repeat(99)), count("1".repeat(99))]).to.deep.equal([640, 640]);
    expect(code).to.equal(3);
    const sentence = "tsmpirun: rank 1 exited with code 3; the job was ended\n";
    expect(readFileSync(join(cwd, "err.txt"), "utf8")).to.equal(sentence);
  });

  it("should keep lines whole while the reader is slow", async () => {
    const cwd = folderWith({
      "main.cjs": `process.stdout.write((process.env.TSMPI_RANK.repeat(99) + "\\n").repeat(1600));`,
    });
    const { out } = await shell("$T -n 4 main.cjs | (sleep 2; cat)", cwd);
    const lines = out.toString().trimEnd().split("\n");
    expect(lines.filter(line => line.length !== 99)).to.deep.equal([]);
    expect(lines).to.have.length(6400);
  });

  it("should end quietly when nobody reads any more", async () => {
    const cwd = folderWith({ "main.ts": "setInterval(() => console.log('tick'), 10);" });
    const mark = newMark();
    const { code, out } = await shell(
      "set -o pipefail; $T -n 2 main.ts 2>err.txt | head -n 2",
      cwd,
      mark.env,
    );
    expect(out.toString()).to.equal("tick\ntick\n");
    expect(code).to.equal(141);
    expect(readFileSync(join(cwd, "err.txt"), "utf8")).to.equal("");
    expect(await until(() => survivors(mark.text).length === 0)).to.equal(true);
  });
});
