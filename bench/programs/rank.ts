/** What each rank of `tsmpi bench` runs: `tsmpirun -n N rank.js sync|awaited FOLDER`. The protocol is in peer.c. */
import { isDeepStrictEqual } from "node:util";
import { world } from "tsmpi";
import * as awaited from "./awaited-loops.ts";
import { answer, commandsFor, warmUp } from "./commands.ts";
import { Data, ObjectData } from "./data.ts";
import { makeObject } from "./objects.ts";
import * as blocking from "./sync-loops.ts";

type Loop = (calls: number) => void | Promise<void>;

const { sync, rank, size } = world;
const [face, folder] = process.argv.slice(2);
const faces = face === "awaited" ? awaited : blocking;

let loop: Loop = () => {};
let clear = (): void => {};
let isWrong = (): boolean => false;

function prepare(operation: string, what: string): string {
  if (operation === "objects") {
    const data = new ObjectData(makeObject(what));
    loop = calls => faces.objects(calls, data);
    clear = () => {
      data.received = undefined;
    };
    isWrong = () => rank < 2 && !isDeepStrictEqual(data.received, data.value);
    return "ok";
  }
  const body = faces.loops[operation];
  if (body === undefined) return "wrong: rank.ts does not know this operation";
  const data = new Data(operation, Number(what));
  loop = calls => body(calls, data);
  clear = () => data.clear();
  isWrong = () => data.isWrong();
  return "ok";
}

/** The ranks that have nothing to do in a loop, those beyond the first two of a ping-pong, wait here. */
async function together(): Promise<void> {
  if (face === "awaited") await world.barrier();
  else sync.barrier();
}

async function run(calls: number): Promise<string> {
  clear();
  await together();
  const warming = loop(warmUp(calls));
  // A blocking loop is not awaited: not even one microtask belongs to it.
  if (warming !== undefined) await warming;
  await together();
  const start = performance.now();
  const running = loop(calls);
  if (running !== undefined) await running;
  const mine = (performance.now() - start) * 1000;
  await together();
  return report(mine, isWrong());
}

/** By messages, so that a wrong collective does not judge itself. */
function report(mine: number, wrong: boolean): string {
  if (rank > 0) {
    sync.send([mine, wrong], 0);
    return "";
  }
  let slowest = mine;
  let wrongs = Number(wrong);
  for (let other = 1; other < size; other++) {
    const [time, isWrongThere] = sync.recv<[number, boolean]>(other);
    slowest = Math.max(slowest, time);
    wrongs += Number(isWrongThere);
  }
  if (wrongs > 0) return `wrong: the result on ${wrongs} of ${size} ranks`;
  return `ok ${mine.toFixed(3)} ${slowest.toFixed(3)}`;
}

for (const [command, ...words] of commandsFor(rank, folder)) {
  let text = `wrong: the command ${command}`;
  if (command === "prepare") text = prepare(words[0], words[1]);
  else if (command === "run") text = await run(Number(words[0]));
  if (rank === 0) answer(text);
}
