/** What Node itself offers, as contenders of `latency` and `objects`: a ping-pong with something that echoes. */
import { isDeepStrictEqual } from "node:util";
import { answer, commandsFor, warmUp } from "./commands.ts";
import { makeObject } from "./objects.ts";

/** Sends a value and waits for its echo. */
export type Exchange = (value: unknown) => Promise<unknown>;

export async function measureEcho(exchange: Exchange, folder: string): Promise<void> {
  let value: unknown;
  for (const [command, ...words] of commandsFor(0, folder)) {
    if (command === "prepare") {
      const [operation, what] = words;
      value =
        operation === "objects"
          ? makeObject(what)
          : Float64Array.from({ length: Number(what) / 8 }, (_, i) => 1000 + (i % 997));
      answer("ok");
    } else if (command === "run") {
      answer(await run(exchange, value, Number(words[0])));
    } else {
      answer(`wrong: the command ${command}`);
    }
  }
}

async function run(exchange: Exchange, value: unknown, calls: number): Promise<string> {
  let received: unknown;
  for (let i = warmUp(calls); i > 0; i--) await exchange(value);
  const start = performance.now();
  for (let i = 0; i < calls; i++) received = await exchange(value);
  const microseconds = ((performance.now() - start) * 1000).toFixed(3);
  if (!isDeepStrictEqual(received, value)) return "wrong: the echo";
  return `ok ${microseconds} ${microseconds}`;
}
