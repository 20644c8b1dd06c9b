import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { launch, packageRoot, tsmpirun } from "../launch.ts";
import { folderWith, removeFolders } from "./helpers.ts";

/** Cores that this process may use. */
const cores = /^Cpus_allowed_list:\s*(\S+)$/m
  .exec(readFileSync("/proc/self/status", "latin1"))![1]
  .split(",")
  .flatMap(range => {
    const [first, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });

describe("tsmpirun, asked for something odd", () => {
  let cwd: string;
  before(() => {
    cwd = folderWith({
      "a.ts": "console.log(process.env.TSMPI_RANK);",
      "bad.ts": "const x = 1;\nconst y: number = ;\n",
      "missing-import.ts": 'import { a } from "./nowhere.ts";\nconsole.log(a);\n',
      "folder/x": "",
      "package.ts": 'import { a } from "no-such-package";\nconsole.log(a);\n',
    });
  });
  after(removeFolders);

  const mistakes: [args: string[], message: RegExp][] = [
    [["--frobnicate", "a.ts"], /^tsmpirun: --frobnicate is not an option/],
    [["-n", "0", "a.ts"], /^tsmpirun: -n expects a whole number of ranks, at least 1; 0 came\n$/],
    [["-n", "x", "a.ts"], /x came\n$/],
    [[], /^tsmpirun: a script was expected, and nothing came/],
    [["nope.ts"], /^tsmpirun: a script was expected, and there is no file nope\.ts\n$/],
    [["a"], /there is no file a; did you mean a\.ts\?\n$/],
    [["folder"], /^tsmpirun: a script was expected, and folder is a folder\n$/],
    [["--wdir", "gone", "a.ts"], /^tsmpirun: --wdir expects a folder, and there is no gone\n$/],
    [["--wdir", "a.ts", "a.ts"], /--wdir expects a folder, and a\.ts is a file\n$/],
    [["-n", "2", "--stdin", "2", "a.ts"], /--stdin expects a rank from 0 to 1, all or none; 2 came\n$/],
    [["--output-dir", "a.ts", "a.ts"], /--output-dir expects a folder, and a\.ts is a file\n$/],
    [["--output-dir", "/dev/null/x", "a.ts"], /--output-dir expects a folder, and \/dev\/null is a file\n$/],
    [
      ["--output-dir", "/proc/x", "a.ts"],
      /^tsmpirun: --output-dir expects a folder that can be written; \/proc\/x: /,
    ],
    [["--wdir=", "a.ts"], /^tsmpirun: --wdir expects a folder; nothing came\n$/],
    [["--hostfile=", "a.ts"], /^tsmpirun: --hostfile expects a file; nothing came\n$/],
    [[""], /^tsmpirun: a script was expected, and nothing came: /],
    [["-n", "1000000", "a.ts"], /^tsmpirun: 1000000 ranks on one host are too many/],
    [["--transport", "zeromq", "-n", "5000", "a.ts"], /^tsmpirun: 5000 ranks on one host are too many/],
    [["-n", "999999999", "a.ts"], /^tsmpirun: at most 4194304 ranks were expected in all; 999999999 came\n$/],
    [["--hosts", "a,,b", "a.ts"], /^tsmpirun: --hosts expects names of hosts, and "" is none\n$/],
    [["--hosts", "a[0-70000]", "a.ts"], /^tsmpirun: --hosts expects at most 65536 hosts/],
    [
      ["--hosts", "a:1000000", "--map-by", "core", "a.ts"],
      /^tsmpirun: --map-by expects slot or node; core came\n$/,
    ],
    [
      ["--hosts", "a,b", "-n", "1", "a.ts", ":", "a.ts"],
      /^tsmpirun: -n is expected in each part of a job on hosts/,
    ],
    [
      ["--hosts", "a", "--agent", "docker exec", "a.ts"],
      /^tsmpirun: --agent expects a command with \{host\}/,
    ],
    [["--hosts", "a", "--launcher", "exec", "a.ts"], /^tsmpirun: --launcher exec expects --agent too/],
    [
      ["--hosts", "a", "--link-timeout", "0", "a.ts"],
      /^tsmpirun: --link-timeout expects a number of seconds/,
    ],
    [["--hostfile", "a.ts", "a.ts"], /^tsmpirun: a\.ts:1 expects "host slots=N"|is none/],
    [["--hostfile", "none", "a.ts"], /^tsmpirun: --hostfile expects a file that can be read/],
  ];
  for (const [args, message] of mistakes) {
    it(`should explain: tsmpirun ${args.join(" ")}`, async () => {
      const { code, stdout, stderr } = await launch(args, { cwd });
      expect(stderr).to.match(message);
      expect(code).to.equal(2);
      expect(stdout).to.equal("");
    });
  }

  it("should show file, line and column of a script that does not compile, and start no rank", async () => {
    const { code, stdout, stderr } = await launch(["-n", "4", "bad.ts"], { cwd });
    expect(stderr).to.include("bad.ts:2:18");
    expect(stderr).to.match(/bad\.ts does not compile; no rank was started\n$/);
    expect(code).to.equal(2);
    expect(stdout).to.equal("");
  });

  it("should show where an import that leads nowhere stands", async () => {
    const { code, stderr } = await launch(["missing-import.ts"], { cwd });
    expect(stderr).to.include("missing-import.ts:1:18");
    expect(stderr).to.include("./nowhere.ts");
    expect(code).to.equal(2);
  });

  it("should not advise options of esbuild", async () => {
    const { code, stderr } = await launch(["package.ts"], { cwd });
    expect(stderr).to.include('Could not resolve "no-such-package"');
    expect(stderr).not.to.include("external");
    expect(code).to.equal(2);
  });

  for (const args of [
    ["-n", "1000000"],
    ["--bind-to", "core", "--transport", "zeromq"],
    ["--stats", "--transport", "zeromq"],
    ["--output-dir", "/dev/null/x"],
  ]) {
    it(`should refuse under --dry-run what a run refuses: ${args.join(" ")}`, async () => {
      const dry = await launch(["--dry-run", ...args, "a.ts"], { cwd });
      const real = await launch([...args, "a.ts"], { cwd });
      expect(dry).to.deep.equal(real);
      expect(dry.code).to.equal(2);
    });
  }

  for (const rank of [0, 1]) {
    it(`should start no rank when the file of rank ${rank} cannot be written`, async () => {
      const output = join(cwd, `output-${rank}`);
      mkdirSync(join(output, `rank-${rank}.out`), { recursive: true });
      const { code, stdout, stderr } = await launch(["-n", "3", "--output-dir", output, "a.ts"], { cwd });
      expect(stderr).to.match(/^tsmpirun: --output-dir expects a folder that can be written; .*\n$/);
      expect(stderr).to.include(`rank-${rank}.out: illegal operation on a directory\n`);
      expect(code).to.equal(2);
      expect(stdout).to.equal("");
    });
  }

  it("should end the job when a rank's file takes nothing more", async () => {
    mkdirSync(join(cwd, "full"));
    symlinkSync("/dev/full", join(cwd, "full", "rank-0.out"));
    const { code, stderr } = await launch(["-n", "2", "--output-dir", "full", "a.ts"], { cwd });
    expect(stderr).to.match(
      /^tsmpirun: cannot write full\/rank-0\.out: no space left on device(; the job was ended)?\n$/,
    );
    expect(code).to.equal(1);
  });

  for (const ranks of [1, 2]) {
    it(`should say that the output of ${ranks} cannot be written`, async () => {
      const command = [
        "sh",
        "-c",
        `"$0" "$@" >/dev/full`,
        process.execPath,
        tsmpirun,
        "-n",
        `${ranks}`,
        "a.ts",
      ];
      const { code, stderr } = await launch([], { cwd, command });
      expect(stderr).to.match(
        /^tsmpirun: cannot write the output: no space left on device(; the job was ended)?\n$/,
      );
      expect(code).to.equal(1);
    });
  }

  it("should explain that the present folder is gone", async () => {
    const gone = join(cwd, "gone");
    mkdirSync(gone);
    const command = [
      "sh",
      "-c",
      `rmdir "$PWD"; exec "$0" "$@"`,
      process.execPath,
      tsmpirun,
      join(cwd, "a.ts"),
    ];
    const { code, stderr } = await launch([], { cwd: gone, command });
    expect(stderr).to.match(
      /^tsmpirun: a folder to start in was expected, and the present one cannot be used: .*\n$/,
    );
    expect(code).to.equal(2);
  });

  it("should explain that nothing can be written for the transpiled script", async () => {
    const env = { TSMPI_CACHE_DIR: "/dev/null", TMPDIR: join(cwd, "nowhere") };
    const { code, stderr } = await launch(["a.ts"], { cwd, env });
    expect(stderr).to.match(
      /^tsmpirun: a folder for the transpiled script was expected, and neither \/dev\/null\/tsmpi nor .*\/nowhere can be written .*\n$/,
    );
    expect(code).to.equal(2);
  });

  it("should print help and version on stdout", async () => {
    const help = await launch(["--help"]);
    expect(help.code).to.equal(0);
    expect(help.stdout).to.match(/^usage: tsmpirun/);
    for (const line of help.stdout.split("\n")) expect(line.length, line).to.be.at.most(80);
    const version = await launch(["--version"]);
    const { version: number } = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8"));
    expect(version.stdout).to.equal(`tsmpirun ${number}\n`);
  });

  it("should say who would run where, and start nothing", async () => {
    const args = [
      "--dry-run",
      "-n",
      "2",
      "a.ts",
      "x",
      "it's one",
      ":",
      "-n",
      "1",
      "--wdir",
      "folder",
      "a.ts",
    ];
    const { code, stdout } = await launch(args, { cwd });
    expect(code).to.equal(0);
    expect(stdout).to.match(/^3 ranks on this host, \d+ cores?( \(\d+ physical\))? to use\n/);
    expect(stdout).to.include(`ranks 0, 1: ${cwd}/a.ts x 'it'\\''s one' (in ${cwd})\n`);
    expect(stdout).to.include(`rank 2: ${cwd}/a.ts (in ${cwd}/folder)\n`);
  });

  it("should say under --dry-run which core each rank is bound to", async () => {
    const ranks = cores.length + 1;
    const { stdout } = await launch(["--dry-run", "-n", `${ranks}`, "--bind-to", "core", "a.ts"], { cwd });
    const bound = [...stdout.matchAll(/^rank (\d+): .*, core (.*)\)$/gm)].map(([, ...found]) =>
      found.map(Number),
    );
    expect(bound).to.deep.equal(
      Array.from({ length: ranks }, (_, rank) => [rank, cores[rank % cores.length]]),
    );
  });

  it("should start a rank for each core that may be used, unless told", async () => {
    const told = await launch(["--dry-run", "a.ts"], { cwd, env: { TSMPI_CORES: "3" } });
    expect(told.stdout).to.match(/^3 ranks on this host, 3 cores to use\nranks 0-2: /);
    const command = ["taskset", "-c", String(cores.at(-1)), process.execPath, tsmpirun, "--dry-run", "a.ts"];
    const bound = await launch([], { cwd, command, env: { TSMPI_CORES: undefined } });
    expect(bound.stdout).to.match(/^1 rank on this host, 1 core( \(1 physical\))? to use\nrank 0: /);
  });
});
