/**
 * The exchange where srun offers none: task 0 listens at a port that follows from the numbers of job and step, on one
 * of the step's nodes, and gives whoever asks a MUNGE credential that only this user's processes can open. In it are the
 * port and the key of a second listener, where tasks leave their cards and get those of all.
 */
import { execFile, execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { promisify } from "node:util";
import { expandNames } from "../hosts/host-list.ts";
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

/** Whether this process is a task that srun has started. */
export function isSlurmTask(environment: NodeJS.ProcessEnv): boolean {
  return environment.SLURM_STEP_ID !== undefined && environment.SLURM_PROCID !== undefined;
}

/** @throws {Error} a sentence about whom this task has not met */
export async function meetByMunge(
  environment: NodeJS.ProcessEnv,
  makeCard: (rank: number, size: number) => string,
): Promise<Meeting> {
  const rank = Number(environment.SLURM_PROCID);
  const size = Number(environment.SLURM_STEP_NUM_TASKS ?? environment.SLURM_NTASKS);
  const card = makeCard(rank, size);
  if (size === 1) return { rank, cards: [card] };
  const step = `${environment.SLURM_JOB_ID}.${environment.SLURM_STEP_ID}`;
  const cards = rank === 0 ? await collect(step, size, card) : await bring(environment, step, rank, card);
  return { rank, cards };
}

function firstPort(step: string): number {
  let hash = 0;
  for (const letter of step) hash = (Math.imul(hash, 31) + letter.charCodeAt(0)) >>> 0;
  return PORTS_FROM + (hash % PORTS);
}

// Task 0.

async function collect(step: string, size: number, own: string): Promise<string[]> {
  const cards = new Array<string>(size);
  cards[0] = own;
  const waiting: TLSSocket[] = [];
  const key = randomBytes(32);
  let allCame = (): void => {};
  const everybody = new Promise<void>(resolve => {
    allCame = resolve;
  });
  const inside = await listenSecurely(key, socket => {
    void firstLine(socket).then(line => {
      const [rank, card] = JSON.parse(line) as [number, string];
      cards[rank] = card;
      waiting.push(socket);
      if (waiting.length === size - 1) allCame();
    });
  });
  const { port } = inside.address() as { port: number };
  const secret = JSON.stringify({ port, key: key.toString("base64url") });
  // So that it is known early if there is no munge.
  await munge(secret);
  // Each asker gets a credential of its own: a host opens none twice.
  const outside = await listenAtFirst(firstPort(step), async () => `tsmpi ${step} ${await munge(secret)}\n`);
  try {
    await limited(everybody, () => {
      const missing = [...cards.keys()].filter(rank => cards[rank] === undefined);
      return `tasks ${missing.join(", ")} have not come to rank 0`;
    });
    for (const socket of waiting) socket.end(`${JSON.stringify(cards)}\n`);
    return cards;
  } finally {
    inside.close();
    outside.close();
  }
}

async function listenAtFirst(first: number, makeWord: () => Promise<string>): Promise<Server> {
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
  for (let port = first; port < first + TRIES; port++) {
    const server = createServer(socket => {
      socket.on("error", () => {});
      asking.push(socket);
      if (makers < MAKERS) void answer();
    });
    const listens = await new Promise<boolean>(resolve => {
      server.on("error", () => resolve(false));
      server.listen(port, () => resolve(true));
    });
    if (listens) return server;
  }
  throw new Error(`rank 0 finds none of the ports ${first} to ${first + TRIES - 1} free`);
}

// The others.

async function bring(
  environment: NodeJS.ProcessEnv,
  step: string,
  rank: number,
  card: string,
): Promise<string[]> {
  const nodes = expandNames(environment.SLURM_STEP_NODELIST ?? "", "SLURM_STEP_NODELIST");
  const { node, port, key } = await findDoor(nodes, step);
  const socket = await connectSecurely([node], port, Buffer.from(key, "base64url"));
  socket.write(`${JSON.stringify([rank, card])}\n`);
  const answer = firstLine(socket);
  return JSON.parse(await limited(answer, () => "rank 0 has not met all tasks")) as string[];
}

interface Door {
  node: string;
  port: number;
  key: string;
}

/** Task 0 is on one of the nodes, nearly always the first, and may come later than this one. */
async function findDoor(nodes: readonly string[], step: string): Promise<Door> {
  const first = firstPort(step);
  const end = performance.now() + MEETING_MILLISECONDS;
  while (performance.now() < end) {
    for (const node of nodes) {
      for (let port = first; port < first + TRIES; port++) {
        const heard = await heardAt(node, port);
        // Nobody listens here: not at the ports after it either.
        if (heard === undefined) break;
        const [word, of, credential] = heard.trim().split(" ");
        if (word !== "tsmpi" || of !== step) continue;
        const inside = unmunge(credential);
        if (inside !== undefined) return { node, ...(JSON.parse(inside) as Omit<Door, "node">) };
      }
    }
    await new Promise(resolve => setTimeout(resolve, PAUSE_MILLISECONDS));
  }
  throw new Error(`rank 0 was found on none of ${nodes.join(", ")}, at ports from ${first}`);
}

/** What somebody says to whoever connects; undefined when nobody lets this process connect. */
function heardAt(host: string, port: number): Promise<string | undefined> {
  return new Promise(resolve => {
    let text: string | undefined;
    const socket = connect({ host, port });
    socket.on("connect", () => {
      text = "";
    });
    socket.setTimeout(CONNECT_MILLISECONDS, () => socket.destroy());
    socket.on("data", bytes => {
      text += bytes.toString();
      if (text!.length > 8192) socket.destroy();
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(text));
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
