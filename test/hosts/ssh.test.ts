/** Jobs on hosts of their own, reached by a real ssh. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { packageRoot } from "../launch.ts";
import { newMark, sleep, until } from "../launcher/helpers.ts";
import { Cluster } from "./cluster.ts";
import { ProgramFolder } from "./program-folder.ts";

describe("hosts reached by ssh", function () {
  this.timeout(120_000);
  const cluster = new Cluster();
  const programs = new ProgramFolder();
  const cwd = programs.path;
  /** Mounted over a file of h3 alone. */
  const covered: string[] = [];

  before(function () {
    cluster.up(this, 3);
  });

  after(() => {
    cluster.down();
    programs.remove();
  });

  afterEach(() => {
    for (const path of covered.splice(0)) cluster.on("h3", "umount", path);
    cluster.control("heal");
  });

  function coverOnH3(path: string, content: string): void {
    const instead = join(cwd, `cover-${covered.length}`);
    writeFileSync(instead, content);
    cluster.on("h3", "mount", "--bind", instead, path);
    covered.push(path);
  }

  async function run(args: string[], script: string) {
    const mark = newMark();
    writeFileSync(join(cwd, "main.ts"), script);
    const launched = await cluster.launch([...args, "main.ts"], { cwd, env: mark.env });
    expect(await until(() => cluster.survivors(mark.text).length === 0), "nothing is left").to.equal(true);
    return { ...launched, lines: launched.stdout.trimEnd().split("\n").sort() };
  }

  const WHERE = `import { hostname } from "node:os";
import { world } from "tsmpi";
const ranks = await world.host.allgather(world.rank);
console.log(world.rank, world.size, hostname(), ranks.join());`;

  it("should run a job", async () => {
    const { code, lines, stderr } = await run(["--hosts", "h[1-3]:2"], WHERE);
    expect(stderr).to.equal("");
    expect(code).to.equal(0);
    const expected = ["0 6 h1 0,1", "1 6 h1 0,1", "2 6 h2 2,3", "3 6 h2 2,3", "4 6 h3 4,5", "5 6 h3 4,5"];
    expect(lines).to.deep.equal(expected);
  });

  it("should take hosts from a file, also this one, by address and with a user", async () => {
    writeFileSync(join(cwd, "hosts"), "h0 slots=1\nroot@h2 slots=1 # by name\n10.77.0.4\n");
    const { code, lines, stderr } = await run(["--hostfile", "hosts"], WHERE);
    expect(stderr).to.equal("");
    expect(code).to.equal(0);
    expect(lines).to.deep.equal(["0 3 h0 0", "1 3 h2 1", "2 3 h3 2"]);
  });

  it("should start further hosts from the first ones", async () => {
    const mark = newMark();
    writeFileSync(join(cwd, "main.ts"), WHERE);
    const env = { ...mark.env, TSMPI_FAN_OUT: "1" };
    const { code, stdout } = await cluster.launch(["--hosts", "h[1-3]", "main.ts"], { cwd, env });
    expect(code).to.equal(0);
    expect(stdout.trimEnd().split("\n").sort()).to.deep.equal(["0 3 h1 0", "1 3 h2 1", "2 3 h3 2"]);
  });

  it("should start them from here where hosts cannot log in to one another", async () => {
    const mark = newMark();
    writeFileSync(join(cwd, "main.ts"), WHERE);
    const env = { ...mark.env, TSMPI_FAN_OUT: "1" };
    cluster.control("reject", "h1", "h2");
    const { code, stdout } = await cluster.launch(["--hosts", "h[1-3]", "main.ts"], { cwd, env });
    expect(code).to.equal(0);
    expect(stdout.trimEnd().split("\n").sort()).to.deep.equal(["0 3 h1 0", "1 3 h2 1", "2 3 h3 2"]);
  });

  it("should end the job with the code of the rank that fails", async () => {
    const { code, stderr } = await run(
      ["--hosts", "h1:2,h2:2"],
      `import { world } from "tsmpi";
if (world.rank === 3) {
  await world.recv(0);
  setTimeout(() => process.exit(7), 300);
} else if (world.rank === 0) {
  await world.send("about to wait", 3);
  await world.host.recv(1);
}
setInterval(() => {}, 1000);`,
    );
    expect(code).to.equal(7);
    expect(stderr).to.match(/^tsmpirun: rank 3 exited with code 7; the job was ended$/m);
    expect(stderr).to.match(/^tsmpirun: rank 0 was waiting in recv from rank 1/m);
  });

  it("should pass on a script from a cache that hosts do not see", async () => {
    const mark = newMark();
    writeFileSync(join(cwd, "main.ts"), `${WHERE}\nif (world.rank === 1) throw new Error("here");`);
    const env = { ...mark.env, TSMPI_CACHE_DIR: "/tmp/of-h0" };
    const { code, stdout, stderr } = await cluster.launch(["--hosts", "h1,h2", "main.ts"], { cwd, env });
    expect(stdout).to.include("0 2 h1 0");
    expect(stderr).to.include("main.ts:5");
    expect(code).to.equal(1);
    expect(cluster.on("h1", "ls", "/tmp")).to.not.match(/^tsmpi-.{6}$/m);
    expect(cluster.on("h2", "ls", "/tmp")).to.not.match(/^tsmpi-.{6}$/m);
  });

  describe("that have nothing but Node", () => {
    before(() => {
      for (const host of ["h1", "h2"]) cluster.on(host, "mount", "-t", "tmpfs", "tmpfs", packageRoot);
    });

    after(() => {
      for (const host of ["h1", "h2"]) cluster.on(host, "umount", "--lazy", packageRoot);
    });

    function shipped(args: string[]) {
      const env = { TSMPI_CACHE_DIR: "/tmp/of-h0" };
      return cluster.launch(["--hosts", "h1:2,h2:1", "--ship", ...args], { cwd, env });
    }

    it("should be refused without --ship, and told of it", async () => {
      const { code, stderr } = await run(["--hosts", "h1,h2"], WHERE);
      expect(code).to.equal(2);
      expect(stderr).to.match(
        /^tsmpirun: h1, h2: has no tsmpi in \S+; install it there, share the folder, or use --ship$/m,
      );
    });

    it("should get tsmpi, the script and what it imports with --ship", async () => {
      const modules = join(cwd, "node_modules");
      for (const name of ["esm", "cjs"]) mkdirSync(join(modules, name), { recursive: true });
      writeFileSync(
        join(modules, "esm", "package.json"),
        '{ "name": "esm", "type": "module", "exports": "./x.js" }',
      );
      writeFileSync(
        join(modules, "esm", "x.js"),
        "import { readFileSync } from 'node:fs'; export const x = typeof readFileSync;",
      );
      writeFileSync(join(modules, "cjs", "package.json"), '{ "name": "cjs", "main": "y.js" }');
      writeFileSync(join(modules, "cjs", "y.js"), "const { EOL } = require('os'); exports.y = EOL.length;");
      writeFileSync(join(cwd, "own.ts"), "export const own: number = 5;");
      const imports = "import { x } from 'esm';\nimport { y } from 'cjs';\nimport { own } from './own.ts';\n";
      writeFileSync(
        join(cwd, "main.ts"),
        `${imports}${WHERE}\nconsole.log(world.rank, x, y, own, process.argv[2]);`,
      );
      const { code, stdout, stderr } = await shipped(["main.ts", "arg"]);
      expect(stderr).to.equal("");
      expect(code).to.equal(0);
      const whoever = [0, 1, 2].map(rank => `${rank} function 1 5 arg`);
      expect(stdout.trimEnd().split("\n").sort()).to.deep.equal(
        ["0 3 h1 0,1", "1 3 h1 0,1", "2 3 h2 2", ...whoever].sort(),
      );
    });

    it("should get all of tsmpi that a script imports", async () => {
      writeFileSync(
        join(cwd, "main.ts"),
        `import { world } from "tsmpi";
import { Matrix } from "tsmpi/linalg";
import { map } from "tsmpi/parallel";
import { Generator } from "tsmpi/random";
const squares = await map(world, [1, 2, 3], x => x * x);
if (world.rank === 0) console.log(squares, typeof Matrix, typeof Generator);`,
      );
      const { code, stdout, stderr } = await shipped(["main.ts"]);
      expect(stderr).to.equal("");
      expect(stdout).to.equal("[ 1, 4, 9 ] function function\n");
      expect(code).to.equal(0);
    });

    it("should get a CommonJS script, too, and show its lines when it fails", async () => {
      writeFileSync(
        join(cwd, "main.cjs"),
        "console.log(require('os').hostname(), require.main === module);\nif (process.env.TSMPI_RANK === '2')\n  throw new Error('here');",
      );
      const { code, stdout, stderr } = await shipped(["main.cjs"]);
      expect(stdout).to.include("h1 true\n").and.to.include("h2 true\n");
      expect(stderr).to.include("main.cjs:3");
      expect(code).to.equal(1);
    });

    it("should be refused a package of native code", async () => {
      writeFileSync(join(cwd, "x.node"), "");
      writeFileSync(join(cwd, "main.ts"), 'import "./x.node";');
      const { code, stderr } = await shipped(["main.ts"]);
      expect(code).to.equal(2);
      expect(stderr).to.match(/x\.node is native code, which --ship cannot send/);
    });

    it("should have nothing left of it", () => {
      for (const host of ["h1", "h2"]) expect(cluster.on(host, "ls", "/tmp")).to.not.match(/^tsmpi-.{6}$/m);
    });
  });

  describe("that lack something", () => {
    async function refused(args: string[], script = WHERE): Promise<string> {
      const { code, stderr, stdout } = await run(args, script);
      expect(stdout).to.equal("");
      expect(stderr).to.match(/\ntsmpirun: no rank was started\n$/);
      expect(code).to.equal(2);
      return stderr;
    }

    it("should be named when they do not exist", async () => {
      const stderr = await refused(["--hosts", "h1,h7,h8"]);
      expect(stderr).to.match(/^tsmpirun: h7: ssh ended with code 255: .*h7.*; check the name of the host$/m);
      expect(stderr).to.match(/^tsmpirun: h8: /m);
    });

    it("should be named when they refuse connections", async () => {
      cluster.control("reject", "h0", "h2");
      expect(await refused(["--hosts", "h1,h2"])).to.match(
        /^tsmpirun: h2: ssh ended with code 255: .*refused; is an ssh server running there\?$/m,
      );
    });

    it("should be named when they refuse the key", async () => {
      const stderr = await refused([
        "--ssh-args",
        "-i /dev/null -o IdentityFile=/dev/null -F none",
        "--hosts",
        "h1",
      ]);
      expect(stderr).to.match(
        /^tsmpirun: h1: ssh ended with code 255: .*(verification failed|Permission denied).*; \w+/m,
      );
    });

    it("should be named when they cannot be reached", async () => {
      cluster.control("cut", "h2");
      const begun = Date.now();
      const stderr = await refused(["--ssh-args", "-o ConnectTimeout=2", "--hosts", "h1,h2"]);
      expect(stderr).to.match(
        /^tsmpirun: h2: ssh ended with code 255: .*; is the host up, and reachable from here\?$/m,
      );
      expect(Date.now() - begun).to.be.below(10_000);
    });

    it("should be told to get Node", async () => {
      // The tests may run under another Node than the one that hosts find.
      const found = cluster.on("h0", "ssh", "h3", "command -v node").trim();
      for (const node of new Set([process.execPath, found])) coverOnH3(node, "");
      const stderr = await refused(["--hosts", "h1,h3"]);
      expect(stderr).to.include(
        `tsmpirun: h3: has no Node: neither ${process.execPath} nor node on the PATH`,
      );
    });

    it("should be told to get tsmpi", async () => {
      cluster.on("h3", "mount", "-t", "tmpfs", "tmpfs", join(packageRoot, "dist"));
      covered.push(join(packageRoot, "dist"));
      expect(await refused(["--hosts", "h1,h3"])).to.include(
        `tsmpirun: h3: has no tsmpi in ${packageRoot}; install`,
      );
    });

    it("should be told to get the same tsmpi", async () => {
      coverOnH3(join(packageRoot, "package.json"), '{ "version": "0.0.7" }');
      expect(await refused(["--hosts", "h1,h3"])).to.match(
        /^tsmpirun: h3: has tsmpi 0\.0\.7 in \S+, and tsmpirun is [\d.]+; install the same version there$/m,
      );
    });

    it("should be told that the addon does not load", async () => {
      coverOnH3(join(packageRoot, "build", "Release", "tsmpi.node"), "not a library");
      const stderr = await refused(["--hosts", "h1,h3"]);
      expect(stderr).to.match(/^tsmpirun: h3: tsmpi's native addon is missing .*build-native$/m);
      expect(stderr).to.not.include("h1:");
    });

    it("should be told to get what the script imports, and the script", async () => {
      cluster.on(
        "h0",
        "sh",
        "-c",
        "mkdir -p /tmp/lib && echo 'exports.x = 1' > /tmp/lib/x.cjs && cp /tmp/lib/x.cjs /tmp/run.cjs",
      );
      const stderr = await refused(["--hosts", "h1,h2"], 'import "/tmp/lib/x.cjs";');
      expect(stderr).to.match(
        /^tsmpirun: h1, h2: has no \/tmp\/lib\/x\.cjs, which \S+main\.ts imports; install it there/m,
      );
      const plain = await cluster.launch(["--hosts", "h1,h2", "/tmp/run.cjs"], { cwd });
      expect(plain.stderr).to.match(
        /^tsmpirun: h1, h2: has no \/tmp\/run\.cjs; copy it there, or share its folder$/m,
      );
    });

    it("should be told of a folder, and of an interface, that they do not have", async () => {
      cluster.on("h0", "mkdir", "-p", "/tmp/only-h0");
      const stderr = await refused(["--hosts", "h1,h2", "--wdir", "/tmp/only-h0", "--iface", "eth7"]);
      expect(stderr).to.match(
        /^tsmpirun: h2: has no folder \/tmp\/only-h0; .*; has no interface or network eth7 \(--iface\); it has lo/m,
      );
    });
  });

  describe("in trouble", () => {
    async function stays(args: string[] = []) {
      const mark = newMark();
      writeFileSync(join(cwd, "main.ts"), "console.log('up'); setInterval(() => {}, 1000);");
      const running = cluster.start(["--hosts", "h1:2,h2:2", ...args, "main.ts"], { cwd, env: mark.env });
      await running.printed("up\nup\nup\nup\n");
      await sleep(100);
      const gone = (): Promise<boolean> => until(() => cluster.survivors(mark.text).length === 0);
      const signal = (name: NodeJS.Signals): void => void process.kill(cluster.tsmpirun(mark.text), name);
      /** Not of another run of these tests. */
      const agentOf = (host: string): number =>
        cluster.find(
          (command, environment) =>
            command[0] === "ssh" &&
            command.includes(host) &&
            environment.includes(`TSMPI_TEST_MARK=${mark.text}`),
        )[0];
      return { ...running, signal, gone, agentOf };
    }

    it("should leave nothing when tsmpirun is killed", async () => {
      const { signal, gone } = await stays();
      signal("SIGKILL");
      expect(await gone()).to.equal(true);
    });

    it("should end with tsmpirun at SIGTERM", async () => {
      const { signal, done, gone } = await stays();
      signal("SIGTERM");
      expect((await done).code).to.equal(143);
      expect(await gone()).to.equal(true);
    });

    it("should end the job when ssh is killed", async () => {
      const { done, gone, agentOf } = await stays();
      process.kill(agentOf("h2"), "SIGKILL");
      const { code, stderr } = await done;
      expect(code).to.equal(1);
      expect(stderr).to.match(
        /^tsmpirun: host h2 was lost: its daemon has ended, ssh was killed by SIGKILL.*; the job was ended$/m,
      );
      expect(await gone()).to.equal(true);
    });

    it("should end the job when a host dies", async () => {
      const { done, gone } = await stays();
      cluster.control("kill", "h2");
      const { code, stderr } = await done;
      expect(code).to.equal(1);
      expect(stderr).to.match(/^tsmpirun: host h2 was lost: /m);
      expect(await gone()).to.equal(true);
      cluster.control("reboot", "h2");
    });

    it("should end the job when a host loses its power", async () => {
      const { done, gone } = await stays(["--link-timeout", "5"]);
      cluster.control("crash", "h2");
      const { code, stderr } = await done;
      expect(code).to.equal(1);
      expect(stderr).to.match(
        /^tsmpirun: host h2 was lost: has not been heard of for 5 s \(--link-timeout\); the job was ended$/m,
      );
      expect(await gone()).to.equal(true);
      cluster.control("reboot", "h2");
    });

    it("should end on both sides of a wire that stays cut", async () => {
      const { done, gone } = await stays(["--link-timeout", "5"]);
      cluster.control("cut", "h2");
      expect((await done).code).to.equal(1);
      expect(await gone()).to.equal(true);
    });

    it("should go on when a cut heals, or a frozen host thaws, in time", async () => {
      const mark = newMark();
      writeFileSync(join(cwd, "main.ts"), "console.log('up'); setTimeout(() => console.log('done'), 5000);");
      const args = ["--hosts", "h1,h2", "--link-timeout", "20", "main.ts"];
      const running = cluster.start(args, { cwd, env: mark.env });
      await running.printed("up\nup\n");
      cluster.control("cut", "h2");
      await sleep(1000);
      cluster.control("heal", "h2");
      cluster.control("freeze", "h1");
      await sleep(1000);
      cluster.control("thaw", "h1");
      const { code, stdout, stderr } = await running.done;
      expect(stderr).to.equal("");
      expect(stdout).to.equal("up\nup\ndone\ndone\n");
      expect(code).to.equal(0);
    });
  });
});
