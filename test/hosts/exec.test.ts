/** Several "hosts" on this machine: the agent is a command that starts the daemon here. Needs no privilege. */
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { type Launched, type LaunchOptions, launch, packageRoot, start } from "../launch.ts";
import { folderWith, newMark, removeFolders, STAY, sleep, survivors, until } from "../launcher/helpers.ts";

const AGENT = ["--agent", "env NAME={host}"];
const ON = (rank: number, what: string): string => `if (process.env.TSMPI_RANK === "${rank}") { ${what} }\n`;
/** Says who it is, with and without tsmpi. */
const WHO = `const { TSMPI_RANK, TSMPI_SIZE, TSMPI_HOST, TSMPI_HOSTS, TSMPI_LOCAL_RANK, TSMPI_LOCAL_SIZE, NAME } = process.env;
console.log([TSMPI_RANK, TSMPI_SIZE, TSMPI_HOST, TSMPI_HOSTS, TSMPI_LOCAL_RANK, TSMPI_LOCAL_SIZE, NAME].join(" "));`;

/** Processes of a marked job, by a part of their command. */
function processesWith(mark: string, word: string): number[] {
  return survivors(mark).filter(pid => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0").includes(word);
    } catch {
      // It has just ended.
      return false;
    }
  });
}

describe("a job on hosts", function () {
  this.timeout(20_000);
  after(removeFolders);

  async function run(hosts: string, script: string, args: string[] = [], options: LaunchOptions = {}) {
    const cwd = folderWith({ "main.ts": script });
    const mark = newMark();
    const all = ["--hosts", hosts, ...AGENT, "--timeout", "40", ...args, "main.ts"];
    const env = { ...mark.env, ...options.env };
    const result: Launched = await launch(all, { ...options, cwd, env });
    expect(await until(() => survivors(mark.text).length === 0), "nothing is left").to.equal(true);
    return { ...result, lines: result.stdout.trimEnd().split("\n").sort() };
  }

  it("should tell each rank where it is", async () => {
    const { code, lines, stderr } = await run("a:2,b:1", WHO);
    expect(stderr).to.equal("");
    expect(code).to.equal(0);
    expect(lines).to.deep.equal(["0 3 0 2 0 2 a", "1 3 0 2 1 2 a", "2 3 1 2 0 1 b"]);
  });

  it("should deal ranks out to hosts in turn with --map-by node", async () => {
    const { lines } = await run("a:2,b:2", WHO, ["--map-by", "node", "-n", "3"]);
    expect(lines).to.deep.equal(["0 3 0 2 0 2 a", "1 3 1 2 0 1 b", "2 3 0 2 1 2 a"]);
  });

  it("should leave out hosts that get no rank", async () => {
    const { lines } = await run("a:1,b:1,c:1", WHO, ["-n", "2"]);
    expect(lines).to.deep.equal(["0 2 0 2 0 1 a", "1 2 1 2 0 1 b"]);
  });

  it("should give world.host the ranks of each host, whatever their numbers", async () => {
    const { code, lines, stderr } = await run(
      "a:2,b:3",
      `import { world, sum } from "tsmpi";
const { host } = world;
const ranks = await host.allgather(world.rank);
await host.barrier();
host.sync.barrier();
const half = await host.split(host.rank % 2);
const array = new Float64Array(100_000).fill(world.rank);
await host.allreduceInto(array, array, sum);
if (host.rank === 0) await host.send("hello", 1);
const got = host.rank === 1 ? await host.recv(0) : "-";
console.log(world.rank, world.size, host.rank, host.size, ranks.join(), half.size, array[99_999], got);`,
      ["--map-by", "node"],
    );
    expect(stderr).to.equal("");
    expect(code).to.equal(0);
    expect(lines).to.deep.equal([
      "0 5 0 2 0,2 1 2 -",
      "1 5 0 3 1,3,4 2 8 -",
      "2 5 1 2 0,2 1 2 hello",
      "3 5 1 3 1,3,4 1 8 hello",
      "4 5 2 3 1,3,4 2 8 -",
    ]);
  });

  it("should print what ranks print, whole and in order", async () => {
    const script = `for (let i = 0; i < 3000; i++) console.log(process.env.TSMPI_RANK, i, "x".repeat(i % 200));
console.log("y".repeat(3_000_000));`;
    const { lines, stdout } = await run("a:2,b:2", script);
    const here = await launch(["-n", "4", "main.ts"], { cwd: folderWith({ "main.ts": script }) });
    expect(lines).to.deep.equal(here.stdout.trimEnd().split("\n").sort());
    const own = stdout.split("\n").filter(line => line.startsWith("2 "));
    expect(own.map(line => Number(line.split(" ")[1]))).to.deep.equal([...own.keys()]);
  });

  it("should keep memory bounded when nobody reads fast enough", async () => {
    const cwd = folderWith({
      "main.cjs": 'for (;;) require("fs").writeSync(1, "x".repeat(99_999) + "\\n");',
    });
    const mark = newMark();
    const running = start(["--hosts", "a,b", ...AGENT, "main.cjs"], { cwd, env: mark.env });
    running.child.stdout!.removeAllListeners("data").pause();
    await sleep(2500);
    const pids = [running.child.pid!, ...processesWith(mark.text, "daemon")];
    for (const pid of pids) {
      const megabytes = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) / 1024;
      expect(megabytes).to.be.below(300);
    }
    running.child.kill("SIGKILL");
    expect(await until(() => survivors(mark.text).length === 0)).to.equal(true);
  });

  it("should lose nothing at the end while the reader is slow", async () => {
    const cwd = folderWith({
      "main.cjs": 'process.stdout.write((process.env.TSMPI_RANK.repeat(99) + "\\n").repeat(4_000));',
    });
    const mark = newMark();
    // A host that another one has started ends before that one.
    const env = { ...mark.env, TSMPI_FAN_OUT: "1" };
    const running = start(["--hosts", "a,b", ...AGENT, "main.cjs"], { cwd, env });
    const out = running.child.stdout!;
    const readOn = out.listeners("data") as ((bytes: Buffer) => void)[];
    out.removeAllListeners("data").pause();
    await sleep(5000);
    for (const listener of readOn) out.on("data", listener);
    out.resume();
    const { code, stdout } = await running.done;
    const lines = stdout.split("\n");
    const count = (line: string): number => lines.filter(text => text === line).length;
    expect([count("0".repeat(99)), count("1".repeat(99))]).to.deep.equal([4_000, 4_000]);
    expect(code).to.equal(0);
    expect(await until(() => survivors(mark.text).length === 0), "nothing is left").to.equal(true);
  });

  it("should tag lines, and write files, by world rank", async () => {
    const cwd = folderWith({ "main.ts": "console.log('one'); console.error('two');" });
    const args = ["--hosts", "a:1,b:1", ...AGENT, "--tag-output", "--output-dir", "out", "main.ts"];
    const { stdout, stderr } = await launch(args, { cwd });
    expect(stdout.split("\n").sort().join("\n")).to.equal("\n[0] one\n[1] one");
    expect(stderr.split("\n").sort().join("\n")).to.equal("\n[0] two\n[1] two");
    expect(readFileSync(join(cwd, "out", "rank-1.out"), "utf8")).to.equal("one\n");
    expect(readFileSync(join(cwd, "out", "rank-1.err"), "utf8")).to.equal("two\n");
  });

  for (const [reader, readers] of [
    ["0", [0]],
    ["2", [2]],
    ["all", [0, 1, 2]],
    ["none", []],
  ] as const) {
    it(`should give the standard input to ${reader}`, async () => {
      const input = Buffer.alloc(1_000_003, "0123456789abcdef");
      const { lines, code } = await run(
        "a:2,b:1",
        `import { createHash } from "node:crypto";
const hash = createHash("md5");
let bytes = 0;
for await (const part of process.stdin) { bytes += part.length; hash.update(part); }
console.log(process.env.TSMPI_RANK, bytes);`,
        ["--stdin", reader],
        { input },
      );
      expect(code).to.equal(0);
      const expected = [0, 1, 2].map(rank => `${rank} ${readers.some(r => r === rank) ? input.length : 0}`);
      expect(lines).to.deep.equal(expected);
    });
  }

  it("should go on when a rank closes its input", async () => {
    const { code, lines } = await run(
      "a:1,b:1",
      `if (process.env.TSMPI_RANK === "0") process.stdin.destroy();
else { let bytes = 0; for await (const part of process.stdin) bytes += part.length; console.log(bytes); }`,
      ["--stdin", "all"],
      { input: Buffer.alloc(3_000_000) },
    );
    expect(code).to.equal(0);
    expect(lines).to.deep.equal(["3000000"]);
  });

  it("should run several programs, each with folder and variables of its own", async () => {
    const cwd = folderWith({
      "a.ts": `console.log("a", process.env.TSMPI_RANK, process.env.NAME, process.env.X, process.cwd().slice(-1), process.argv[2]);`,
      "b.cjs": `console.log("b", process.env.TSMPI_RANK, process.env.NAME, process.env.X, process.cwd().slice(-1), process.argv[2]);`,
      "p/x": "",
      "q/x": "",
    });
    const one = ["-n", "2", "-x", "X=1", "--wdir", "p", "a.ts", "u"];
    const two = ["-n", "2", "-x", "X=2", "--wdir", "q", "b.cjs", "v"];
    const { stdout, stderr, code } = await launch(["--hosts", "h:3,k:1", ...AGENT, ...one, ":", ...two], {
      cwd,
    });
    expect(stderr).to.equal("");
    expect(code).to.equal(0);
    expect(stdout.trimEnd().split("\n").sort()).to.deep.equal([
      "a 0 h 1 p u",
      "a 1 h 1 p u",
      "b 2 h 2 q v",
      "b 3 k 2 q v",
    ]);
  });

  it("should say who would run where with --dry-run", async () => {
    const { stdout, lines } = await run("a:2,b[1-2]:1", "", ["--dry-run"]);
    expect(stdout).to.include("4 ranks on 3 hosts, reached by exec\n");
    expect(lines).to.include.members(["a: ranks 0, 1", "b1: rank 2", "b2: rank 3"]);
  });

  it("should say what it does with --verbose", async () => {
    const { stderr } = await run("a:1,b:1", "setTimeout(() => {}, 1000);", ["--verbose"]);
    expect(stderr).to.match(/^tsmpirun: a is \S+ \(.+\)$/m);
    expect(stderr).to.match(/rank 1 is process \d+ on b$/m);
  });

  it("should start the agents of further hosts on the first ones", async () => {
    const hosts = "a:1,b:1,c:1,d:1,e:1";
    const { code, lines } = await run(hosts, WHO, [], { env: { TSMPI_FAN_OUT: "2" }, input: "" });
    expect(code).to.equal(0);
    expect(lines.map(line => line.split(" ").at(-1)!)).to.deep.equal(["a", "b", "c", "d", "e"]);
  });

  it("should find the pods of an indexed Job, by the agent that docs/hosts.md has for them", async () => {
    const text = readFileSync(join(packageRoot, "docs", "hosts.md"), "utf8");
    const [, agent] = /```sh\n(#!\/bin\/sh\n# in-pod [^`]*)```/.exec(text)!;
    // Stands in for kubectl: pod 2 does not run, and what it is asked must be what kubectl understands.
    const kubectl = `#!/bin/sh
case "$*" in
  "get pods -o name --field-selector=status.phase=Running -l batch.kubernetes.io/job-name=my-sim,batch.kubernetes.io/job-completion-index="[01])
    echo "pod/my-sim-\${*##*=}-x7k2q" ;;
  get*) ;;
  "exec -i pod/my-sim-"[01]"-x7k2q -- "*) export NAME="$3"; shift 4; exec "$@" ;;
  *) echo "stand-in for kubectl: $*" >&2; exit 1 ;;
