/** A rank whose waits have been given up, or which has receives that nobody awaits any more, ends with its script. */
import { world } from "tsmpi";
import { failure, ok, sleep } from "./support.ts";

const [wait] = process.argv.slice(2);
const other = (world.rank + 1) % world.size;
const signal = AbortSignal.timeout(30);
if (wait === "recv") await failure(() => world.recv(other, { signal }));
else if (wait === "any") await failure(() => world.recv(-1, { signal }));
else if (wait === "probe") await failure(() => world.probe(other, { signal }));
else if (wait === "messages") await failure(() => world.messages({ signal }).next());
else if (wait === "synchronous") await failure(() => world.send(1, other, { synchronous: true, signal }));
// A collective that was refused on every rank leaves nothing that waits.
else if (wait === "allgather") await failure(() => world.allgather(() => 1));
else if (wait === "alltoall") await failure(() => world.alltoall([() => 1, () => 1]));
else if (wait === "sendrecv") await failure(() => world.sendrecv(() => 1, other, other));
// Both are at this point: neither ends while the other still waits.
await world.barrier();
await sleep(20);
ok();
