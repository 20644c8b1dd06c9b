/** A task with another text on one rank; then a large argument sent again and again; then a killed worker. */
import { world } from "tsmpi";
import { task, withPool } from "tsmpi/parallel";

const scenario = process.argv[2];
const length = task("length", (array: Float64Array) => array.length);
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
  if (scenario === "killed") await pool.submit(dies);
  if (scenario === "throws") await pool.submit(task(() => 1));
});
