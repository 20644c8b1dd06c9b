/** Two node processes joined by node's own IPC, with advanced serialisation: `node ipc.js FOLDER`. */
import { fork } from "node:child_process";
import { measureEcho } from "./echo.ts";

const ECHO = "--echo";
const [word] = process.argv.slice(2);

if (word === ECHO) {
  process.on("message", value => process.send!(value));
} else {
  const child = fork(import.meta.filename, [ECHO], { serialization: "advanced" });
  let deliver: (value: unknown) => void;
  child.on("message", value => deliver(value));
  const exchange = (value: unknown): Promise<unknown> =>
    new Promise(resolve => {
      deliver = resolve;
      child.send(value as object);
    });
  await measureEcho(exchange, word);
  child.disconnect();
}
