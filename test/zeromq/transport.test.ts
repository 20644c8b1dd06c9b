/** What `--transport zeromq` promises besides messages: no addon, no port, nobody but the job's ranks, nothing left. */
import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { Push } from "zeromq";
import { encodeZ85 } from "../../src/gateway/z85.ts";
import { launch, packageRoot, start } from "../launch.ts";
import { folderWith, newMark, removeFolders, STAY, sleep, survivors, until } from "../launcher/helpers.ts";
import { listening, socketsOf } from "../sockets.ts";

const ZEROMQ = ["--transport", "zeromq"];

/** Connects to sockets and says what is not ZeroMQ's language. Not node's, which fills abstract names up with zeros. */
const SPEECHLESS = `
import socket, sys
strangers = []
for name in sys.argv[1:]:
    for words in (b"", b"GET / HTTP/1.1\\r\\n\\r\\n", b"\\xff" * 100000):
        stranger = socket.socket(socket.AF_UNIX)
        stranger.connect("\\0" + name)
        try:
            stranger.sendall(words)
        except OSError:
            pass # turned away
        strangers.append(stranger)
print("connected", flush=True)
sys.stdin.read()
`;

/** Abstract names of unix sockets that processes of a job listen at, or of all. */
function names(pids?: readonly number[]): string[] {
  const own = pids === undefined ? undefined : new Set(pids.flatMap(pid => [...socketsOf(pid)]));
  const lines = readFileSync("/proc/net/unix", "latin1").split("\n");
  const sockets = lines.flatMap(line => {
    const [, inode, name] = / (\d+) @(tsmpi-\S+)$/.exec(line) ?? [];
    return name === undefined || own?.has(inode) === false ? [] : name;
  });
  return [...new Set(sockets)];
}

/** A copy of the package as it is installed, but without the addon. */
function packageWithoutAddon(): string {
  const folder = folderWith({});
  const copy = join(folder, "node_modules", "tsmpi");
  mkdirSync(copy, { recursive: true });
  cpSync(join(packageRoot, "dist"), join(copy, "dist"), { recursive: true });
  cpSync(join(packageRoot, "package.json"), join(copy, "package.json"));
  for (const name of ["zeromq", "tweetnacl", "cmake-ts", "esbuild", "node-addon-api"]) {
    try {
      symlinkSync(join(packageRoot, "node_modules", name), join(folder, "node_modules", name));
    } catch {
      // Not all belong to every version.
    }
  }
  return folder;
}

const SUM = `import { max, sum, world } from "tsmpi";
const x = new Float64Array(20000).map((_, i) => (i % 97) * 0.1 + world.rank);
await world.allreduceInto(x, x, sum);
const most = await world.allreduce(world.rank, max);
const next = await world.sync.sendrecv(world.rank, (world.rank + 1) % world.size, (world.rank + world.size - 1) % world.size);
if (world.rank === 0) console.log(world.size, most, next, x.reduce((a, b) => a + b, 0));
`;

const MAPS = `import { world } from "tsmpi";
import { map, task, withPool } from "tsmpi/parallel";
const cube = task(x => x ** 3);
const squares = await map(world, Array.from({ length: 100 }, (_, i) => i), i => i * i);
const cubes = await withPool(world, pool => Promise.all([1, 2, 3].map(i => pool.submit(cube, i))));
if (world.rank === 0) console.log(squares.reduce((a, b) => a + b, 0), cubes.join());
`;

