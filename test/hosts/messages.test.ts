/**
 * Messages between hosts: the programs that test ranks on one host, on several "hosts" of this machine, over every
 * wire. Needs no privilege; faults and strangers are tested on hosts with a network of their own (links.test.ts).
 */
import { join } from "node:path";
import { expect } from "chai";
import { type Launched, launch } from "../launch.ts";
import { folderWith, newMark, removeFolders, survivors, until } from "../launcher/helpers.ts";
import { programPath } from "../ranks/run.ts";

const AGENT = ["--agent", "env NAME={host}"];
const WIRES = ["zeromq", "tcp"] as const;

async function run(
  hosts: string,
  script: string,
  args: string[] = [],
  words: string[] = [],
): Promise<Launched> {
  const mark = newMark();
  const all = ["--hosts", hosts, ...AGENT, "--timeout", "110", ...args, script, ...words];
  const launched = await launch(all, { env: mark.env, timeout: 120_000 });
  expect(await until(() => survivors(mark.text).length === 0), "nothing is left").to.equal(true);
  return launched;
}

async function runProgram(hosts: string, ranks: number, program: string, args: string[]): Promise<void> {
  const { code, stdout, stderr } = await run(hosts, programPath(program), args);
  expect(code, `${stdout}${stderr}`).to.equal(0);
  const lines = stdout.split("\n").filter(line => /^rank \d+ ok$/.test(line));
  expect(lines.sort()).to.deep.equal(Array.from({ length: ranks }, (_, rank) => `rank ${rank} ok`).sort());
}

