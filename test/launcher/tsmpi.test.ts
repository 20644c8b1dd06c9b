import { spawnSync } from "node:child_process";
import { cpSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { packageRoot } from "../launch.ts";
import { folderWith, removeFolders } from "./helpers.ts";

function run(program: string, args: string[], env: Record<string, string> = {}) {
  const result = spawnSync(process.execPath, [program, ...args], {
    encoding: "utf8",
    env: { ...process.env, ...env },
  });
  return { code: result.status, stdout: result.stdout, stderr: result.stderr };
}

const tsmpi = join(packageRoot, "dist", "tsmpi.js");

describe("tsmpi, the tools", () => {
  after(removeFolders);

  it("should list its commands", () => {
    for (const args of [[], ["help"], ["--help"]]) {
      const { code, stdout } = run(tsmpi, args);
      expect(code).to.equal(0);
      expect(stdout).to.match(/^usage: tsmpi <command>/);
      expect(stdout).to.include("build-native");
    }
  });

  it("should say its version", () => {
    expect(run(tsmpi, ["version"]).stdout).to.match(/^tsmpi \d+\.\d+\.\d+\n$/);
  });

  it("should guess what a misspelt command was meant to be", () => {
    const { code, stderr } = run(tsmpi, ["build-nativ"]);
    expect(code).to.equal(2);
    expect(stderr).to.equal("tsmpi: build-nativ is not a command of tsmpi; did you mean build-native?\n");
  });

  it("should name the tools that a build lacks", () => {
    const { code, stderr } = run(tsmpi, ["build-native"], { PATH: "/nowhere", CXX: "" });
    expect(code).to.equal(1);
    expect(stderr).to.match(
      /^tsmpi: building the addon needs Python 3, make, a C\+\+ compiler \(g\+\+\), not found/,
    );
  });

  it("should say, as the library does, that Node is too old", () => {
    const folder = folderWith({ "older.cjs": "delete process.getBuiltinModule;" });
    const told = (...program: string[]) => run("--require", [join(folder, "older.cjs"), ...program]);
    const launcher = told(join(packageRoot, "dist", "tsmpirun.cjs"), "-n", "2", "main.ts");
    expect(launcher.stderr).to.equal(
      `tsmpirun: tsmpi needs Node 20.19 or newer; this is ${process.version}\n`,
    );
    expect(launcher.code).to.equal(1);
    const library = told(join(packageRoot, "dist", "index.js"));
    expect(library.stderr).to.include(`Error: tsmpi needs Node 20.19 or newer; this is ${process.version}\n`);
    expect(library.code).to.equal(1);
  });

  describe("where the addon is missing", () => {
    const runThere = (folder: string) =>
      run(join(folder, "dist", "tsmpirun.cjs"), ["-n", "2", join(folder, "main.cjs")]);

    function folderWithoutAddon(): string {
      const folder = folderWith({ "main.cjs": "console.log('started');" });
      cpSync(join(packageRoot, "dist"), join(folder, "dist"), { recursive: true });
      cpSync(join(packageRoot, "package.json"), join(folder, "package.json"));
      return folder;
    }

    it("should be what tsmpirun points to", () => {
      const folder = folderWithoutAddon();
      symlinkSync(join(packageRoot, "node_modules"), join(folder, "node_modules"));
      const { code, stdout, stderr } = runThere(folder);
      expect([code, stdout]).to.deep.equal([0, "started\nstarted\n"]);
      expect(stderr).to.match(/^tsmpirun: .* tsmpi's native addon is missing .*; build it with: \S.*\n$/);
    });

    it("and zeromq too, should be told of both", () => {
      const { code, stdout, stderr } = runThere(folderWithoutAddon());
      expect([code, stdout]).to.deep.equal([2, ""]);
      expect(stderr).to.match(
        /the package zeromq does not load .*npm install zeromq\. .*native addon is missing .*; build it with: \S/,
      );
    });
  });
});
