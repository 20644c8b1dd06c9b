/** Node waits for ever when it ends while a thread of its pool is blocked; that stands for the other ways in which it may. */
import { join } from "node:path";
import { expect } from "chai";
import { launch, tsmpirun } from "../launch.ts";
import { folderWith, removeFolders } from "./helpers.ts";

const BLOCK = `
const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const fifo = path.join(fs.mkdtempSync(path.join(__dirname, "fifo-")), "nobody-writes");
execFileSync("mkfifo", [fifo]);
fs.read(fs.openSync(fifo, "r+"), Buffer.alloc(1), () => {});
`;

describe("the end of a process that node does not end", () => {
  after(removeFolders);

  // Each takes 5 s.
  it("should come all the same, with the code of a rank, and with the code of the job", async () => {
    const ofRanks = [0, 3].map(async code => {
      const script = `${BLOCK}setTimeout(() => { console.log("leaves"); process.exit(${code}); }, 50);`;
      const result = await launch(["-n", "2", "main.cjs"], { cwd: folderWith({ "main.cjs": script }) });
      expect(result.code, result.stderr).to.equal(code);
      expect(result.stdout).to.include("leaves\n");
    });
    const ofJob = async () => {
      const cwd = folderWith({ "block.cjs": BLOCK, "main.cjs": "process.exitCode = 4;" });
      const command = [process.execPath, "-r", join(cwd, "block.cjs"), tsmpirun, "-n", "1", "main.cjs"];
      const { code, stderr } = await launch([], { cwd, command });
      expect(code, stderr).to.equal(4);
    };
    await Promise.all([...ofRanks, ofJob()]);
  });
});