describe("the ZeroMQ transport", function () {
  this.timeout(150_000);
  after(removeFolders);

  it("should give the results of shared memory", async () => {
    const cwd = folderWith({});
    mkdirSync(join(cwd, "node_modules"));
    symlinkSync(packageRoot, join(cwd, "node_modules", "tsmpi"));
    writeFileSync(join(cwd, "main.mjs"), SUM);
    const [shared, zeromq] = await Promise.all([
      launch(["-n", "3", "main.mjs"], { cwd, env: { TSMPI_ALGORITHM: "allreduce=ring" } }),
      launch([...ZEROMQ, "-n", "3", "main.mjs"], { cwd, env: { TSMPI_ALGORITHM: "allreduce=ring" } }),
    ]);
    expect(zeromq.stderr).to.equal("");
    expect([zeromq.code, zeromq.stdout]).to.deep.equal([shared.code, shared.stdout]);
  });

  it("should refuse shared arrays, with the reason and the remedy", async () => {
    const cwd = folderWith({
      "main.ts": `import { NoSharedMemoryError, world } from "tsmpi";
try {
  await world.host.shared(Float64Array, 10);
} catch (error) {
  if (!(error instanceof NoSharedMemoryError)) throw error;
  console.log(world.host.size, world.sharesMemory, error.code, error.message);
}
const alone = await world.split(world.rank);
console.log((await alone.shared(Float64Array, 10)).length);
`,
    });
    const { code, stdout, stderr } = await launch([...ZEROMQ, "-n", "2", "main.ts"], { cwd });
    expect([code, stderr]).to.deep.equal([0, ""]);
    expect(
      stdout.match(/^2 false TSMPI_NO_SHARED_MEMORY shared: .* --transport shared-memory/gm),
    ).to.have.length(2);
    expect(stdout.match(/^10$/gm)).to.have.length(2);
  });

  it("should serve maps and pools, which use shared memory elsewhere", async () => {
    const { code, stdout, stderr } = await launch([...ZEROMQ, "-n", "3", "main.ts"], {
      cwd: folderWith({ "main.ts": MAPS }),
    });
    expect([code, stdout, stderr]).to.deep.equal([0, "328350 1,8,27\n", ""]);
  });

  it("should refuse what it cannot do", async () => {
    const cwd = folderWith({ "main.cjs": "" });
    for (const [args, sentence] of [
      [
        ["--bind-to", "core"],
        /^tsmpirun: --bind-to core expects shared memory between ranks, and --transport zeromq came\n$/,
      ],
      [["--hosts", "a,b"], /^tsmpirun: --transport zeromq expects all ranks on this machine/],
      [["--transport", "pigeon"], /^tsmpirun: --transport expects shared-memory or zeromq; pigeon came\n$/],
    ] as const) {
      const { code, stderr } = await launch([...ZEROMQ, ...args, "main.cjs"], { cwd });
      expect(code).to.equal(2);
      expect(stderr).to.match(sentence);
    }
  });

  it("should open no TCP port, and let nobody in but the ranks of the job", async () => {
    const cwd = folderWith({
      "main.ts": `import { world } from "tsmpi";
await world.barrier();
console.log("up");
let over = false;
if (world.rank === 0) process.stdin.on("end", () => (over = true)).resume();
for (let i = 0; !(await world.broadcast(over)); i++) {
  const got = await world.sendrecv({ i }, (world.rank + 1) % world.size, (world.rank + world.size - 1) % world.size);
  if ((got as { i: number }).i !== i) throw new Error("something else came");
  await new Promise(resolve => setTimeout(resolve, 5));
}
await world.barrier();
`,
    });
    const mark = newMark();
    const running = start([...ZEROMQ, "-n", "3", "main.ts"], { cwd, env: mark.env, keepInput: true });
    await running.printed("up\nup\nup\n");
    const ranks = survivors(mark.text);
    expect(ranks.length).to.be.at.least(3);
    const sockets = names(ranks);
    expect(sockets.length).to.equal(3);
    for (const pid of ranks) expect(listening(pid)).to.deep.equal([]);

    const strangers: { close(): void }[] = [];
    const connected: Promise<void>[] = [];
    const ended: Promise<void>[] = [];
    const speechless = spawn("python3", ["-c", SPEECHLESS, ...sockets], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    connected.push(new Promise(resolve => speechless.stdout.on("data", () => resolve())));
    strangers.push({ close: () => speechless.kill() });
    for (const name of sockets) {
      const plain = new Push({ linger: 0 });
      const key = encodeZ85(new Uint8Array(32).fill(7));
      const wrongKey = new Push({
        linger: 0,
        curvePublicKey: key,
        curveSecretKey: key,
        curveServerKey: key,
      });
      for (const push of [plain, wrongKey]) {
        connected.push(new Promise(resolve => push.events.on("connect", () => resolve())));
        // A socket forgotten before zeromq.js has told its end, together with its context, keeps this process busy for ever.
        ended.push(new Promise(resolve => push.events.on("end", () => resolve())));
        push.connect(`ipc://@${name}`);
        push.send(Buffer.alloc(1000)).catch(() => {});
        strangers.push(push);
      }
    }
    await Promise.race([Promise.all(connected).then(() => sleep(500)), running.done]);
    running.child.stdin!.end();
    const { code, stderr } = await running.done;
    for (const stranger of strangers) stranger.close();
    await Promise.all(ended);
    expect([code, stderr]).to.deep.equal([0, ""]);
    expect(names().filter(name => sockets.includes(name))).to.deep.equal([]);
  });

  it("should end with the code of a rank that exits when it has just begun to write to others", async () => {
    const cwd = folderWith({
      "main.ts": `import { world } from "tsmpi";
if (world.rank === 0) {
  await new Promise(resolve => setTimeout(resolve, 700));
  for (let dest = 1; dest < world.size; dest++) void world.send({ a: 1 }, dest);
  process.exit(3);
}
setInterval(() => {}, 1000);
`,
    });
    for (let again = 0; again < 4; again++) {
      const { code, stderr } = await launch([...ZEROMQ, "-n", "3", "main.ts"], { cwd });
      expect(stderr).to.equal("tsmpirun: rank 0 exited with code 3; the job was ended\n");
      expect(code).to.equal(3);
    }
  });

  it("should not wait for what NODE_OPTIONS loads into programs", async () => {
    const cwd = folderWith({
      "monitor.cjs": "setInterval(() => {}, 1000);",
      "main.ts": 'import { world } from "tsmpi";\nawait world.barrier();\nprocess.exit(0);\n',
    });
    const began = performance.now();
    const env = { NODE_OPTIONS: `--require ${join(cwd, "monitor.cjs")}` };
    const { code, stderr } = await launch([...ZEROMQ, "-n", "2", "main.ts"], { cwd, env });
    expect([code, stderr]).to.deep.equal([0, ""]);
    // A thread that does not end is waited for 20 s.
    expect(performance.now() - began).to.be.below(15_000);
  });

  for (const [what, script] of [
    ["its ranks", STAY],
    [
      "what they have started",
      `require("node:child_process").spawn("sleep", ["1000"], { stdio: "ignore" });\n${STAY}`,
    ],
    ["ranks that compute", `console.log("up"); while (true);\n`],
  ]) {
    it(`should leave nothing when tsmpirun is killed: ${what}`, async () => {
      const cwd = folderWith({ "main.cjs": script });
      const mark = newMark();
      const running = start([...ZEROMQ, "-n", "3", "main.cjs"], { cwd, env: mark.env });
      await running.printed("up\nup\nup\n");
      running.child.kill("SIGKILL");
      expect(await until(() => survivors(mark.text).length === 0, 20_000), "nothing is left").to.equal(true);
    });
  }

  for (const wait of [0, 100, 200, 300]) {
    it(`should leave nothing when tsmpirun is killed ${wait} ms after its start`, async () => {
      const cwd = folderWith({ "main.cjs": STAY });
      const mark = newMark();
      const running = start([...ZEROMQ, "-n", "3", "main.cjs"], { cwd, env: mark.env });
      await sleep(wait);
      running.child.kill("SIGKILL");
      expect(await until(() => survivors(mark.text).length === 0, 20_000), "nothing is left").to.equal(true);
    });
  }

  describe("where the addon is missing", () => {
    const SENTENCE =
      /^tsmpirun: ranks use ZeroMQ \(--transport zeromq\), which is slower: tsmpi's native addon is missing .*; build it with: npx tsmpi build-native\n$/;
    let folder: string;
    const tool = (name: string): string => join(folder, "node_modules", "tsmpi", "dist", name);
    const launchCopy = (args: readonly string[], env: Record<string, string> = {}) =>
      launch([], { cwd: folder, env, command: [process.execPath, tool("tsmpirun.cjs"), ...args] });

    before(() => {
      folder = packageWithoutAddon();
      writeFileSync(join(folder, "sum.mjs"), SUM);
    });

    it("should be used by itself, which tsmpirun says", async () => {
      const { code, stdout, stderr } = await launchCopy(["-n", "3", "sum.mjs"]);
      expect(stderr).to.match(SENTENCE);
      expect([code, stdout.split(" ").slice(0, 3)]).to.deep.equal([0, ["3", "2", "2"]]);
    });

    it("should serve maps and pools", async () => {
      writeFileSync(join(folder, "maps.mjs"), MAPS);
      const { code, stdout } = await launchCopy(["-n", "3", "maps.mjs"]);
      expect([code, stdout]).to.deep.equal([0, "328350 1,8,27\n"]);
    });

    it("should be used without a word when it is asked for", async () => {
      const { code, stderr } = await launchCopy([...ZEROMQ, "-n", "2", "sum.mjs"]);
      expect([code, stderr]).to.deep.equal([0, ""]);
    });

    it("should end the job when a rank fails", async () => {
      writeFileSync(
        join(folder, "fails.mjs"),
        `import { world } from "tsmpi";
if (world.rank === 2) setTimeout(() => process.exit(5), 300);
else await world.recv(2);`,
      );
      const { code, stderr } = await launchCopy([...ZEROMQ, "-n", "3", "fails.mjs"]);
      expect(code).to.equal(5);
      expect(stderr).to.include("rank 2 exited with code 5; the job was ended");
      expect(stderr).to.include("ranks 0, 1 were waiting in recv from rank 2");
    });

    it("should not be used when shared memory is asked for", async () => {
      const { code, stderr } = await launchCopy(["--transport", "shared-memory", "-n", "2", "sum.mjs"]);
      expect(code).to.equal(2);
      expect(stderr).to.match(/^tsmpirun: tsmpi's native addon is missing .*; build it with: .*\n$/);
    });

    it("should refuse to bind ranks to cores", async () => {
      const { code, stderr } = await launchCopy(["--bind-to", "core", "-n", "2", "sum.mjs"]);
      expect(code).to.equal(2);
      expect(stderr).to.match(
        /^tsmpirun: --bind-to core expects shared memory between ranks, and tsmpi's native/,
      );
    });

    it("should leave a world of one as it is", () => {
      const { status, stdout, stderr } = spawnSync(process.execPath, ["sum.mjs"], {
        cwd: folder,
        encoding: "utf8",
      });
      expect([status, stderr]).to.deep.equal([0, ""]);
      expect(stdout).to.match(/^1 0 0 /);
    });

    it("should be what tsmpi doctor tells of", () => {
      const { status, stdout } = spawnSync(process.execPath, [tool("tsmpi.js"), "doctor"], {
        encoding: "utf8",
      });
      expect(status, stdout).to.equal(0);
      expect(stdout).to.match(/^note: this machine: ranks use ZeroMQ .*build-native$/m);
      expect(stdout).to.match(/a job can run\n$/);
    });
  });
});
