/**
 * `srun -n 8 npx tsmpi rank script.ts`: srun has started a task for each rank already, and they find one another. Task 0
 * then does what tsmpirun does, the first task of each other host what a daemon does; the others wait. Where a rank is,
 * what it may use and what it is to run is what its own task says, never arithmetic on node lists.
 */
import { randomBytes } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import type { Socket } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { native, packageFolder } from "../../src/native.ts";
import { type Arguments, parseArguments } from "../arguments.ts";
import { usableCores } from "../cores.ts";
import type { Program } from "../host.ts";
import { ownAddresses } from "../hosts/addresses.ts";
import { daemonOn } from "../hosts/daemon.ts";
import type { Listening } from "../hosts/listening.ts";
import { HostProblem, RemoteHost } from "../hosts/remote-host.ts";
import { runOnHosts } from "../hosts/run-on-hosts.ts";
import { isSlurmTask } from "../hosts/slurm.ts";
import { LocalAgent, type Transport } from "../hosts/transport.ts";
import { makePlan, type Plan, ranksText } from "../plan.ts";
import { ReportedError, UsageError } from "../usage-error.ts";
import { type Card, decodeCard, encodeCard } from "./card.ts";
import { meetByMunge } from "./munge.ts";
import { meetByPmi2, offersPmi2 } from "./pmi2.ts";
import { connectSecurely, listenSecurely } from "./secure.ts";

/** For tasks to come, when all have met: as long as a connection may take on a busy network. */
const COMING_MILLISECONDS = 60_000;
const LOST_CODE = 1;
/** What Slurm tells each task for itself, and by which programs choose a device. */
const OF_TASK = /^(SLURM|PMI|CUDA|HIP|ROCR|ZE|GPU)_/;
const ENDED = "end\n";

/** What a task tells task 0. */
interface Hello {
  rank: number;
  words: string[];
  environment: Record<string, string>;
}

/** The tasks of a host, and which of its cores they may use together. */
interface StepHost {
  name: string;
  ranks: number[];
  cpus: number[];
}

function ownCard(): Card {
  const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
  const host = [bootId, hostname(), readlinkSync("/proc/self/ns/pid")].join(" ");
  return { host, hostname: hostname(), cpus: native().usableCpus(), door: undefined };
}

function hostsOf(cards: readonly Card[]): StepHost[] {
  const hosts = new Map<string, StepHost>();
  for (const [rank, { host, hostname: name, cpus }] of cards.entries()) {
    const known = hosts.get(host) ?? { name, ranks: [], cpus: [] };
    hosts.set(host, known);
    known.ranks.push(rank);
    known.cpus = [...new Set([...known.cpus, ...cpus])].sort((a, b) => a - b);
  }
  return [...hosts.values()];
}

/** As tsmpirun would read it, but for the ranks: these are srun's. */
function readWords(words: readonly string[]): Arguments | "help" | "version" {
  // TSMPI_OPTIONS may say how many ranks, and where.
  const args = parseArguments(words, "");
  if (typeof args === "string") return args;
  const { segments, hosts, hostFile, launcher, agent } = args;
  if (segments.length > 1 || segments[0].ranks !== undefined) {
    throw new UsageError(
      "tsmpi rank runs one script on as many ranks as srun has tasks; -n and : are srun's",
    );
  }
  if (hosts.length > 0 || hostFile !== undefined || launcher !== undefined || agent !== undefined) {
    throw new UsageError("tsmpi rank runs on the hosts of srun's tasks; hosts are chosen by srun's options");
  }
  return args;
}

/** `tsmpi rank`. @returns the exit code of this task; that of the job is task 0's */
export async function runRank(words: string[]): Promise<number> {
  try {
    return await takePart(words);
  } catch (error) {
    const { message } = error as Error;
    if (error instanceof ReportedError) process.stderr.write(`${message}\n`);
    else process.stderr.write(`tsmpi rank: ${message}\n`);
    return error instanceof ReportedError ? error.exitCode : error instanceof UsageError ? 2 : 1;
  }
}

