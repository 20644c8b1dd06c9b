/** A job whose dashboard is looked at: stays as it is until its standard input ends. */
import { text } from "node:stream/consumers";
import { world } from "tsmpi";
import { map, task, withPool } from "tsmpi/parallel";

const square = task((x: number) => x * x);
const fits = map(
  world,
  20,
  i => {
    if (i % 10 === 3) throw new Error("no fit");
  },
  { label: "fits", errors: "collect" },
);
await fits.catch(() => {});
await withPool(world, pool => pool.map(square, [1, 2, 3]));
if (world.rank === 0) {
  const steps = world.activity("time steps <b>", 40);
  steps.update(10);
  console.log("half way <i>");
  console.error("\x1b[31mcareful\x1b[0m");
  await text(process.stdin);
  // More than any socket holds.
  if (process.argv[2] === "flood")
    for (let i = 0; i < 100_000; i++) console.log(`line ${i}`.padEnd(100, "."));
  steps.update(40);
  steps.end();
  await world.send("go on", 1, { tag: 5 });
}
if (world.rank === 1) {
  await world.recv(0, { tag: 5 }); // where a rank waits
  if (process.argv[2] === "fail") process.exit(7);
}
await world.barrier();
