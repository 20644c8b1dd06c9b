/** A worker thread and the main one, joined by postMessage, which copies: `node worker.js FOLDER`. */
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { measureEcho } from "./echo.ts";

if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url));
  let deliver: (value: unknown) => void;
  worker.on("message", value => deliver(value));
  const exchange = (value: unknown): Promise<unknown> =>
    new Promise(resolve => {
      deliver = resolve;
      worker.postMessage(value);
    });
  await measureEcho(exchange, process.argv[2]);
  await worker.terminate();
} else {
  const port = parentPort!;
  port.on("message", value => port.postMessage(value));
}
