/**
 * The exchange where srun offers none: task 0 listens at a port that follows from the numbers of job and step, on one
 * of the step's nodes, and gives whoever asks a MUNGE credential that only this user's processes can open. In it are the
 * endpoints and the key of a second listener, where tasks leave their cards and get those of all.
 */
import { execFile, execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { lookup } from "node:dns/promises";
import { connect, type Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { promisify } from "node:util";
import { parseEndpoint } from "../../src/gateway/wire.ts";
import { expandNames } from "../hosts/host-list.ts";
import { type Listening, listenAt } from "../hosts/listening.ts";
import type { Meeting } from "./pmi2.ts";
import { connectSecurely, listenSecurely } from "./secure.ts";

const PORTS_FROM = 20_000;
const PORTS = 10_000;
/** Another step may have the port already. */
const TRIES = 8;
const MEETING_MILLISECONDS = 60_000;
const CONNECT_MILLISECONDS = 2000;
const PAUSE_MILLISECONDS = 100;
/** Credentials that are made at a time; who asks for more waits. */
const MAKERS = 8;

/**
 * @param addresses of this host, where the others may come if this is task 0
 * @throws {Error} a sentence about whom this task has not met
 */
export async function meetByMunge(
  environment: NodeJS.ProcessEnv,
  makeCard: (rank: number, size: number) => Promise<string>,
  addresses: readonly string[],
): Promise<Meeting> {
  const rank = Number(environment.SLURM_PROCID);
  const size = Number(environment.SLURM_STEP_NUM_TASKS ?? environment.SLURM_NTASKS);
  const card = await makeCard(rank, size);
  if (size === 1) return { rank, cards: [card] };
  const step = `${environment.SLURM_JOB_ID}.${environment.SLURM_STEP_ID}`;
  if (rank > 0) return { rank, cards: await bring(environment, step, rank, card) };
  return { rank, cards: await collect(environment, step, size, card, addresses) };
}

/** Where others look for task 0, in this order. */
function portsOf(step: string): number[] {
  let hash = 0;
  for (const letter of step) hash = (Math.imul(hash, 31) + letter.charCodeAt(0)) >>> 0;
  const first = PORTS_FROM + (hash % PORTS);
  return Array.from({ length: TRIES }, (_, index) => first + index);
}

// Task 0.

async function collect(
  environment: NodeJS.ProcessEnv,
  step: string,
  size: number,
  own: string,
  addresses: readonly string[],
): Promise<string[]> {
  const cards = new Array<string>(size);
  cards[0] = own;
  const waiting: TLSSocket[] = [];
  const key = randomBytes(32);
  let allCame = (): void => {};
  const everybody = new Promise<void>(resolve => {
    allCame = resolve;
  });
  const inside = await listenSecurely(addresses, key, socket => {
    void firstLine(socket).then(line => {
      const [rank, card] = JSON.parse(line) as [number, string];
      cards[rank] = card;
      waiting.push(socket);
      if (waiting.length === size - 1) allCame();
    });
  });
  let outside: Listening | undefined;
  try {
    const secret = JSON.stringify({ endpoints: inside.endpoints, key: key.toString("base64url") });
    // So that it is known early if there is no munge.
    await munge(secret);
    const known = [...addresses, ...(await namedAddresses(environment))];
    // Each asker gets a credential of its own: a host opens none twice.
    outside = await listenAtFirst(known, step, async () => `tsmpi ${step} ${await munge(secret)}\n`);
    await limited(everybody, () => {
      const missing = [...cards.keys()].filter(rank => cards[rank] === undefined);
      return `tasks ${missing.join(", ")} have not come to rank 0`;
    });
    for (const socket of waiting) socket.end(`${JSON.stringify(cards)}\n`);
    return cards;
  } finally {
    inside.close();
    outside?.close();
  }
}

/**
 * Others know this host by the name of its node alone, which may lead to another network than the one wanted, and here
 * to this host itself.
 */
async function namedAddresses(environment: NodeJS.ProcessEnv): Promise<string[]> {
  const { SLURMD_NODENAME: name } = environment;
  if (name === undefined) return [];
  const found = await lookup(name, { all: true }).catch(() => []);
  return found.map(({ address }) => address);
}

function listenAtFirst(
  addresses: readonly string[],
  step: string,
  makeWord: () => Promise<string>,
): Promise<Listening> {
  const asking: Socket[] = [];
  let makers = 0;
  async function answer(): Promise<void> {
    makers++;
    for (let socket = asking.shift(); socket !== undefined; socket = asking.shift()) {
      if (socket.destroyed) continue;
      try {
        socket.end(await makeWord());
      } catch {
        // The service may be busy: who hears nothing asks again.
        socket.destroy();
      }
    }
    makers--;
  }
  function came(socket: Socket): void {
    socket.on("error", () => {});
    asking.push(socket);
    if (makers < MAKERS) void answer();
  }
  return listenAt(addresses, came, portsOf(step));
}

// The others.

async function bring(
  environment: NodeJS.ProcessEnv,
  step: string,
  rank: number,
  card: string,
): Promise<string[]> {
  const nodes = expandNames(environment.SLURM_STEP_NODELIST ?? "", "SLURM_STEP_NODELIST");
  const { endpoints, key } = await findDoor(nodes, step);
  const socket = await connectSecurely(endpoints, Buffer.from(key, "base64url"));
  socket.write(`${JSON.stringify([rank, card])}\n`);
  const answer = firstLine(socket);
  return JSON.parse(await limited(answer, () => "rank 0 has not met all tasks")) as string[];
}

interface Door {
  endpoints: string[];
  key: string;
}

/** Task 0 is on one of the nodes, nearly always the first, and may come later than this one. */
async function findDoor(nodes: readonly string[], step: string): Promise<Door> {
  const ports = portsOf(step);
  const end = performance.now() + MEETING_MILLISECONDS;
  while (performance.now() < end) {
    for (const node of nodes) {
      for (const port of ports) {
        const heard = await heardAt(node, port);
        // Nobody listens here: not at the ports after it either.
        if (heard === undefined) break;
        const [word, of, credential] = heard.text.trim().split(" ");
        if (word !== "tsmpi" || of !== step) continue;
        const inside = unmunge(credential);
        if (inside === undefined) continue;
        const { endpoints, key } = JSON.parse(inside) as Door;
        // The way that has just been found comes first.
        const isKnown = (endpoint: string): boolean => parseEndpoint(endpoint).host === heard.from;
        return { endpoints: [...endpoints].sort((a, b) => Number(isKnown(b)) - Number(isKnown(a))), key };
      }
    }
    await new Promise(resolve => setTimeout(resolve, PAUSE_MILLISECONDS));
  }
  throw new Error(`rank 0 was found on none of ${nodes.join(", ")}, at ports from ${ports[0]}`);
}

interface Heard {
  text: string;
  /** The address of who said it. */
  from: string | undefined;
}

/** What somebody says to whoever connects; undefined when nobody lets this process connect. */
function heardAt(host: string, port: number): Promise<Heard | undefined> {
  return new Promise(resolve => {
    let heard: Heard | undefined;
    const socket = connect({ host, port });
    socket.on("connect", () => {
      heard = { text: "", from: socket.remoteAddress };
    });
    socket.setTimeout(CONNECT_MILLISECONDS, () => socket.destroy());
    socket.on("data", bytes => {
      heard!.text += bytes.toString();
      if (heard!.text.length > 8192) socket.destroy();
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(heard));
  });
}

// Both.

function firstLine(socket: NodeJS.ReadableStream): Promise<string> {
  return new Promise(resolve => {
    let text = "";
    socket.on("error", () => {});
    socket.on("data", (bytes: Buffer) => {
      text += bytes.toString();
      const end = text.indexOf("\n");
      if (end >= 0) resolve(text.slice(0, end));
    });
  });
}

async function limited<T>(promise: Promise<T>, sentence: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const fail = (): void => reject(new Error(`${sentence()} within ${MEETING_MILLISECONDS / 1000} s`));
    timer = setTimeout(fail, MEETING_MILLISECONDS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A credential that only processes of this user can open. */
async function munge(secret: string): Promise<string> {
  try {
    // The secret is not for the list of processes.
    const making = promisify(execFile)("munge", [`--restrict-uid=${process.getuid!()}`]);
    making.child.stdin!.on("error", () => {});
    making.child.stdin!.end(secret);
    return (await making).stdout.trim();
  } catch (error) {
    throw new Error(
      "tasks of srun find one another by PMI-2 (srun --mpi=pmi2) or by the command munge, which does not work here: " +
        (error as Error).message.split("\n")[0],
    );
  }
}

/** Undefined when it is not one of this user's. */
function unmunge(credential: string): string | undefined {
  try {
    const text = execFileSync("unmunge", {
      input: credential,
      encoding: "utf8",
      stdio: ["pipe", "pipe", "ignore"],
    });
    const user = /^UID:.*\((\d+)\)$/m.exec(text)?.[1];
    return Number(user) === process.getuid!() ? text.slice(text.indexOf("\n\n") + 2) : undefined;
  } catch {
    return undefined;
  }
}
