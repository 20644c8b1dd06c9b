/**
 * Runs in every rank before the script under `--transport zeromq` (`node -r dist/boot-zeromq.cjs`), without the addon:
 * starts the thread of the rank's gateway, which also follows tsmpirun's orders and ends the rank when tsmpirun is gone.
 */
import { join } from "node:path";
import { setRankThreads } from "./found-threads.ts";
import { ownProcess } from "./own-process.ts";
import { markRankThread } from "./rank-thread.ts";
import { RankThreads, type ThreadedJob } from "./rank-threads.ts";

const { TSMPI_THREADS: told } = process.env;

if (told !== undefined) {
  delete process.env.TSMPI_LAUNCHER_PID;
  delete process.env.TSMPI_THREADS;
  markRankThread();
  const threads = new RankThreads(JSON.parse(told) as ThreadedJob, join(__dirname, "gateway-thread.js"));
  setRankThreads(threads);
  // A script that does not use tsmpi. The library's own listener comes later, and has messages to deliver before.
  process.on("exit", () => {
    if (!threads.joined) threads.close();
  });
  ownProcess();
}
