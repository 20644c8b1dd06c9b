import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { variables } from "../../src/environment.ts";
import { launch, packageRoot } from "../launch.ts";
import { folderWith, removeFolders } from "./helpers.ts";

/** Told of in hosts.md, to which the section leads. */
const identity = new Set(["TSMPI_RANK", "TSMPI_TRANSPORT"]);

describe("tsmpirun, with variables that say something odd", () => {
  let cwd: string;
  before(() => {
    cwd = folderWith({ "a.ts": "console.log(process.env.TSMPI_RANK);" });
  });
  after(removeFolders);

  for (const name of variables) {
    it(`should start no rank, and say what ${name} may be`, async () => {
      const message = new RegExp(
        `^tsmpirun: ${name} must be ("\\w+", )*"\\w+" or "\\w+", but is "perhaps"\n$`,
      );
      const { code, stdout, stderr } = await launch(["-n", "1", "a.ts"], { cwd, env: { [name]: "perhaps" } });
      expect(stderr).to.match(message);
      expect([code, stdout]).to.deep.equal([2, ""]);
    });
  }

  it("should look at what each part of a job is given", async () => {
    const given = [
      "-n",
      "1",
      "-x",
      "TSMPI_STREAM=on",
      "a.ts",
      ":",
      "-n",
      "1",
      "-x",
      "TSMPI_STREAM=no",
      "a.ts",
    ];
    const { code, stdout, stderr } = await launch(given, { cwd });
    expect(stderr).to.equal('tsmpirun: TSMPI_STREAM must be "on" or "off", but is "no"\n');
    expect([code, stdout]).to.deep.equal([2, ""]);
    const args = ["-n", "1", "-x", "TSMPI_STREAM=off", "-x", "TSMPI_KERNELS=", "a.ts"];
    const env = { TSMPI_STREAM: "perhaps", TSMPI_DEVICE: "" };
    expect(await launch(args, { cwd, env })).to.include({ code: 0, stderr: "", stdout: "0\n" });
  });

  it("should say so when it is asked what a job needs", async () => {
    const command = [process.execPath, join(packageRoot, "dist", "tsmpi.js"), "doctor"];
    const { code, stdout, stderr } = await launch([], { cwd, command, env: { TSMPI_SIMD: "perhaps" } });
    expect(stderr).to.equal('tsmpi: TSMPI_SIMD must be "avx512", "avx2" or "baseline", but is "perhaps"\n');
    expect([code, stdout]).to.deep.equal([2, ""]);
  });

  it("should find every variable in the docs, in one place", () => {
    const docs = readFileSync(join(packageRoot, "docs", "launcher.md"), "utf8");
    const [, section] = /^## Variables\n(.*?)^## /ms.exec(docs)!;
    const found = new Set<string>(variables);
    for (const folder of ["src", "launcher", "native"]) {
      for (const name of readdirSync(join(packageRoot, folder), { recursive: true, encoding: "utf8" })) {
        if (!/\.(ts|cc|h)$/.test(name)) continue;
        const text = readFileSync(join(packageRoot, folder, name), "utf8");
        const read = /\b(?:process\.env\.|getenv\("|countOf\("|setting\(args, "|variable: ")(TSMPI_\w+)/g;
        for (const [, variable] of text.matchAll(read)) found.add(variable);
      }
    }
    expect([...found].filter(name => !section.includes(`\`${name}\``) && !identity.has(name))).to.deep.equal(
      [],
    );
    expect(found.size).to.be.above(20);
  });

  it("should want numbers where numbers are wanted", async () => {
    const cores = await launch(["a.ts"], { cwd, env: { TSMPI_CORES: "many" } });
    expect(cores.stderr).to.equal('tsmpirun: TSMPI_CORES must be a whole number from 1 on; got "many"\n');
    const hosts = ["--hosts", "a,b", "--agent", "false {host}", "a.ts"];
    const fan = await launch(hosts, { cwd, env: { TSMPI_FAN_OUT: "0" } });
    expect(fan.stderr).to.equal('tsmpirun: TSMPI_FAN_OUT must be a whole number from 1 on; got "0"\n');
    expect([cores.code, fan.code]).to.deep.equal([2, 2]);
  });
});
