import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { findCommand } from "../../bench/harness/compile.ts";
import type { Results } from "../../bench/harness/results.ts";
import { packageRoot } from "../launch.ts";
import { needs } from "../needs.ts";

const tsmpi = join(packageRoot, "dist", "tsmpi.js");

function bench(...args: string[]): { code: number | null; stdout: string; stderr: string } {
  const result = spawnSync(process.execPath, [tsmpi, "bench", ...args], {
    encoding: "utf8",
    timeout: 200_000,
  });
  return { code: result.status, stdout: result.stdout, stderr: result.stderr };
}

function expectSane(results: Results, key: string): void {
  for (const row of results.rows) {
    const name = `${key} ${row.operation} ${row.label}`;
    expect(row.failures, name).to.deep.equal({});
    const measured = row.contenders[key];
    expect(measured.batches, name).to.have.length(results.rounds);
    for (const time of [...measured.batches, ...measured.slowest]) {
      expect(time, name)
        .to.be.a("number")
        .above(0)
        .and.below(10 * 1e6);
    }
    expect(measured.median, name).to.be.within(Math.min(...measured.batches), Math.max(...measured.batches));
  }
}

describe("tsmpi bench", () => {
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "tsmpi-test-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("should measure, print, and write its reports", () => {
    const files = ["bench.json", "bench.svg", "bench.html"].map(name => join(folder, name));
    const { code, stdout, stderr } = bench(
      "latency,barrier,allreduce",
      ...["--sizes", "8,1KiB", "--quick", "--face", "sync,awaited"],
      ...["--json", files[0], "--svg", files[1], "--html", files[2]],
    );
    expect(code, stdout + stderr).to.equal(0);
    expect(stdout).to.match(/^latency \(µs\).*\n.*\n8 B +\d/m);

    const results = JSON.parse(readFileSync(files[0], "utf8")) as Results;
    expect(results.rows.map(({ operation, label }) => `${operation} ${label}`.trim())).to.deep.equal([
      "latency 8 B",
      "latency 1 KiB",
      "barrier",
      "allreduce 8 B",
      "allreduce 1 KiB",
    ]);
    expectSane(results, "tsmpi");
    expectSane(results, "tsmpi-awaited");
    expect(results.ranks).to.equal(2);
    expect(results.machine.node).to.equal(process.version);
    expect(results.command).to.match(/^tsmpi bench latency,barrier,allreduce --sizes/);
    expect(new Date(results.date).getTime()).to.be.closeTo(Date.now(), 60_000);

    expect(readFileSync(files[1], "utf8")).to.match(/^<svg .*latency, 2 ranks.*<\/svg>\n$/s);
    expect(readFileSync(files[2], "utf8")).to.match(/^<!doctype html>.*<svg .*allreduce.*<\/html>\n$/s);
  });

  it("should measure every operation on an odd number of ranks, with right results", () => {
    const json = join(folder, "all.json");
    const { code, stdout, stderr } = bench(
      "all",
      "--sizes",
      "8,4KiB",
      "-n",
      "3",
      "--quick",
      "--rounds",
      "1",
      "--json",
      json,
    );
    expect(code, stdout + stderr).to.equal(0);
    const results = JSON.parse(readFileSync(json, "utf8")) as Results;
    expect(results.rows).to.have.length(3 * 2 + 1 + 1 + 9 * 2 + 3 + 1);
    expectSane(results, "tsmpi");
  });

  it("should compare with Open MPI", function () {
    const present = findCommand("mpicc.openmpi", "mpicc") !== undefined;
    needs(this, present, "mpicc of Open MPI (Debian packages openmpi-bin and libopenmpi-dev)");
    const json = join(folder, "compared.json");
    const { code, stdout, stderr } = bench(
      "latency,allreduce,start",
      ...["--sizes", "64", "--quick", "--rounds", "2", "--compare", "openmpi,worker", "--json", json],
    );
    expect(code, stdout + stderr).to.equal(0);
    const results = JSON.parse(readFileSync(json, "utf8")) as Results;
    expectSane(results, "openmpi");
    expect(results.rows[0].contenders).to.have.keys("tsmpi", "openmpi", "worker");
    for (const { ratios, best } of results.rows) {
      expect(ratios.openmpi.ratio).to.be.above(0);
      expect(best?.contender).to.equal("openmpi");
      expect(best?.ratio).to.equal(ratios.openmpi.ratio);
    }
    expect(results.means.all.rows).to.equal(2);
    expect(stdout).to.include("geometric means");
  });

  it("should leave out a peer that is not installed, and say why", () => {
    const { status, stdout } = spawnSync(
      process.execPath,
      [tsmpi, "bench", "barrier", "--quick", "--rounds", "1", "--compare", "mpich"],
      // mkfifo is needed, so not quite empty.
      { encoding: "utf8", env: { ...process.env, PATH: pathWith("mkfifo") }, timeout: 200_000 },
    );
    expect(status, stdout).to.equal(0);
    expect(stdout).to.match(/^left out: mpich: mpiexec of MPICH is not installed \(Debian: mpich\)$/m);
  });

  /** A folder that has one program only. */
  function pathWith(program: string): string {
    const bin = mkdtempSync(join(folder, "bin-"));
    spawnSync("ln", ["-s", findCommand(program)!, join(bin, program)]);
    return bin;
  }

  it("should refuse a wrong command line in one sentence", () => {
    const wrong: [args: string[], sentence: RegExp][] = [
      [["latncy"], /latncy is not an operation of tsmpi bench; did you mean latency\?/],
      [["--size", "8"], /--size is not an option of tsmpi bench; did you mean --sizes\?/],
      [["--sizes", "8,12"], /--sizes expects multiples of 8 bytes .*; 12 came/],
      [["--sizes"], /--sizes expects a value, and nothing came/],
      [["-n", "1"], /-n expects a whole number, at least 2; 1 came/],
      [["--compare", "openmp"], /openmp is not a peer of tsmpi bench; did you mean openmpi\?/],
      [["--quick=yes"], /--quick takes no value, and yes came/],
      [
        ["--json", "/nowhere/at/all.json"],
        /--json expects a file in a folder that exists; \/nowhere\/at does not/,
      ],
      [["barrier", "--svg", join(folder, "x.svg")], /--svg draws time by size, and none of the operations/],
    ];
    for (const [args, sentence] of wrong) {
      const { code, stdout, stderr } = bench(...args);
      expect(code, args.join(" ")).to.equal(2);
      expect(stderr).to.match(sentence);
      expect(stderr.trim().split("\n")).to.have.length(1);
      expect(stdout).to.equal("");
    }
  });

  it("should explain itself", () => {
    const { code, stdout } = bench("--help");
    expect(code).to.equal(0);
    expect(stdout).to.match(/^usage: tsmpi bench/);
  });

  it("should leave nothing behind", () => {
    const own = mkdtempSync(join(folder, "tmp-"));
    const { status } = spawnSync(process.execPath, [tsmpi, "bench", "barrier", "--quick", "--rounds", "1"], {
      env: { ...process.env, TMPDIR: own },
      timeout: 200_000,
    });
    expect(status).to.equal(0);
    expect(readdirSync(own)).to.deep.equal([]);
  });
});
