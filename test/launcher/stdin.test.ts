import { expect } from "chai";
import { launch } from "../launch.ts";
import { folderWith, removeFolders } from "./helpers.ts";

const READ = `let text = "";
process.stdin.on("data", part => text += part);
process.stdin.on("end", () => console.log((process.env.TSMPI_RANK + " " + text.length + " " + text.slice(0, 5)).trim()));
`;

describe("the standard input", () => {
  let cwd: string;
  before(() => {
    cwd = folderWith({
      "read.ts": READ,
      "ignore.ts": `if (process.env.TSMPI_RANK !== "1") process.exit(0);\n${READ}`,
    });
  });
  after(removeFolders);

  async function run(...args: string[]): Promise<string[]> {
    const { code, stdout, stderr } = await launch(args, { cwd, input: "hello\n".repeat(50_000) });
    expect(stderr).to.equal("");
    expect(code).to.equal(0);
    return stdout.trim().split("\n").sort();
  }

  it("should reach rank 0 unless said otherwise", async () => {
    expect(await run("-n", "3", "read.ts")).to.deep.equal(["0 300000 hello", "1 0", "2 0"]);
  });

  it("should reach the chosen rank", async () => {
    expect(await run("-n", "3", "--stdin", "2", "read.ts")).to.deep.equal(["0 0", "1 0", "2 300000 hello"]);
  });

  it("should reach all ranks", async () => {
    const all = [0, 1, 2].map(rank => `${rank} 300000 hello`);
    expect(await run("-n", "3", "--stdin", "all", "read.ts")).to.deep.equal(all);
  });

  it("should reach nobody", async () => {
    expect(await run("-n", "2", "--stdin", "none", "read.ts")).to.deep.equal(["0 0", "1 0"]);
  });

  it("should not be held up by ranks that end without reading", async () => {
    expect(await run("-n", "3", "--stdin", "all", "ignore.ts")).to.deep.equal(["1 300000 hello"]);
  });
});
