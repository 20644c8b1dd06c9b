/** A task with another text on one rank; large arguments sent again and again; a killed worker. */
import { world } from "tsmpi";
import { currentWorker, task, withPool } from "tsmpi/parallel";

const scenario = process.argv[2];
const length = task("length", (array: Float64Array) => array.length);
const kind = task("kind", (value: unknown) => typeof value);
/** Sends a large array of its own to other tasks. */
const sends = task(() => currentWorker().pool.map(length, new Array(5).fill(new Float64Array(1 << 20))));
const dies = task(() => process.kill(process.pid, "SIGKILL"));
if (scenario === "disagree") {
  task("chosen", world.rank === 1 ? (x: number) => x : (x: number) => -x);
}
await withPool(world, async pool => {
  if (scenario === "large") {
    const array = new Float64Array(1 << 18);
    console.log(await pool.map(length, new Array(10).fill(array)));
    const shared = await pool.share(new Float64Array(1 << 18));
    console.log(await pool.map(length, new Array(10).fill(shared)));
  }
  if (scenario === "large-others") {
    const text = "x".repeat(5 << 20);
    const objects = Array.from({ length: 100_000 }, (_, i) => ({ i }));
    const map = new Map(objects.map(each => [each.i, each]));
    const part = new Uint8Array(3 << 20);
    for (let i = 0; i < 5; i++) {
      await pool.submit(kind, `${text}`);
      await pool.submit(kind, objects);
      await pool.submit(kind, map);
      await pool.submit(kind, { i, part });
      // Each another one; and small ones.
      await pool.submit(kind, `${text}${i}`);
      await pool.submit(kind, [new Uint8Array(1 << 20), "small", 1, map.get(1)]);
    }
    await pool.submit(sends);
    // What is handed out once is not sent.
    const shared = await pool.share(objects);
    await pool.map(kind, new Array(5).fill({ shared }));
  }
  if (scenario === "killed") await pool.submit(dies);
  if (scenario === "throws") await pool.submit(task(() => 1));
});
