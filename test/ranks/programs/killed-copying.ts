/** Long arrays go from rank 0 to rank 1 until one of them, the sender or the receiver, is killed. */
import { world } from "tsmpi";

const { rank, sync } = world;
const victim = process.argv[2] === "sender" ? 0 : 1;
const array = new Float64Array(1 << 20);
for (let round = 0; ; round++) {
  if (rank === victim && round === 20) setTimeout(() => process.kill(process.pid, "SIGKILL"), 1);
  if (rank === 0) await world.send(array, 1);
  else sync.recvInto(array, 0);
  if (round % 10 === 0) await new Promise(resolve => setImmediate(resolve));
}
