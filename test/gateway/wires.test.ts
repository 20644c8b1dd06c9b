/** What every wire does: carry frames between hosts that know each other, and nothing from anybody else. */
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { constants } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import nacl from "tweetnacl";
import { Push } from "zeromq";
import { TcpWire } from "../../src/gateway/tcp-wire.ts";
import { type Connection, parseEndpoint, type Wire, type WireCard } from "../../src/gateway/wire.ts";
import { encodeZ85 } from "../../src/gateway/z85.ts";
import { ZeromqWire } from "../../src/gateway/zeromq-wire.ts";
import { packageRoot } from "../launch.ts";

interface End {
  wire: Wire;
  card: WireCard;
  frames: Uint8Array[];
}

interface Opened {
  connection: Connection;
  opened: Promise<void>;
  closed: Promise<string>;
}

const wires: { name: string; make: () => Wire }[] = [
  { name: "zeromq", make: () => new ZeromqWire() },
  { name: "tcp", make: () => new TcpWire() },
];

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(5);
}

function garbage(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 7 + seed) & 0xff);
}

for (const { name, make } of wires) {
  describe(`wire: ${name}`, function () {
    this.timeout(60_000);
    const ends: End[] = [];
    const sockets: { destroy(): void }[] = [];

    afterEach(async () => {
      const closed = ends.splice(0).map(({ wire }) => wire.close());
      for (const socket of sockets.splice(0)) socket.destroy();
      await Promise.all(closed);
    });

    async function end(): Promise<End> {
      const wire = make();
      const frames: Uint8Array[] = [];
      // The bytes of a frame are the receiver's only during the call.
      const card = await wire.listen(["127.0.0.1"], bytes => void frames.push(Uint8Array.from(bytes)));
      const made = { wire, card, frames };
      ends.push(made);
      return made;
    }

    async function pair(): Promise<[End, End]> {
      const both: [End, End] = [await end(), await end()];
      for (const { wire } of both) wire.admit(both.map(({ card }) => card));
      return both;
    }

    function open(from: End, to: End, card = to.card): Opened {
      let told: () => void = () => {};
      let ended: (why: string) => void = () => {};
      const opened = new Promise<void>(resolve => (told = resolve));
      const closed = new Promise<string>(resolve => (ended = resolve));
      const events = { opened: () => told(), drained: () => {}, closed: (why: string) => ended(why) };
      const connection = from.wire.connect(to.card.endpoints[0], card, events);
      sockets.push({ destroy: () => connection.close() });
      return { connection, opened, closed };
    }

    function stranger(to: End): Socket {
      const socket = connect(parseEndpoint(to.card.endpoints[0]));
      socket.on("error", () => {});
      sockets.push(socket);
      return socket;
    }

    /** A pair of which one side sends, before and after, while something else happens. */
    async function meanwhile(what: (to: End) => Promise<void>): Promise<void> {
      const [a, b] = await pair();
      const { connection, opened } = open(a, b);
      await opened;
      connection.send(garbage(100, 1));
      await until(() => b.frames.length === 1);
      await what(b);
      connection.send(garbage(300_000, 2));
      await until(() => b.frames.length === 2);
      expect(b.frames).to.deep.equal([garbage(100, 1), garbage(300_000, 2)]);
    }

    it("should carry frames of all lengths, in order", async () => {
      const [a, b] = await pair();
      const { connection, opened } = open(a, b);
      await opened;
      const lengths = [1, 48, 127, 128, 129, 1000, 65_536, 262_208, 3_000_000, 2];
      const sent = lengths.map((length, index) => garbage(length, index));
      for (const frame of sent) connection.send(frame);
      await until(() => b.frames.length === sent.length);
      expect(b.frames).to.deep.equal(sent);
      await until(() => connection.backlog === 0);
    });

    it("should carry frames both ways at once", async () => {
      const [a, b] = await pair();
      const there = open(a, b);
      const back = open(b, a);
      await Promise.all([there.opened, back.opened]);
      for (let index = 0; index < 500; index++) {
        there.connection.send(garbage(1000, index));
        back.connection.send(garbage(2000, index));
      }
      await until(() => a.frames.length === 500 && b.frames.length === 500);
      expect(b.frames).to.deep.equal(Array.from({ length: 500 }, (_, index) => garbage(1000, index)));
      expect(a.frames).to.deep.equal(Array.from({ length: 500 }, (_, index) => garbage(2000, index)));
    });

    it("should let those wait who come before it knows whom to admit", async () => {
      const a = await end();
      const b = await end();
      const { connection, opened } = open(a, b);
      let early = true;
      void opened.then(() => expect(early, "opened before it was admitted").to.equal(false));
      await sleep(50);
      early = false;
      b.wire.admit([a.card]);
      await opened;
      connection.send(garbage(10, 0));
      await until(() => b.frames.length === 1);
    });

    it("should tell when nobody listens, and when the other side goes", async () => {
      const [a, b] = await pair();
      const { opened, closed } = open(a, b);
      await opened;
      await b.wire.close();
      expect(await closed).to.be.a("string");
      expect(await open(a, b).closed).to.be.a("string");
    });

    it("should refuse a host that it does not know", async () => {
      const [, b] = await pair();
      const other = await end();
      await meanwhile(async to => {
        const { closed } = open(other, to);
        expect(await closed).to.be.a("string");
      });
      const { closed } = open(other, b);
      expect(await closed).to.be.a("string");
      expect(b.frames).to.deep.equal([]);
    });

    it("should not talk to a host that is not the one expected", async () => {
      const [a, b] = await pair();
      const { closed } = open(a, b, { ...b.card, publicKey: randomBytes(32).toString("base64") });
      expect(await closed).to.be.a("string");
      expect(b.frames).to.deep.equal([]);
    });

    it("should not mind strangers that are silent, half-open, slow, or talk nonsense", () =>
      meanwhile(async to => {
        const silent = stranger(to);
        const halfOpen = stranger(to);
        halfOpen.on("connect", () => halfOpen.end());
        const slow = stranger(to);
        // The beginning of what a friend would say, letter by letter.
        const hello =
          name === "tcp" ? Buffer.from("tsmpi 1\n") : Buffer.from("ff00000000000000017f03", "hex");
        let at = 0;
        const timer = setInterval(() => slow.write(hello.subarray(at, ++at)), 2);
        const loud = Array.from({ length: 20 }, () => stranger(to));
        for (const [index, socket] of loud.entries()) {
          socket.write(index % 2 === 0 ? randomBytes(5000) : "GET / HTTP/1.1\r\n\r\n");
        }
        const rude = stranger(to);
        rude.write(Buffer.concat([hello, randomBytes(4000)]));
        rude.on("connect", () => rude.resetAndDestroy());
        await sleep(100);
        clearInterval(timer);
        silent.destroy();
      }));

    it("should let a host in that comes when many strangers have come and stay", async () => {
      const [a, b] = await pair();
      const strangers = Array.from({ length: 100 }, () => stranger(b));
      await Promise.all(strangers.map(socket => new Promise(resolve => socket.once("connect", resolve))));
      const { connection, opened } = open(a, b);
      await opened;
      connection.send(garbage(300_000, 3));
      await until(() => b.frames.length === 1);
      expect(b.frames).to.deep.equal([garbage(300_000, 3)]);
    });

    if (name === "zeromq") {
      it("should connect to more hosts than ZeroMQ has sockets for by itself", async () => {
        const [a, b] = await pair();
        const some = Array.from({ length: 350 }, () => open(a, b));
        await Promise.all(some.map(({ opened }) => opened));
      });

      for (const [what, keys] of [
        ["no key", undefined],
        ["a key of its own", nacl.box.keyPair()],
      ] as const) {
        it(`should refuse a ZeroMQ client with ${what}`, () =>
          meanwhile(async to => {
            const serverKey = encodeZ85(Buffer.from(to.card.publicKey, "base64"));
            const push = new Push({ linger: 0, immediate: true, sendTimeout: 200 });
            if (keys !== undefined) {
              push.curveServerKey = serverKey;
              push.curvePublicKey = encodeZ85(keys.publicKey);
              push.curveSecretKey = encodeZ85(keys.secretKey);
            }
            push.connect(`tcp://${to.card.endpoints[0]}`);
            const sent = push.send(garbage(100, 9)).then(
              () => true,
              () => false,
            );
            expect(await sent).to.equal(false);
            push.close();
          }));
      }
    } else {
      it("should refuse a client that shows the key of a host but does not have it", () =>
        meanwhile(async to => {
          const socket = stranger(to);
          const key = Buffer.from(ends[0].card.publicKey, "base64");
          socket.write(Buffer.concat([Buffer.from("tsmpi 1\n"), key, randomBytes(16)]));
          await new Promise(resolve => socket.once("data", resolve));
          socket.write(Buffer.concat([randomBytes(32), Buffer.from([4, 0, 0, 0, 1, 2, 3, 4])]));
          await new Promise(resolve => socket.once("close", resolve));
        }));

      it("should say so when the system has no socket left", () => {
        const script = `
          import { openSync } from "node:fs";
          import { native } from ${JSON.stringify(join(packageRoot, "src", "native.ts"))};
          const { tcpConnect } = native();
          try { for (;;) openSync("/dev/null", "r"); } catch {}
          console.log(tcpConnect("127.0.0.1", 1));`;
        const command = 'ulimit -n 100; exec "$0" "$@"';
        const words = [process.execPath, "--import", "tsx", "--input-type=module", "-e", script];
        const { stdout, stderr } = spawnSync("sh", ["-c", command, ...words], {
          cwd: packageRoot,
          encoding: "utf8",
        });
        expect(stdout, stderr).to.equal(`${-constants.errno.EMFILE}\n`);
      });

      it("should refuse a frame that is too long", async () => {
        const [a, b] = await pair();
        const { connection, opened, closed } = open(a, b);
        await opened;
        connection.send(new Uint8Array(5 * 1024 * 1024));
        expect(await closed).to.be.a("string");
        expect(b.frames).to.deep.equal([]);
      });
    }
  });
}