describe("messages between hosts", function () {
  this.timeout(150_000);
  after(removeFolders);

  for (const wire of WIRES) {
    describe(`over ${wire}`, () => {
      for (const [program, title] of [
        ["values", "carry values of every kind, and arrays of every type"],
        ["order", "stay in order, whatever their sizes"],
        ["any-source", "come from any rank"],
        ["synchronous", "be acknowledged"],
        ["probes", "be probed"],
        ["ends", "come before the end of their sender"],
        ["last-words", "be delivered when their sender has ended"],
      ]) {
        it(`should ${title}`, () => runProgram("a:1,b:1", 2, program, ["--wire", wire]));
      }

      it("should serve collectives", () => runProgram("a:2,b:1", 3, "gather", ["--wire", wire]));
    });
  }

  for (const [hosts, ranks, program] of [
    ["a:1,b:1,c:1", 3, "any-source"],
    ["a:2,b:2,c:1", 5, "broadcast"],
    ["a:3,b:2", 5, "alltoall"],
    ["a:2,b:2", 4, "exscan"],
  ] as const) {
    it(`should pass "${program}" on ${hosts}`, () => runProgram(hosts, ranks, program, []));
  }

  it("should need little memory when told so", () =>
    runProgram("a:2,b:2", 4, "order", ["--link-memory", "1"]));

  it("should wait at their sender's while nobody receives them, and not in gateways", async () => {
    const folder = folderWith({
      "main.ts": `import { readdirSync, readFileSync } from "node:fs";
import { world } from "tsmpi";
const COUNT = 1500, LENGTH = 64 * 1024;
const text = (path: string): string => { try { return readFileSync(path, "latin1"); } catch { return ""; } };
// A daemon has started both.
const gateway = readdirSync("/proc").find(pid =>
  text(\`/proc/\${pid}/stat\`).split(") ")[1]?.split(" ")[1] === String(process.ppid) &&
  text(\`/proc/\${pid}/cmdline\`).split("\\0").includes("gateway"));
const resident = (): number => Number(/VmRSS:[^0-9]*([0-9]+)/.exec(text(\`/proc/\${gateway}/status\`))![1]) / 1024;
await world.barrier();
const before = resident();
const sends: Promise<void>[] = [];
if (world.rank === 0) {
  for (let i = 0; i < COUNT; i++) sends.push(world.send(new Uint8Array(LENGTH).fill(i), 1));
}
await new Promise(resolve => setTimeout(resolve, 2000));
console.log("grown by", (resident() - before).toFixed(1));
if (world.rank === 1) {
  for (let i = 0; i < COUNT; i++) {
    const array = await world.recv<Uint8Array>(0);
    if (array.length !== LENGTH || array[0] !== (i & 255) || array.at(-1) !== (i & 255)) throw new Error(\`message \${i}\`);
  }
}
await Promise.all(sends);`,
    });
    const { code, stdout, stderr } = await run("a:1,b:1", join(folder, "main.ts"));
    expect(code, stderr).to.equal(0);
    const grown = [...stdout.matchAll(/^grown by (-?[\d.]+)$/gm)].map(([, mebibytes]) => Number(mebibytes));
    expect(grown).to.have.length(2);
    // Of 94 MiB that are sent. A link may have 8 under way, and keeps its frames.
    for (const mebibytes of grown) expect(mebibytes).to.be.below(40);
  });

  it("should do without copies from rank to rank", async () => {
    const mark = { TSMPI_CROSS_COPY: "off" };
    const all = ["--hosts", "a:1,b:1", ...AGENT, "--timeout", "110", programPath("order")];
    const { code, stdout, stderr } = await launch(all, { env: mark, timeout: 120_000 });
    expect(code, `${stdout}${stderr}`).to.equal(0);
  });

  it("should get on with a long array while its receiver computes", async () => {
    const folder = folderWith({
      "main.ts": `import { existsSync, writeFileSync } from "node:fs";
import { world } from "tsmpi";
const [, , sent] = process.argv;
const array = new Float64Array(4_000_000);
if (world.rank === 0) {
  array.fill(7);
  await world.send(array, 1);
  writeFileSync(sent, "");
} else {
  const receiving = world.recvInto(array, 0);
  // Until the message has been matched: its first bytes are there.
  while (array[0] === 0) await new Promise(resolve => setTimeout(resolve, 1));
  // From now on this rank does nothing for it.
  const late = Date.now() + 60_000;
  while (!existsSync(sent) && Date.now() < late);
  while (array.at(-1) === 0 && Date.now() < late);
  console.log("sent", existsSync(sent), "last", array.at(-1), Date.now() < late);
  await receiving;
}`,
    });
    const { code, stdout, stderr } = await run(
      "a:1,b:1",
      join(folder, "main.ts"),
      ["--timeout", "100"],
      [join(folder, "sent")],
    );
    expect(code, stderr).to.equal(0);
    expect(stdout).to.equal("sent true last 7 true\n");
  });

  it("should say what ranks of other hosts wait for, and who failed", async () => {
    const folder = folderWith({
      "main.ts": `import { world } from "tsmpi";
// Rank 0 says what it waits for once it sleeps, for which it needs a core.
if (world.rank === 1) { await world.recv(0, { tag: 1 }); setTimeout(() => process.exit(3), 2000); }
setTimeout(() => void world.send(1, 1, { tag: 1 }), 300);
await world.recv(1, { tag: 5 });`,
    });
    const { code, stderr } = await run("a:1,b:1", join(folder, "main.ts"));
    expect(code).to.equal(3);
    expect(stderr).to.match(/^tsmpirun: rank 1 exited with code 3; the job was ended$/m);
    expect(stderr).to.match(/^tsmpirun: rank 0 was waiting in recv from rank 1, tag 5, on world$/m);
  });

  it("should name the rank that is killed while it receives a long array", async () => {
    const folder = folderWith({
      "main.ts": `import { world } from "tsmpi";
const array = new Uint8Array(64 * 1024 * 1024);
if (world.rank === 0) {
  await world.send(array.fill(7), 1);
} else {
  void world.recvInto(array, 0);
  while (array[0] === 0) await new Promise(resolve => setTimeout(resolve, 1));
  process.kill(process.pid, "SIGKILL");
}`,
    });
    const { code, stderr } = await run("a:1,b:1", join(folder, "main.ts"));
    expect(code).to.equal(137);
    expect(stderr).to.match(/^tsmpirun: rank 1 was killed by SIGKILL; the job was ended$/m);
    expect(stderr).to.not.match(/RangeError|was lost/);
  });

  it("should find collectives called differently", async () => {
    const folder = folderWith({
      "main.ts": `import { sum, world } from "tsmpi";
if (world.rank === 0) await world.broadcast(1);
else await world.reduce(1, sum, { root: 1 });
setInterval(() => {}, 1000);`,
    });
    const { code, stderr } = await run("a:1,b:1", join(folder, "main.ts"));
    expect(code).to.equal(1);
    expect(stderr).to.match(
      /CollectiveMismatchError: rank 1 is in reduce .*, but rank 0 called it as broadcast/,
    );
  });

  for (const [how, script] of [
    [
      "over a link",
      "if (world.rank === 0) await world.send(1, 1);\nelse { await world.recv(0); await world.recv(0); }",
    ],
    ["without a link", "if (world.rank === 1) await world.recv(0);"],
  ]) {
    it(`should refuse a wait for a rank that has finished, ${how}`, async () => {
      const folder = folderWith({ "main.ts": `import { world } from "tsmpi";\n${script}` });
      const { code, stderr } = await run("a:1,b:1", join(folder, "main.ts"));
      expect(code).to.equal(1);
      expect(stderr).to.match(/PeerFinishedError: rank 1 waits in recv from rank 0.*has finished/);
    });
  }
});