async function takePart(words: string[]): Promise<number> {
  if (words.length === 0 || words[0] === "--help" || words[0] === "-h") {
    process.stdout.write("usage: srun -n N tsmpi rank [options of tsmpirun] script [args]\n");
    return words.length === 0 ? 2 : 0;
  }
  const meet = offersPmi2(process.env) ? meetByPmi2 : meetByMunge;
  if (meet === meetByMunge && !isSlurmTask(process.env)) {
    throw new UsageError(
      "tsmpi rank is for tasks that srun has started (srun -n 8 npx tsmpi rank script.ts), and this is none; " +
        "elsewhere: tsmpirun -n 8 script.ts",
    );
  }
  const own = ownCard();
  const coming = new Map<number, Came>();
  let allCame = (): void => {};
  const key = randomBytes(32);
  const addresses = doorAddresses(words);
  let door: Listening | undefined;
  // Task 0 knows that it is that when it makes its card.
  async function makeCard(rankOfTask: number): Promise<string> {
    if (rankOfTask > 0) return encodeCard(own);
    door = await listenSecurely(addresses, key, socket => {
      void greet(socket).then(came => {
        coming.set(came.hello.rank, came);
        allCame();
      });
    });
    return encodeCard({ ...own, door: { endpoints: door.endpoints, key: key.toString("base64url") } });
  }
  const { rank: me, cards: texts } = await meet(process.env, makeCard, addresses);
  const cards = texts.map(decodeCard);
  const hosts = hostsOf(cards);
  const home = hosts.find(({ ranks }) => ranks.includes(me))!;
  const hello: Hello = { rank: me, words, environment: ownEnvironment(own.cpus, home.cpus) };
  if (me === home.ranks[0]) native().bindToCpus(home.cpus);
  if (me > 0) return follow(hello, cards[0].door!, me === home.ranks[0]);

  const everybody = new Promise<void>((resolve, reject) => {
    allCame = () => {
      if (coming.size === cards.length - 1) resolve();
    };
    setTimeout(() => {
      const missing = cards.flatMap((_, other) => (other === 0 || coming.has(other) ? [] : [other]));
      const limit = COMING_MILLISECONDS / 1000;
      reject(
        new ReportedError(`tsmpi rank: ${ranksText(missing)} could not reach rank 0 within ${limit} s`, 1),
      );
    }, COMING_MILLISECONDS).unref();
    allCame();
  });
  await everybody;
  door?.close();
  try {
    const hellos = cards.map((_, other) => coming.get(other)?.hello ?? hello);
    const { plan, args } = planOf(hosts, hellos);
    for (const { hello: of, socket } of coming.values()) {
      if (!hosts.some(({ ranks }) => ranks[0] === of.rank)) socket.write(`${args.linkTimeoutSeconds}\n`);
    }
    return await lead(plan, args, hosts, coming);
  } finally {
    for (const { socket } of coming.values()) if (!socket.destroyed && socket.writable) socket.end(ENDED);
  }
}

/** Where the other tasks may come. What is wrong with the words is said later, by task 0 alone. */
function doorAddresses(words: readonly string[]): string[] {
  let network: string | undefined;
  try {
    const args = readWords(words);
    if (typeof args !== "string") network = args.network;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
  }
  const { list, problem } = ownAddresses(network);
  // Tasks must meet for each host to say that it has no such network.
  return problem === undefined ? list : ownAddresses(undefined).list;
}

function ownEnvironment(cpus: readonly number[], ofHost: readonly number[]): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (OF_TASK.test(name) && name !== "PMI_FD") environment[name] = value!;
  }
  // srun has bound the task: so is the rank.
  if (cpus.length < ofHost.length) environment.TSMPI_BIND = cpus.join(",");
  return environment;
}

// Task 0.

interface Came {
  hello: Hello;
  socket: Socket;
}

/** The first line that a task says; what follows it is for whoever reads next. */
function greet(socket: Socket): Promise<Came> {
  return new Promise(resolve => {
    let text = Buffer.alloc(0);
    socket.on("error", () => {});
    const take = (): void => {
      for (let bytes = socket.read(); bytes !== null; bytes = socket.read()) {
        text = Buffer.concat([text, bytes as Buffer]);
        const end = text.indexOf("\n");
        if (end < 0) continue;
        socket.off("readable", take);
        const rest = text.subarray(end + 1);
        if (rest.length > 0) socket.unshift(rest);
        resolve({ hello: JSON.parse(text.toString("utf8", 0, end)) as Hello, socket });
        return;
      }
    };
    socket.on("readable", take);
  });
}

