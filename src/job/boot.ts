/**
 * Runs in every rank before the script (`node -r dist/boot.cjs`). Every millisecond here is paid by every rank,
 * so it does only what the launcher cannot do from outside. Worker threads and processes forked by a rank come
 * by here too, and find the variables gone.
 */
import { native } from "../native.ts";
import { ownProcess } from "./own-process.ts";
import { markRankThread } from "./rank-thread.ts";

const launcher = process.env.TSMPI_LAUNCHER_PID;

if (launcher !== undefined) {
  const { TSMPI_BIND: cores } = process.env;
  delete process.env.TSMPI_LAUNCHER_PID;
  delete process.env.TSMPI_BIND;
  markRankThread();
  // Takes a while, in the background: tsmpi needs it when it is imported.
  native().acceptFences();
  native().leadGroup();
  native().dieWithParent(Number(launcher));
  if (cores !== undefined) native().bindToCpus(cores.split(",").map(Number));
  ownProcess();
}
