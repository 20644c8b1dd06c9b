import { world } from "tsmpi";
const s = await world.host.allgather(world.rank);
console.log(world.rank, world.size, process.env.SLURMD_NODENAME, world.host.rank, world.host.size, s.join());