esac
`;
    const cwd = folderWith({ "in-pod": agent, kubectl, "main.ts": WHO });
    for (const name of ["in-pod", "kubectl"]) chmodSync(join(cwd, name), 0o755);
    const env = { PATH: `${cwd}:${process.env.PATH}` };
    const onPods = (pods: string) =>
      launch(["--hosts", pods, "--agent", "./in-pod {host}", "main.ts"], { cwd, env });
    const { code, stdout, stderr } = await onPods("my-sim-[0-1]:2");
    expect([code, stderr]).to.deep.equal([0, ""]);
    expect(stdout.trimEnd().split("\n").sort()).to.deep.equal([
      "0 4 0 2 0 2 pod/my-sim-0-x7k2q",
      "1 4 0 2 1 2 pod/my-sim-0-x7k2q",
      "2 4 1 2 0 2 pod/my-sim-1-x7k2q",
      "3 4 1 2 1 2 pod/my-sim-1-x7k2q",
    ]);
    const missing = await onPods("my-sim-[1-2]");
    expect(missing.stderr).to.include("tsmpirun: my-sim-2: ").and.to.include("no pod of my-sim-2 is running");
    expect(missing.code).to.equal(2);
  });

  it("should pass on a script that the hosts do not see", async () => {
    const cwd = folderWith({ "main.ts": `${WHO}\nthrow new Error("at its place");` });
    // Only this tsmpirun can read the cache.
    const hidden = folderWith({});
    const agent = `unshare -r -m sh -c 'mount -t tmpfs tmpfs ${hidden} && exec "$@"' sh`;
    const args = ["--hosts", "a,b", "--agent", `env NAME={host} ${agent}`, "main.ts"];
    const { code, stdout, stderr } = await launch(args, { cwd, env: { TSMPI_CACHE_DIR: hidden } });
    expect(stdout, stderr).to.match(/^[01] 2 [01] 2 0 1 [ab]\n/);
    expect(code).to.equal(1);
    expect(stderr).to.include("main.ts:3");
    expect(
      readdirSync(tmpdir()).filter(
        name => /^tsmpi-.{6}$/.test(name) && existsSync(join(tmpdir(), name, "x")),
      ),
    ).to.have.length(0);
  });

  describe("that ends", () => {
    it("should take the code of the first rank that fails, and say what others waited for", async () => {
      const { code, stderr } = await run(
        "a:2,b:2",
        `import { world } from "tsmpi";
