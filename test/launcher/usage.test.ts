import { expect } from "chai";
import { launch } from "../launch.ts";
import { folderWith, removeFolders } from "./helpers.ts";

describe("tsmpirun, asked for something odd", () => {
  let cwd: string;
  before(() => {
    cwd = folderWith({
      "a.ts": "console.log(process.env.TSMPI_RANK);",
      "bad.ts": "const x = 1;\nconst y: number = ;\n",
      "missing-import.ts": 'import { a } from "./nowhere.ts";\nconsole.log(a);\n',
      "folder/x": "",
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

  it("should print help and version on stdout", async () => {
    const help = await launch(["--help"]);
    expect(help.code).to.equal(0);
    expect(help.stdout).to.match(/^usage: tsmpirun/);
    for (const line of help.stdout.split("\n")) expect(line.length, line).to.be.at.most(80);
    const version = await launch(["--version"]);
    expect(version.stdout).to.match(/^tsmpirun \d+\.\d+\.\d+\n$/);
  });

  it("should say who would run where, and start nothing", async () => {
    const args = ["--dry-run", "-n", "2", "a.ts", "x", ":", "-n", "1", "--wdir", "folder", "a.ts"];
    const { code, stdout } = await launch(args, { cwd });
    expect(code).to.equal(0);
    expect(stdout).to.match(/^3 ranks on this host, \d+ cores? to use\n/);
    expect(stdout).to.include(`ranks 0, 1: ${cwd}/a.ts x (in ${cwd})\n`);
    expect(stdout).to.include(`rank 2: ${cwd}/a.ts (in ${cwd}/folder)\n`);
  });

  it("should say under --dry-run which core each rank is bound to", async () => {
    const { stdout } = await launch(["--dry-run", "-n", "2", "--bind-to", "core", "a.ts"], { cwd });
    expect(stdout).to.match(/^rank 0: .*, core \d+\)$/m);
  });
});
