/**
 * Would several links between two hosts carry more than one? Frames of 256 KiB over zeromq.js with CURVE and nothing
 * else, through one PUSH socket or several, which threads of ZeroMQ's share. On a host that reaches the other by ssh:
 *
 *     npx tsx bench/lanes.ts HOST OTHER        after npm run build
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { Context, curveKeyPair, Pull, Push } from "zeromq";

const FRAME_BYTES = 256 * 1024;
const FRAMES = 4096;
const ROUNDS = 4;
const PORT = 21_100;
const PLANS = [
  { lanes: 1, ioThreads: 1 },
  { lanes: 2, ioThreads: 1 },
  { lanes: 2, ioThreads: 2 },
  { lanes: 4, ioThreads: 2 },
];
const QUEUE = 16;

const [host, other, serverKey] = process.argv.slice(2);

/** Of the sockets of a plan, each with ports of its own. */
function portOf(plan: number, lane: number): number {
  return PORT + plan * 10 + lane;
}

/** Until the other side has all and ends. */
async function send(): Promise<void> {
  const { publicKey: curvePublicKey, secretKey: curveSecretKey } = curveKeyPair();
  const frame = Buffer.alloc(FRAME_BYTES, 1);
  for (const [plan, { lanes, ioThreads }] of PLANS.entries()) {
    const context = new Context({ ioThreads });
    const keys = { curvePublicKey, curveSecretKey, curveServerKey: serverKey };
    const sockets = Array.from({ length: lanes }, (_, lane) => {
      const socket = new Push({ context, sendHighWaterMark: QUEUE, ...keys });
      socket.connect(`tcp://${host}:${portOf(plan, lane)}`);
      return socket;
    });
    await Promise.all(
      sockets.map(async socket => {
        for (let sent = 0; sent < (ROUNDS * FRAMES) / lanes; sent++) await socket.send(frame);
      }),
    );
  }
  process.stdin.resume();
  await once(process.stdin, "end");
}

async function receive(): Promise<void> {
  const { publicKey, secretKey: curveSecretKey } = curveKeyPair();
  const plans = await Promise.all(
    PLANS.map(async ({ lanes, ioThreads }, plan) => {
      const context = new Context({ ioThreads });
      const sockets: Pull[] = [];
      for (let lane = 0; lane < lanes; lane++) {
        const socket = new Pull({ context, receiveHighWaterMark: QUEUE, curveServer: true, curveSecretKey });
        await socket.bind(`tcp://*:${portOf(plan, lane)}`);
        sockets.push(socket);
      }
      return sockets;
    }),
  );
  const command = [process.execPath, "--import", "tsx", import.meta.filename, host, "-", `'${publicKey}'`];
  spawn("ssh", [other, `cd ${process.cwd()} && ${command.join(" ")}`], {
    stdio: ["pipe", "inherit", "inherit"],
  });
  for (const [plan, sockets] of plans.entries()) {
    const { lanes, ioThreads } = PLANS[plan];
    const rates: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      let start = 0;
      await Promise.all(
        sockets.map(async socket => {
          for (let came = 0; came < FRAMES / lanes; came++) {
            await socket.receive();
            start ||= performance.now();
          }
        }),
      );
      rates.push(Math.round((FRAMES * FRAME_BYTES) / (performance.now() - start) / 1000));
    }
    console.log(`${lanes} lanes, ${ioThreads} I/O threads: ${rates.join(" ")} MB/s`);
  }
  process.exit();
}

await (serverKey === undefined ? receive() : send());
process.exit();