/** What all tasks are to run, and the options of task 0. */
function planOf(hosts: readonly StepHost[], hellos: readonly Hello[]): { plan: Plan; args: Arguments } {
  const plans = new Map<string, { plan: Plan; args: Arguments }>();
  const programs: Program[] = [];
  for (const { rank: of, words, environment } of hellos) {
    const text = JSON.stringify(words);
    let known = plans.get(text);
    if (known === undefined) {
      const args = readWords(words);
      if (typeof args === "string") throw new UsageError(`tsmpi rank expects a script; --${args} came`);
      known = { args, plan: makePlan(args, usableCores(args.physicalCores)) };
      plans.set(text, known);
    }
    const [program] = known.plan.programs;
    const all = { ...environment, ...program.environment };
    programs.push({ ...program, environment: all, firstRank: of, ranks: 1 });
  }
  const { args, plan } = plans.get(JSON.stringify(hellos[0].words))!;
  const places = hellos.map(({ rank: of }) => hosts.findIndex(({ ranks }) => ranks.includes(of)));
  const whole = { ...plan, programs, ranks: hellos.length, hosts: hosts.map(({ name }) => name), places };
  return { plan: whole, args };
}

/** The job, with the daemons of other hosts in their first tasks, and the one of this host beside this process. */
function lead(
  plan: Plan,
  args: Arguments,
  hosts: readonly StepHost[],
  came: ReadonlyMap<number, Came>,
): Promise<number> {
  const command = [process.execPath, join(packageFolder(), "dist", "tsmpi.js"), "daemon"];
  return runOnHosts(plan, args, async prepare => {
    const problems: HostProblem[] = [];
    const started = hosts.map(async ({ name, ranks }, index) => {
      const task = came.get(ranks[0]);
      const host = new RemoteHost({
        name,
        command: task === undefined ? command : ["srun"],
        transport: task === undefined ? new LocalAgent(command) : new TaskTransport(task.socket),
        linkTimeoutSeconds: args.linkTimeoutSeconds,
        onErrors: (of, text) => process.stderr.write(text.replaceAll(/^(?=.)/gm, `tsmpi rank: ${of}: `)),
      });
      try {
        await prepare(host, index);
      } catch (error) {
        if (!(error instanceof HostProblem)) throw error;
        problems.push(error);
      }
      return host;
    });
    return { hosts: await Promise.all(started), problems };
  });
}

class TaskTransport implements Transport {
  readonly input: Socket;
  readonly output: Socket;
  /** A task says its errors itself. */
  readonly errors = new PassThrough();

  constructor(socket: Socket) {
    this.input = socket;
    this.output = socket;
  }

  onEnd(callback: (how: string) => void): void {
    this.input.on("close", () => callback("ended"));
  }

  kill(): void {
    this.input.destroy();
  }
}

// The other tasks.

/** @returns the exit code; that of the job is task 0's */
async function follow(hello: Hello, door: NonNullable<Card["door"]>, isFirst: boolean): Promise<number> {
  const socket = await connectSecurely(door.endpoints, Buffer.from(door.key, "base64url"));
  socket.write(`${JSON.stringify(hello)}\n`);
  if (isFirst) return daemonOn(socket);
  return new Promise(resolve => {
    let said = "";
    socket.on("data", bytes => {
      said += bytes.toString();
      // The end of task 0's host says nothing: then the system asks, and gives up ten seconds later.
      const seconds = Number.parseFloat(said);
      if (seconds > 0) socket.setKeepAlive(true, Math.max(1000, seconds * 1000));
    });
    // That task 0 has been killed, its host's daemon says; this task has nothing to add.
    socket.on("error", () => {});
    socket.on("close", () => resolve(said.endsWith(ENDED) ? 0 : LOST_CODE));
    socket.on("end", () => socket.end());
  });
}
