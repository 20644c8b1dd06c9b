import { readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { expect } from "chai";
import { launch, start } from "../launch.ts";
import { folderWith, removeFolders, STAY } from "../launcher/helpers.ts";
import { listening } from "../sockets.ts";
import { ask, Listener, program, startWatched } from "./watch.ts";

const waitingLine =
  1 +
  readFileSync(program, "utf8")
    .split("\n")
    .findIndex(line => line.includes("where a rank waits"));

/** Waits until the job has come to where it stays. */
const settled = (listener: Listener): Promise<void> =>
  listener.until("settled", ({ state, lines }) => {
    const waits = state?.ranks[1]?.detail.includes("tag 5") === true;
    return waits && lines.length >= 2 && state?.activities.find(each => each.done === 10) !== undefined;
  });

describe("the dashboard", function () {
  this.timeout(120_000);
  after(removeFolders);

  for (const transport of ["shared-memory", "zeromq"]) {
    it(`should tell what ranks do, how far their work is, what they print, and how all ends (${transport})`, async () => {
      const { child, done, address } = await startWatched(["--transport", transport, program, "a", "b"], 3);
      const listener = new Listener(address);
      await settled(listener);
      const { title, ranks, activities } = listener.state!;
      expect(title).to.equal("watched.ts a b");
      expect(ranks.map(({ rank, host }) => [rank, host])).to.deep.equal([0, 1, 2].map(rank => [rank, ""]));
      expect(ranks[1].state).to.equal("waiting");
      expect(ranks[1].detail).to.equal(
        `recv from rank 0, tag 5, on world, called at watched.ts:${waitingLine}`,
      );
      expect(new Set(ranks.map(({ pid }) => pid)).size).to.equal(3);
      for (const { cpu, memory } of ranks) {
        expect(cpu).to.be.within(0.01, 100);
        expect(memory).to.be.within(2e7, 2e9);
      }
      const work = activities.map(({ label, rank, done, total, failed, over }) => [
        label,
        rank,
        `${done}/${total}`,
        failed,
        over,
      ]);
      // Ranks without memory in common tell rank 0 what they have done, but not what has failed.
      const failed = Number(work.find(([label]) => label === "fits")?.[3]);
      expect(failed).to.be.within(transport === "zeromq" ? 0 : 2, 2);
      expect(work).to.deep.include.members([
        ["fits", 0, "20/20", failed, true],
        ["pool", 0, "3/3", 0, true],
        ["pool.map", 0, "3/3", 0, true],
        ["time steps <b>", 0, "10/40", 0, false],
      ]);
      expect(listener.lines.map(({ rank, kind, text }) => [rank, kind, text])).to.have.deep.members([
        [0, "out", "half way <i>"],
        [0, "err", "careful"],
      ]);
      child.stdin!.end();
      await listener.until("ended", each => each.ended);
      const { code, stdout } = await done;
      expect(code).to.equal(0);
      expect(stdout).to.equal("half way <i>\n");
      const last = listener.state!;
      expect(last.code).to.equal(0);
      expect(last.ranks.map(({ state, detail }) => `${state}: ${detail}`)).to.deep.equal(
        Array(3).fill("ended: exited with code 0"),
      );
      expect(last.ranks.map(({ pid }) => pid)).to.deep.equal(ranks.map(({ pid }) => pid));
      expect(last.activities.every(({ over }) => over)).to.equal(true);
    });
  }

  it("should say why a job has failed", async () => {
    const { child, done, address } = await startWatched([program, "fail"]);
    const listener = new Listener(address);
    await settled(listener);
    child.stdin!.end();
    await listener.until("ended", each => each.ended);
    expect((await done).code).to.equal(7);
    expect(listener.state!.code).to.equal(7);
    expect(listener.said[0]).to.equal("rank 1 exited with code 7; the job was ended");
    expect(listener.state!.ranks.map(({ state }) => state)).to.deep.equal(["failed", "failed"]);
    expect(listener.state!.ranks[1].detail).to.equal("exited with code 7");
  });

  it("should tell of the ranks of several hosts", async () => {
    const hosts = ["--hosts", "a:1,b:2", "--agent", "env NAME={host}"];
    const { child, done, address } = await startWatched([...hosts, program], 0);
    const listener = new Listener(address);
    await settled(listener);
    const { ranks, activities } = listener.state!;
    expect(ranks.map(({ host }) => host)).to.deep.equal(["a", "b", "b"]);
    expect(ranks[1].detail).to.match(/^recv from rank 0, tag 5, on world, called at watched\.ts:\d+$/);
    expect(ranks.every(({ pid, memory }) => pid !== undefined && memory > 0)).to.equal(true);
    expect(activities.map(({ label }) => label)).to.include.members(["fits", "time steps <b>"]);
    child.stdin!.end();
    await listener.until("ended", each => each.ended);
    expect((await done).code).to.equal(0);
  });

  it("should give strangers nothing, and go on", async () => {
    const { child, done, address } = await startWatched([program]);
    const page = await ask(address);
    expect(page.status).to.equal(200);
    expect(page.body).to.contain("<!doctype html>");
    expect(page.headers["content-security-policy"]).to.match(/^default-src 'none'; script-src 'sha256-/);

    const nothing = async (what: string, where: URL, how = {}): Promise<void> => {
      const { status, body, headers } = await ask(where, how);
      expect([status, body], what).to.deep.equal([404, ""]);
      expect(headers, what).not.to.have.any.keys("server", "location", "content-type");
    };
    const token = address.pathname.slice(1, -1);
    expect(token).to.match(/^[\w-]{32}$/);
    const other = `${token.slice(0, -1)}${token.endsWith("A") ? "B" : "A"}`;
    for (const path of [
      "/",
      "/events",
      `/${token}`,
      `/${other}/`,
      `/${other}/events`,
      `/${token}/x`,
      "//events",
    ]) {
      if (path === `/${token}`) continue;
      await nothing(path, new URL(`${address.origin}${path}`));
    }
    for (const host of ["evil.example", `evil.example:${address.port}`, "127.0.0.1.evil.example", "[::1]"]) {
      await nothing(`Host: ${host}`, address, { headers: { Host: host } });
      await nothing(`Host: ${host}`, new URL("events", address), { headers: { Host: host } });
    }
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) await nothing(method, address, { method });
    expect((await ask(address, { headers: { Host: "localhost:1234" } })).status).to.equal(200);

    const say = (words: string | Buffer): Promise<string> =>
      new Promise(resolve => {
        const socket = connect(Number(address.port), "127.0.0.1", () => socket.write(words));
        let heard = "";
        socket.on("data", bytes => (heard += bytes.toString()));
        socket.on("error", () => {});
        socket.on("close", () => resolve(heard));
      });
    expect(await say(Buffer.from([22, 3, 1, 0, 250, 1, 0, 0]))).to.equal("");
    expect(
      await say(`GET ${address.pathname} HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(100_000)}\r\n\r\n`),
    ).to.equal("");
    // A request that never ends is given up.
    expect(await say(`GET ${address.pathname} HTTP/1.1\r\nHost: local`)).not.to.contain("200");

    child.stdin!.end();
    expect((await done).code).to.equal(0);
  });

  it("should not wait for a page that does not listen to what it has asked for", async () => {
    const { child, done, address } = await startWatched([program, "flood"]);
    const slow = connect(Number(address.port), "127.0.0.1");
    slow.on("error", () => {});
    slow.write(`GET ${address.pathname}events HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    slow.pause();
    const listener = new Listener(address);
    await settled(listener);
    child.stdin!.end();
    const { code, stdout } = await done;
    slow.destroy();
    expect(code).to.equal(0);
    expect(stdout.split("\n")).to.have.length(100_002);
  });

  it("should be there on 127.0.0.1 alone, and only when it is asked for", async () => {
    const { child, done, address } = await startWatched([program]);
    expect(listening(child.pid!)).to.deep.equal([
      `0100007F:${Number(address.port).toString(16).toUpperCase().padStart(4, "0")}`,
    ]);
    child.stdin!.end();
    expect((await done).code).to.equal(0);
    const job = start(["-n", "2", "stay.mjs"], { cwd: folderWith({ "stay.mjs": STAY }) });
    await job.printed("up");
    expect(listening(job.child.pid!)).to.deep.equal([]);
    job.child.kill("SIGTERM");
    await job.done;
  });

  it("should say that a port is taken before a rank is started", async () => {
    const server = createServer();
    await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const { code, stdout, stderr } = await launch([`--dashboard=${port}`, "-n", "1", program]);
    server.close();
    expect(stderr).to.equal(
      `tsmpirun: --dashboard expects a port that is free; ${port}: another program has it\n`,
    );
    expect(stdout).to.equal("");
    expect(code).to.equal(2);
  });
});
