/**
 * A million messages by each of four ranks on two hosts, while the network between them is cut twenty times for 0.1 to
 * 20 seconds, at random moments. Needs what the tests of hosts need; takes some minutes.
 *
 *     npx tsx test/hosts/soak.ts [MESSAGES] [CUTS] [WIRE]
 */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { packageRoot } from "../launch.ts";
import { Cluster } from "./cluster.ts";

const [messages = "1000000", cuts = "20", wire = "zeromq"] = process.argv.slice(2);
const program = join(import.meta.dirname, "programs", "soak.ts");
const cluster = new Cluster();
cluster.control("up", "2");
try {
  const begun = performance.now();
  const seconds = (): string => ((performance.now() - begun) / 1000).toFixed(0);
  const args = ["--hosts", "h1:2,h2:2", "--wire", wire, program, messages];
  const running = cluster.start(args, { cwd: packageRoot, timeout: 3_600_000 });
  await running.printed("round 0\n");
  let ended = false;
  void running.done.then(() => {
    ended = true;
  });
  let done = 0;
  while (done < Number(cuts) && !ended) {
    await sleep(500 + Math.random() * 3000);
    const long = 100 * 200 ** Math.random();
    cluster.control("cut", "h1", "h2");
    await sleep(long);
    cluster.control("heal");
    done++;
    console.log(`${seconds()} s: cut ${done} took ${(long / 1000).toFixed(1)} s`);
  }
  const { code, stdout, stderr } = await running.done;
  const whole = [0, 1, 2, 3].every(rank => stdout.includes(`rank ${rank} ok\n`));
  process.stderr.write(stderr);
  if (code !== 0 || !whole) throw new Error(`the job ended with code ${code} after ${done} cuts`);
  console.log(`${seconds()} s: ${messages} messages by each rank, ${done} cuts: all came once and in order`);
} finally {
  cluster.control("down");
}
