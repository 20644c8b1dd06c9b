/**
 * Ring: a token goes once around all ranks, and each adds its number to it. The first message passing program of
 * every course: a send to the right, a receive from the left, and one rank that has to start.
 */
import { world } from "tsmpi";

interface Token {
  path: number[];
  sum: number;
}

const { rank, size } = world;
const left = (rank + size - 1) % size;
const right = (rank + 1) % size;

function stamp({ path, sum }: Token): Token {
  return { path: [...path, rank], sum: sum + rank };
}

if (rank === 0) {
  await world.send(stamp({ path: [], sum: 0 }), right);
  const { path, sum } = await world.recv<Token>(left);
  console.log(`The token went ${[...path, 0].join(" -> ")}; the ranks add up to ${sum}`);
} else {
  // Were all to receive first, none would ever send: a deadlock (docs/known-issues.md says when that is found).
  const token = await world.recv<Token>(left);
  await world.send(stamp(token), right);
}
