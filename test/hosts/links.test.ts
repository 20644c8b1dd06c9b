/** Links between hosts in trouble, over a real network: cut, healed, killed, frozen, and visited by strangers. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { newMark, sleep, until } from "../launcher/helpers.ts";
import { needs } from "../needs.ts";
import { Cluster } from "./cluster.ts";
import { ProgramFolder } from "./program-folder.ts";

const WIRES = ["zeromq", "tcp"] as const;
const soak = join(import.meta.dirname, "programs", "soak.ts");

describe("links between hosts", function () {
  this.timeout(240_000);
  const cluster = new Cluster();
  const programs = new ProgramFolder();
  const cwd = programs.path;

  before(function () {
    cluster.up(this, 2);
  });

  after(() => {
    cluster.down();
    programs.remove();
  });

  afterEach(() => cluster.control("heal"));

  function start(args: string[], words: string[] = [], keepInput = false) {
    const mark = newMark();
    const all = ["--hosts", "h1:2,h2:2", "--timeout", "200", ...args];
    const running = cluster.start([...all, ...words], { cwd, env: mark.env, timeout: 220_000, keepInput });
    const gone = (): Promise<boolean> => until(() => cluster.survivors(mark.text).length === 0);
    const end = (): void => void process.kill(cluster.tsmpirun(mark.text), "SIGTERM");
    return { ...running, gone, end };
  }

  function startSoak(count: number, args: string[]) {
    return start(args, [soak, String(count)]);
  }

  /** A job whose ranks have exchanged a message and then wait for one that does not come. */
  async function startWaiting(args: string[] = []) {
    writeFileSync(
      join(cwd, "main.ts"),
      `import { world } from "tsmpi";
await world.barrier();
console.log("up");
await world.recv((world.rank + 2) % 4);`,
    );
    const running = start(args, ["main.ts"]);
    await running.printed("up\nup\nup\nup\n");
    return running;
  }

  /** A job that has begun, and does what soak.ts does when its input ends. */
  async function startLater(count: number, args: string[]) {
    writeFileSync(
      join(cwd, "later.ts"),
      `import { world } from "tsmpi";
await world.barrier();
console.log("up");
if (world.rank === 0) for await (const _ of process.stdin);
await import(${JSON.stringify(soak)});`,
    );
    const running = start(args, ["later.ts", String(count)], true);
    await running.printed("up\nup\nup\nup\n");
    return running;
  }

  function gatewayOn(host: string): number {
    const mount = cluster.on(host, "readlink", "/proc/self/ns/uts").trim();
    const found = cluster.gateways().filter(pid => cluster.namespaceOf(pid) === mount);
    expect(found).to.have.length(1);
    return found[0];
  }

  for (const wire of WIRES) {
    it(`should lose, double and reorder nothing when they are cut and heal (${wire})`, async () => {
      const running = startSoak(10_000, ["--wire", wire]);
      await running.printed("round 0\n");
      for (const [milliseconds, how] of [
        [300, ["cut", "h2"]],
        [1200, ["cut", "h1", "--down"]],
        [4000, ["cut", "h1", "h2"]],
      ] as const) {
        cluster.control(...how);
        await sleep(milliseconds);
        cluster.control("heal");
        await sleep(500);
      }
      const { code, stdout, stderr } = await running.done;
      expect(stderr).to.equal("");
      expect(code).to.equal(0);
      for (let rank = 0; rank < 4; rank++) expect(stdout).to.include(`rank ${rank} ok\n`);
      expect(await running.gone()).to.equal(true);
    });
  }

  for (const wire of WIRES) {
    it(`should listen in the hosts' network only, and mind no strangers there (${wire})`, async () => {
      const running = await startLater(4000, ["--wire", wire]);
      const [where, ...others] = cluster.listening("h2");
      expect(where).to.match(/^10\.77\.0\.3:\d+$/);
      expect(others).to.deep.equal([]);
      const at = where.replace(":", " ");
      cluster.on(
        "h0",
        "sh",
        "-c",
        `(for i in $(seq 80); do sleep 20 | nc ${at} & done
          for i in $(seq 20); do head -c 5000 /dev/urandom | nc -w 1 ${at} & done) </dev/null >/dev/null 2>&1`,
      );
      // New connections must be made among all the strangers.
      cluster.control("reject", "h1", "h2");
      running.child.stdin!.end();
      await sleep(300);
      cluster.control("heal");
      const { code, stdout, stderr } = await running.done;
      expect(stderr).to.equal("");
      expect(code).to.equal(0);
      for (let rank = 0; rank < 4; rank++) expect(stdout).to.include(`rank ${rank} ok\n`);
    });
  }

  it("should lose nothing on a network that loses and delays", async function () {
    needs(this, existsSync("/usr/sbin/ethtool"), "ethtool");
    needs(this, existsSync("/usr/bin/gcc"), "gcc");
    cluster.control("loss", "h2", "5");
    cluster.control("delay", "h1", "20");
    const { code, stdout, stderr } = await startSoak(250, []).done;
    expect(stderr).to.equal("");
    expect(code).to.equal(0);
    for (let rank = 0; rank < 4; rank++) expect(stdout).to.include(`rank ${rank} ok\n`);
  });

  it("should lose nothing on a network that is slow", async () => {
    cluster.control("rate", "h2", "50mbit");
    const { code, stdout, stderr } = await startSoak(300, []).done;
    cluster.control("rate", "h2", "off");
    expect(stderr).to.equal("");
    expect(code).to.equal(0);
    for (let rank = 0; rank < 4; rank++) expect(stdout).to.include(`rank ${rank} ok\n`);
  });

  it("should go on when connections break, and when a host is frozen for a while", async () => {
    const running = startSoak(6000, []);
    await running.printed("round 0\n");
    // Refuses what comes, so that both ends see their connections break.
    cluster.control("reject", "h1", "h2");
    await sleep(700);
    cluster.control("heal");
    await sleep(500);
    cluster.control("freeze", "h2");
    await sleep(1500);
    cluster.control("thaw", "h2");
    const { code, stderr } = await running.done;
    expect(stderr).to.equal("");
    expect(code).to.equal(0);
  });

  it("should end the job naming a host that only other hosts cannot reach", async () => {
    const running = await startWaiting(["--link-timeout", "4"]);
    cluster.control("cut", "h1", "h2");
    const { code, stderr } = await running.done;
    expect(code).to.equal(1);
    expect(stderr).to.match(
      /^tsmpirun: host h[12] was lost: h[12] has not heard of it for 4 s \(--link-timeout\) \(10\.77\.0\.\d+:\d+: .*\); the job was ended$/m,
    );
    expect(stderr).to.match(/^tsmpirun: rank 0 was waiting in recv from rank 2/m);
    expect(await running.gone()).to.equal(true);
  });

  it("should end the job when a gateway is killed", async () => {
    const running = await startWaiting();
    process.kill(gatewayOn("h2"), "SIGKILL");
    const { code, stderr } = await running.done;
    expect(code).to.equal(1);
    expect(stderr).to.match(
      /^tsmpirun: host h2 was lost: its gateway was killed by SIGKILL; the job was ended$/m,
    );
    expect(await running.gone()).to.equal(true);
  });

  it("should end the job when a daemon is killed", async () => {
    const running = await startWaiting();
    const daemons = cluster.find(command => command[1] === cluster.tool && command[2] === "daemon");
    process.kill(daemons[0], "SIGKILL");
    const { code, stderr } = await running.done;
    expect(code).to.equal(1);
    expect(stderr).to.match(/^tsmpirun: host h[12] was lost: its daemon has ended/m);
    expect(await running.gone()).to.equal(true);
  });

  it("should keep what is secret out of commands, variables and files", async () => {
    const running = await startWaiting();
    const pid = gatewayOn("h1");
    const { command, environment } = cluster.look(pid);
    expect(command.slice(1)).to.deep.equal([cluster.tool, "gateway", ""]);
    expect(environment.join("\n")).to.not.match(/key|secret/i);
    expect(cluster.on("h1", "ls", "/tmp")).to.not.match(/^tsmpi-.{6}$/m);
    running.end();
    await running.done;
    expect(await running.gone()).to.equal(true);
    expect(cluster.listening("h1")).to.deep.equal([]);
  });
});
