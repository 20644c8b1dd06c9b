import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import { packageRoot } from "../launch.ts";
import { folderWith, removeFolders } from "./helpers.ts";

/** "tsmpi/launch", for a folder without node_modules. */
const door = pathToFileURL(join(packageRoot, "dist/launch.js")).href;

const SCRIPT = `import { readFileSync } from "node:fs";
import { sum, world } from "tsmpi";
const total = await world.allreduce(world.rank + 1, sum);
if (world.rank === 0) console.log(JSON.stringify({ size: world.size, total, args: process.argv.slice(2), name: process.env.NAME,
  input: process.argv[2] === "read" ? readFileSync(0, "utf8") : "" }));
if (process.argv[2] === "fail" && world.rank === 1) throw new Error("on purpose");
if (process.argv[2] === "stay") { console.log("here " + process.pid); await world.recv(); }
`;

/** A program that is no rank, run by node alone, which gives what it printed as JSON. */
function result(body: string): any {
  const cwd = folderWith({
    "main.mjs": `import { launch } from ${JSON.stringify(door)};
const script = new URL("script.ts", import.meta.url);
const print = value => console.log(JSON.stringify(value));
const fails = async operation => operation().then(() => "no failure", error => error.name + ": " + error.message);
${body}`,
    "script.ts": SCRIPT,
  });
  const { stdout, stderr, status } = spawnSync(process.execPath, [join(cwd, "main.mjs")], {
    cwd,
    encoding: "utf8",
    timeout: 120_000,
  });
  expect(status, stdout + stderr).to.equal(0);
  return JSON.parse(stdout);
}

describe("launch", function () {
  this.timeout(130_000);
  after(removeFolders);

  it("should run a script on ranks of its own", () => {
    const { code, stdout, stderr } = result(
      `print(await launch(script, { ranks: 3, args: ["read", "-n 2"], env: { NAME: "x" }, input: "in" }));`,
    );
    expect(stderr).to.equal("");
    expect(code).to.equal(0);
    expect(JSON.parse(stdout)).to.eql({ size: 3, total: 6, args: ["read", "-n 2"], name: "x", input: "in" });
  });

  it("should run several jobs at once, with options of tsmpirun", () => {
    const all = result(
      `print(await Promise.all([2, 3].map(ranks => launch("script.ts", { ranks, options: ["--tag-output"] }))));`,
    );
    expect(all.map(({ stdout }: { stdout: string }) => stdout.slice(0, 15))).to.eql([
      '[0] {"size":2,"',
      '[0] {"size":3,"',
    ]);
  });

  it("should tell of a job that fails, and of options that are wrong", () => {
    const { failed, wrong } = result(`const failed = await launch(script, { ranks: 2, args: ["fail"] });
print({ failed, wrong: [await fails(() => launch(5)), await fails(() => launch(script, { ranks: 0 })),
  await fails(() => launch(script, { output: "file" }))] });`);
    expect(failed.code).to.equal(1);
    expect(failed.stderr).to.include("on purpose").and.to.include("rank 1 exited with code 1");
    expect(wrong).to.eql([
      "ArgumentError: launch: script must be a file name or a URL; got number.",
      "ArgumentError: launch: ranks must be a whole number from 1; got 0.",
      "ArgumentError: launch: output must be collect or inherit; got file.",
    ]);
  });

  it("should end a job when it is told to", () => {
    const { message, alive } = result(`const controller = new AbortController();
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
const children = () => readdirSync("/proc").filter(pid => { try {
  return /^\\d+$/.test(pid) && readFileSync("/proc/" + pid + "/environ", "utf8").includes("STAYS=" + process.pid); } catch { return false; } });
const job = fails(() => launch(script, { ranks: 2, args: ["stay"], env: { STAYS: String(process.pid) }, signal: controller.signal }));
// tsmpirun and two ranks.
while (children().length < 3) await setTimeout(20);
controller.abort(new Error("enough"));
print({ message: await job, alive: children().length });`);
    expect(message).to.equal("Error: enough");
    expect(alive).to.equal(0);
  });
});