if (world.rank === 3) setTimeout(() => process.exit(5), 500);
else if (world.rank === 0) await world.host.recv(1, { tag: 7 });
setInterval(() => {}, 1000);`,
      );
      expect(code).to.equal(5);
      expect(stderr).to.match(/^tsmpirun: rank 3 exited with code 5; the job was ended$/m);
      expect(stderr).to.match(/^tsmpirun: rank 0 was waiting in recv from rank 1, tag 7/m);
    });

    it("should show one and the same mistake of all ranks once", async () => {
      const { code, stderr } = await run(
        "a:2,b:2",
        "await new Promise(r => setTimeout(r, 400));\nthrow new Error('on all');",
      );
      expect(code).to.equal(1);
      expect(stderr.match(/Error: on all/g)).to.have.length(1);
      expect(stderr).to.match(/failed with the same error/);
    });

    it("should say which signal killed a rank", async () => {
      const { code, stderr } = await run(
        "a:1,b:1",
        `${STAY}${ON(1, "process.kill(process.pid, 'SIGSEGV')")}`,
      );
      expect(code).to.equal(139);
      expect(stderr).to.include("rank 1 was killed by SIGSEGV; the job was ended");
    });

    it("should end at --timeout", async () => {
      const { code, stderr } = await run("a:1,b:1", STAY, ["--timeout", "1"]);
      expect(code).to.equal(124);
      expect(stderr).to.include("ranks 0, 1 were not waiting for another rank");
    });

    for (const [signal, expected] of [
      ["SIGINT", 130],
      ["SIGTERM", 143],
    ] as const) {
      it(`should pass ${signal} on`, async () => {
        const cwd = folderWith({
          "main.cjs": `process.on("${signal}", () => { console.log("saved " + process.env.TSMPI_RANK); process.exit(0); });\n${STAY}`,
        });
        const mark = newMark();
        const running = start(["--hosts", "a:1,b:1", ...AGENT, "main.cjs"], { cwd, env: mark.env });
        await running.printed("up\nup\n");
        running.child.kill(signal);
        const { code, stdout, stderr } = await running.done;
        expect(code).to.equal(expected);
        expect(stdout).to.include("saved 0").and.to.include("saved 1");
        expect(stderr).to.include(`tsmpirun: ended by ${signal}`);
        expect(await until(() => survivors(mark.text).length === 0)).to.equal(true);
      });
    }

    it("should kill at once when asked twice", async () => {
      const cwd = folderWith({
        "main.cjs": `process.on("SIGINT", () => {}); process.on("SIGTERM", () => {});\n${STAY}`,
      });
      const running = start(["--hosts", "a:1,b:1", ...AGENT, "main.cjs"], { cwd });
      await running.printed("up\nup\n");
      running.child.kill("SIGINT");
      await sleep(100);
      const begun = Date.now();
      running.child.kill("SIGINT");
      expect((await running.done).code).to.equal(130);
      expect(Date.now() - begun).to.be.below(1000);
    });

    it("should stop and go on with tsmpirun", async () => {
      const cwd = folderWith({
        "main.cjs": "console.log('up'); setTimeout(() => console.log('done'), 2000);",
      });
      const mark = newMark();
      const args = ["--hosts", "a:1", ...AGENT, "--link-timeout", "4", "main.cjs"];
      const running = start(args, { cwd, env: mark.env });
      await running.printed("up\n");
      running.child.kill("SIGTSTP");
      const rank = processesWith(mark.text, join(cwd, "main.cjs"))[0];
      const stopped = (pid: number): boolean => /\) T /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
      expect(await until(() => stopped(rank) && stopped(running.child.pid!))).to.equal(true);
      // Longer than the link may be silent otherwise.
      await sleep(5500);
      running.child.kill("SIGCONT");
      const { code, stdout } = await running.done;
      expect(stdout).to.equal("up\ndone\n");
      expect(code).to.equal(0);
    });
  });

  describe("that loses something", () => {
    async function stays(args: string[] = [], script = STAY) {
      const cwd = folderWith({ "main.cjs": script });
      const mark = newMark();
      const running = start(["--hosts", "a:2,b:2", ...AGENT, ...args, "main.cjs"], { cwd, env: mark.env });
      await running.printed("up\nup\nup\nup\n");
      await sleep(100);
      const gone = (): Promise<boolean> => until(() => survivors(mark.text).length === 0);
      return { ...running, mark: mark.text, gone };
    }

    it("should end when a daemon is killed, naming the host", async () => {
      const { mark, done, gone } = await stays();
      const [daemon] = processesWith(mark, "daemon");
      process.kill(daemon, "SIGKILL");
      const { code, stderr } = await done;
      expect(code).to.equal(1);
      expect(stderr).to.match(
        /^tsmpirun: host [ab] was lost: its daemon has ended, env was killed by SIGKILL; the job was ended$/m,
      );
      expect(await gone()).to.equal(true);
    });

    for (const [what, script] of [
      ["its ranks", STAY],
      [
        "what ranks have started",
        `require("node:child_process").spawn("sleep", ["1000"], { stdio: "ignore" });\n${STAY}`,
      ],
      ["ranks that are stopped", `${STAY}setTimeout(() => process.kill(process.pid, "SIGSTOP"), 50);\n`],
    ]) {
      it(`should leave nothing of ${what} when tsmpirun is killed`, async () => {
        const { child, gone } = await stays([], script);
        child.kill("SIGKILL");
        expect(await gone()).to.equal(true);
      });
    }

    it("should say what an agent prints among what its daemon says", async () => {
      const agent = "sh -c '(until test -e now; do sleep 0.1; done; echo noise) & exec \"$@\"' {host}/sh";
      const cwd = folderWith({ "main.cjs": `require("fs").writeFileSync("now", "");\n${STAY}` });
      const mark = newMark();
      const { code, stderr } = await launch(["--hosts", "a", "--agent", agent, "main.cjs"], {
        cwd,
        env: mark.env,
      });
      expect(stderr).to.match(
        /host a was lost: the agent does not pass bytes .*"noise\\n.*, nor print anything itself/,
      );
      expect(code).to.equal(1);
      expect(await until(() => survivors(mark.text).length === 0)).to.equal(true);
    });

    it("should leave nothing when all daemons are killed", async () => {
      const { mark, done, gone } = await stays(
        [],
        `require("node:child_process").spawn("sleep", ["1000"], { stdio: "ignore" });\n${STAY}`,
      );
      for (const daemon of processesWith(mark, "daemon")) process.kill(daemon, "SIGKILL");
      expect((await done).code).to.equal(1);
      expect(await gone()).to.equal(true);
    });

    it("should end when a daemon is told to by its machine", async () => {
      const { mark, done, gone } = await stays();
      process.kill(processesWith(mark, "daemon")[0], "SIGTERM");
      const { code, stderr } = await done;
      expect(code).to.equal(1);
      expect(stderr).to.match(/^tsmpirun: [ab]: tsmpi daemon: SIGTERM came$/m);
      expect(await gone()).to.equal(true);
    });

    it("should end when a host falls silent", async () => {
      const { mark, done, gone } = await stays(["--link-timeout", "4"]);
      const [daemon] = processesWith(mark, "daemon");
      process.kill(daemon, "SIGSTOP");
      const { code, stderr } = await done;
      expect(code).to.equal(1);
      expect(stderr).to.match(/host [ab] was lost: has not been heard of for 4 s/);
      expect(await gone()).to.equal(true);
    });

    it("should go on when a host is silent for a shorter time", async () => {
      const { mark, done } = await stays(
        ["--link-timeout", "4"],
        "console.log('up'); setTimeout(() => {}, 3000);",
      );
      const [daemon] = processesWith(mark, "daemon");
      process.kill(daemon, "SIGSTOP");
      await sleep(1500);
      process.kill(daemon, "SIGCONT");
      expect((await done).code).to.equal(0);
    });

    it("should not wait for a frozen host when it ends otherwise", async () => {
      const { mark, done, gone } = await stays(["--timeout", "2"]);
      const [daemon] = processesWith(mark, "daemon");
      process.kill(daemon, "SIGSTOP");
      const { code, stderr } = await done;
      expect(code).to.equal(124);
      expect(stderr).to.match(/host [ab] was lost: has not ended its ranks within 5 s/);
      expect(await gone()).to.equal(true);
    });

    it("should leave nothing when tsmpirun is frozen for too long", async () => {
      const { child, done, mark, gone } = await stays(["--link-timeout", "4"]);
      child.kill("SIGSTOP");
      expect(await until(() => processesWith(mark, "daemon").length === 0)).to.equal(true);
      child.kill("SIGCONT");
      expect((await done).code).to.equal(1);
      expect(await gone()).to.equal(true);
    });
  });

  describe("that cannot start", () => {
    async function refused(args: string[], script = ""): Promise<string> {
      const cwd = folderWith({ "main.ts": script, "main.cjs": script });
      const mark = newMark();
      const { code, stdout, stderr } = await launch(args, { cwd, env: mark.env });
      expect(stderr).to.match(/\ntsmpirun: no rank was started\n$/);
      expect(stdout).to.equal("");
      expect(code).to.equal(2);
      expect(await until(() => survivors(mark.text).length === 0), "nothing is left").to.equal(true);
      return stderr;
    }

    it("should say that the agent is missing", async () => {
      const stderr = await refused(["--hosts", "a,b", "--agent", "no-such-agent {host}", "main.ts"]);
      expect(stderr).to.include(
        "tsmpirun: a, b: no-such-agent could not be started (spawn no-such-agent ENOENT); is it installed here?",
      );
    });

    it("should say how the agent ended, and what it said", async () => {
      const stderr = await refused([
        "--hosts",
        "a",
        "--agent",
        "sh -c 'echo no such pod: {host} >&2; exit 3'",
        "main.ts",
      ]);
      expect(stderr).to.include(
        "tsmpirun: a: sh ended with code 3: no such pod: a; " +
          "try: sh -c 'echo no such pod: a >&2; exit 3' true",
      );
    });

    it("should say what node threw there, and not where", async () => {
      const agent = `sh -c 'exec node -e "throw new SyntaxError(1)"' {host}`;
      const stderr = await refused(["--hosts", "a", "--agent", agent, "main.ts"]);
      expect(stderr).to.include("a: sh ended with code 1: SyntaxError: 1; is its Node 20.19 or later?\n");
    });

    it("should say at once that a host has another version of tsmpi, whose frames are others", async () => {
      const agent = `sh -c 'printf "hello\ntsmpi-daemon 1\n"; exec cat' {host}`;
      expect(await refused(["--hosts", "a,b", "--agent", agent, "main.ts"])).to.match(
        /^tsmpirun: a, b: has another version of tsmpi in \S+, and tsmpirun is [\d.]+; install the same version there$/m,
      );
    });

    it("should say of which host no daemon comes, and how to try", async () => {
      // As a start-up file of a shell may do. What it prints is not to be taken for the reason.
      const agent = "sh -c 'echo no such file >&2; sleep 1000' {host}";
      const stderr = await refused(["--hosts", "a", "--link-timeout", "2", "--agent", agent, "main.ts"]);
      expect(stderr).to.include(
        "tsmpirun: a: has not been heard of for 2 s (--link-timeout), and no daemon has begun there: " +
          "no such file; try: sh -c 'echo no such file >&2; sleep 1000' a true\n",
      );
    });

    it("should say that a host has no room for the script, or for tsmpi", async () => {
      const hidden = folderWith({});
      const agent = `env TMPDIR=/proc/{host} unshare -r -m sh -c 'mount -t tmpfs tmpfs ${hidden} && exec "$@"' sh`;
      const env = { TSMPI_CACHE_DIR: hidden };
      for (const [ship, what] of [
        [[], "the script"],
        [["--ship"], "tsmpi"],
      ] as const) {
        const cwd = folderWith({ "main.ts": WHO });
        const args = ["--hosts", "a", ...ship, "--agent", agent, "main.ts"];
        const { code, stderr } = await launch(args, { cwd, env });
        expect(stderr).to.match(
          new RegExp(
            `^tsmpirun: a: cannot keep ${what} in /proc/a \\(.*no such file or directory\\); make room there, or set TMPDIR`,
          ),
        );
        expect(code).to.equal(2);
      }
    });

    it("should say that a host has no ZeroMQ, which --wire tcp does without", async () => {
      const zeromq = join(packageRoot, "node_modules", "zeromq");
      const agent = `unshare -r -m sh -c 'mount -t tmpfs tmpfs ${zeromq} && exec "$@"' sh`;
      const script = 'process.stdout.write(process.env.TSMPI_RANK + "\\n");';
      const stderr = await refused(
        ["--hosts", "a,b", "--agent", `env NAME={host} ${agent}`, "main.cjs"],
        script,
      );
      expect(stderr).to.match(/^tsmpirun: a, b: cannot listen for other hosts \(zeromq\): .*zeromq/m);
      const { code, lines } = await run("a,b", script, [
        "--agent",
        `env NAME={host} ${agent}`,
        "--wire",
        "tcp",
      ]);
      expect(lines).to.deep.equal(["0", "1"]);
      expect(code).to.equal(0);
    });

    for (const signal of ["SIGINT", "SIGKILL"] as const) {
      it(`should leave no agent that does not end when tsmpirun gets ${signal} while hosts are awaited`, async () => {
        const cwd = folderWith({ "main.ts": "" });
        const mark = newMark();
        // The second is as good as a host that is frozen. When the third is started, tsmpirun has made a note of it.
        const agent = "sh -c 'test {host} != b && exec \"$@\"; sleep 1000 & sleep 1000' sh";
        const running = start(["--hosts", "a,b,c", "--agent", agent, "main.ts"], { cwd, env: mark.env });
        const isThere = (): boolean =>
          processesWith(mark.text, "sleep").length === 2 && processesWith(mark.text, "daemon").length === 2;
        expect(await until(isThere)).to.equal(true);
        running.child.kill(signal);
        await running.done;
        expect(await until(() => survivors(mark.text).length === 0)).to.equal(true);
      });
    }

    it("should say that an agent passes no input", async () => {
      const stderr = await refused(["--hosts", "a", "--agent", `sh -c '"$@" </dev/null' {host}`, "main.ts"]);
      expect(stderr).to.match(/a: .*standard input/);
    });

    it("should say that an agent uses a terminal", async () => {
      const stderr = await refused([
        "--hosts",
        "a",
        "--agent",
        `script -qec 'stty -echo; sh -c "$0" {host}' /dev/null`,
        "main.ts",
      ]);
      expect(stderr).to.match(/^tsmpirun: a: /m);
    });

    it("should name a folder that is not there", async () => {
      const stderr = await refused(["--hosts", "a,b", ...AGENT, "--wdir", "nowhere", "main.ts"]);
      expect(stderr).to.match(
        /^tsmpirun: a, b: has no folder \S+nowhere; make it there, or choose another with --wdir$/m,
      );
    });

    it("should name a host with more ranks than it can hold", async () => {
      const stderr = await refused(["--hosts", "a,b:5000", ...AGENT, "main.ts"]);
      expect(stderr).to.include(
        "tsmpirun: b: 5000 ranks on one host are too many; at most 4096 are possible",
      );
    });

    it("should name a network that is not there", async () => {
      expect(await refused(["--hosts", "a", ...AGENT, "--iface", "nope7", "main.ts"])).to.match(
        /a: has no interface or network nope7 \(--iface\); it has lo/,
      );
      expect(await refused(["--hosts", "a", ...AGENT, "--iface", "203.0.113.0/24", "main.ts"])).to.include(
        "has no interface or network 203.0.113.0/24",
      );
    });

    it("should show a mistake in the script as on one host", async () => {
      const cwd = folderWith({ "main.ts": "const = 3;" });
      const mark = newMark();
      const { code, stderr } = await launch(["--hosts", "a,b", ...AGENT, "main.ts"], { cwd, env: mark.env });
      expect(code).to.equal(2);
      expect(stderr).to.include("main.ts:1:6");
      expect(await until(() => survivors(mark.text).length === 0)).to.equal(true);
    });
  });

  it("should not answer somebody who starts a daemon by hand", () => {
    const out = execFileSync(process.execPath, ["dist/tsmpi.js", "help"], { encoding: "utf8" });
    expect(out).to.not.include("daemon");
  });
});
