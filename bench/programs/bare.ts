/**
 * Two node processes on two hosts, joined by node:net or zeromq.js and nothing else: `bare.js KIND HOST OTHER FOLDER`
 * on HOST starts the second one on OTHER by ssh.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { curveKeyPair, Pair } from "zeromq";
import { answer, commandsFor, warmUp } from "./commands.ts";

const ECHO = "--echo";
/** Several kinds run at the same time. */
const PORTS: Record<string, number> = { net: 21_077, zeromq: 21_078, curve: 21_079 };
/** Of what says which loop comes next. */
const ORDER_BYTES = 64;
const WINDOW = 64;
const BURST = 1024;

/** Both ends know how long the next message is. */
interface End {
  send(bytes: Buffer): Promise<void> | void;
  receive(length: number): Promise<Buffer>;
}

class NetEnd implements End {
  private readonly socket: Socket;
  private parts: Buffer[] = [];
  private length = 0;
  private wake: () => void = () => {};

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on("close", () => process.exit());
    socket.on("data", bytes => {
      this.parts.push(bytes);
      this.length += bytes.length;
      this.wake();
    });
  }

  async send(bytes: Buffer): Promise<void> {
    if (!this.socket.write(bytes)) await once(this.socket, "drain");
  }

  async receive(length: number): Promise<Buffer> {
    while (this.length < length)
      await new Promise<void>(resolve => {
        this.wake = resolve;
      });
    const all = this.parts.length === 1 ? this.parts[0] : Buffer.concat(this.parts);
    this.parts = all.length === length ? [] : [all.subarray(length)];
    this.length -= length;
    return all.subarray(0, length);
  }
}

class ZeromqEnd implements End {
  private readonly socket: Pair;

  constructor(socket: Pair) {
    this.socket = socket;
  }

  send(bytes: Buffer): Promise<void> {
    return this.socket.send(bytes);
  }

  async receive(): Promise<Buffer> {
    return (await this.socket.receive())[0];
  }
}

type Loop = { operation: string; bytes: number; calls: number };

/** What both ends do; `first` begins. */
async function run(end: End, { operation, bytes, calls }: Loop, first: boolean): Promise<void> {
  const message = Buffer.alloc(bytes, 1);
  const window = operation === "rate" ? BURST : WINDOW;
  for (let call = 0; call < calls; call++) {
    if (operation === "latency") {
      if (first) await end.send(message);
      await end.receive(bytes);
      if (!first) await end.send(message);
    } else if (first) {
      for (let k = 0; k < window; k++) await end.send(message);
      await end.receive(8);
    } else {
      for (let k = 0; k < window; k++) await end.receive(bytes);
      await end.send(Buffer.alloc(8));
    }
  }
}

async function listening(kind: string): Promise<{ key: string; end: () => Promise<End> }> {
  if (kind === "net") {
    const server = createServer().listen(PORTS[kind]);
    const came = once(server, "connection");
    return { key: "", end: async () => new NetEnd((await came)[0] as Socket) };
  }
  const socket = new Pair({ linger: 0 });
  let key = "";
  if (kind === "curve") {
    const pair = curveKeyPair();
    socket.curveServer = true;
    socket.curveSecretKey = pair.secretKey;
    key = pair.publicKey;
  }
  await socket.bind(`tcp://*:${PORTS[kind]}`);
  return { key, end: async () => new ZeromqEnd(socket) };
}

function joining(kind: string, host: string, key: string): End {
  if (kind === "net") return new NetEnd(connect(PORTS[kind], host));
  const socket = new Pair({ linger: 0 });
  if (kind === "curve") {
    const pair = curveKeyPair();
    socket.curveServerKey = key;
    socket.curvePublicKey = pair.publicKey;
    socket.curveSecretKey = pair.secretKey;
  }
  socket.connect(`tcp://${host}:${PORTS[kind]}`);
  return new ZeromqEnd(socket);
}

const [kind, host, other, folder] = process.argv.slice(2);
if (other === ECHO) {
  const end = joining(kind, host, folder);
  process.stdin.on("end", () => process.exit()).resume();
  for (;;) {
    const order = (await end.receive(ORDER_BYTES)).toString();
    const loop = JSON.parse(order) as Loop;
    await run(end, loop, false);
  }
}
const { key, end: made } = await listening(kind);
const words = [
  other,
  process.execPath,
  import.meta.filename,
  kind,
  host,
  ECHO,
  key === "" ? "-" : `'${key}'`,
];
const child = spawn("ssh", words, { stdio: ["pipe", "inherit", "inherit"] });
const end = await made();
let operation = "";
let bytes = 8;
for (const [command, ...said] of commandsFor(0, folder)) {
  if (command === "prepare") {
    operation = said[0];
    bytes = Number(said[1]);
    answer("ok");
    continue;
  }
  const timed = async (calls: number): Promise<number> => {
    const loop = { operation, bytes, calls };
    await end.send(Buffer.from(JSON.stringify(loop).padEnd(ORDER_BYTES)));
    const start = performance.now();
    await run(end, loop, true);
    return (performance.now() - start) * 1000;
  };
  await timed(warmUp(Number(said[0])));
  const microseconds = (await timed(Number(said[0]))).toFixed(3);
  answer(`ok ${microseconds} ${microseconds}`);
}
child.kill();
process.exit();
