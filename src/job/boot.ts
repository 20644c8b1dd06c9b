/**
 * Runs in every rank before the script (`node -r dist/boot.cjs`). Every millisecond here is paid by every rank,
 * so it does only what the launcher cannot do from outside. Worker threads and processes forked by a rank come
 * by here too, and find the variables gone.
 */
import { native } from "../native.ts";
import { markRankThread } from "./rank-thread.ts";

const launcher = process.env.TSMPI_LAUNCHER_PID;

if (launcher !== undefined) {
  const { TSMPI_BIND: cores, TSMPI_SCRIPT: script } = process.env;
  delete process.env.TSMPI_LAUNCHER_PID;
  delete process.env.TSMPI_BIND;
  delete process.env.TSMPI_SCRIPT;
  markRankThread();
  native().leadGroup();
  native().dieWithParent(Number(launcher));
  if (cores !== undefined) native().bindToCpus(cores.split(",").map(Number));
  // What runs is the transpiled copy in the cache; the program should see the name that was typed.
  if (script !== undefined) process.argv[1] = script;
  writeWhole("stdout");
  writeWhole("stderr");
}

/**
 * Writes to a pipe wait until they are done, as node does it for files and terminals. Otherwise what a rank
 * has printed last is lost when it calls process.exit() while the launcher is busy. The stream is made at its
 * first use, as always.
 */
function writeWhole(name: "stdout" | "stderr"): void {
  const property = Object.getOwnPropertyDescriptor(process, name);
  if (property?.get === undefined || property.configurable !== true) return;
  Object.defineProperty(process, name, {
    ...property,
    get() {
      const stream = property.get!.call(process) as {
        _handle?: { setBlocking?: (blocking: boolean) => void };
      };
      stream._handle?.setBlocking?.(true);
      Object.defineProperty(process, name, property);
      return stream;
    },
  });
}
