/**
 * Hello: who am I, how many are we, where do we run? Every rank runs this same file. Lines that ranks print
 * themselves come in any order, so their greetings are gathered and rank 0 prints them in the order of the ranks.
 */
import { hostname } from "node:os";
import { world } from "tsmpi";

const greeting = `Hello from rank ${world.rank} of ${world.size} on ${hostname()}`;

const greetings = await world.gather(greeting);

// Only rank 0, the root, has them; on all others `greetings` is undefined.
if (greetings !== undefined) console.log(greetings.join("\n"));
