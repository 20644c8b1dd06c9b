/**
 * `tsmpi daemon`: started on a host by tsmpirun, never by a person. It makes the host's segment, starts the ranks
 * that belong here and the gateway to the other hosts, passes on what ranks print and read, and ends all when its
 * channel ends.
 */
import type { ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { pathToFileURL } from "node:url";
import { createHostSegment } from "../../src/job/create-host-segment.ts";
import type { HostSegment } from "../../src/job/host-segment.ts";
import { packageFolder } from "../../src/native.ts";
import { usableCores } from "../cores.ts";
import type { HostPart, RankInput, RankOutput } from "../host.ts";
import { LineWriter } from "../line-writer.ts";
import { LocalHost } from "../local-host.ts";
import { OpenStreams } from "../open-streams.ts";
import { systemErrorText } from "../system-error.ts";
import { ownAddresses } from "./addresses.ts";
import { Channel } from "./channel.ts";
import { problemsOf } from "./checks.ts";
import { examineHost, listenForHosts, reach } from "./examine.ts";
import { GatewayChild } from "./gateway-child.ts";
import { Heartbeat } from "./heartbeat.ts";
import {
  type BytesKind,
  FrameKind,
  type GatewayCard,
  type HostCard,
  MAGIC,
  type Order,
  type Report,
  streamOf,
} from "./protocol.ts";
import { ROOM, SHIPPED } from "./ship.ts";
import { followAgent, killAgent, startAgent } from "./transport.ts";

/** For ranks to end by themselves when tsmpirun is gone. */
const KILL_AFTER = 1000;
/** For what has been written to leave, when tsmpirun is gone. */
const LEAVE_AFTER = 500;
const NO_RANK = -1;
const LOST_CODE = 1;
const NO_INPUT =
  "the standard input ended at once; the agent must pass it on (docker exec and kubectl exec need -i)";
const NO_TASK = "task 0 has ended, or cannot begin";

type Prepare = Extract<Order, { kind: "prepare" }>;

class Daemon {
  private readonly channel: Channel<Report, Order>;
  private readonly output: Writable;
  private readonly children = new Map<number, ChildProcess>();
  private readonly rankStreams = new Map<number, Readable>();
  private readonly openStreams = new OpenStreams();
  private readonly rankInputs = new Map<number, Writable>();
  /** To be called when the channel has room again. */
  private readonly draining: (() => void)[] = [];
  /** Streams whose reader at the other end is slow. */
  private readonly slow = new Set<number>();
  private heartbeat: Heartbeat | undefined;
  private preparation: Prepare | undefined;
  private readonly missing = new Set<number>();
  /** Of the job's own, removed at its end; "" as long as none is needed. */
  private folder = process.env[SHIPPED] ?? "";
  private segment: HostSegment | undefined;
  private host: LocalHost | undefined;
  /** Undefined when the job has no other host. */
  private gateway: GatewayChild | undefined;
  private leaving = false;
  private abandonedRanks = false;
  /** Nothing of what ranks have printed is still to be sent. */
  private allPrinted = false;
  private code = 0;

  /** @param noOrders what to say when the channel ends before anything has come */
  constructor(input: Readable, output: Writable, noOrders: string) {
    this.output = output;
    this.output.write(MAGIC);
    delete process.env[SHIPPED];
    this.channel = new Channel<Report, Order>(input, output, {
      message: order => this.order(order),
      bytes: (kind, stream, bytes) => this.bytes(kind, stream, bytes),
      ended: () =>
        this.abandoned(this.preparation === undefined ? noOrders : "the channel to tsmpirun has ended"),
    });
    this.channel.onDrain(() => {
      for (const callback of this.draining.splice(0)) callback();
    });
    for (const signal of ["SIGTERM", "SIGHUP", "SIGINT"] as const)
      process.on(signal, () => this.abandoned(`${signal} came`));
  }

  private order(order: Order): void {
    this.heartbeat?.hear();
    switch (order.kind) {
      case "ping":
        return;
      case "prepare":
        this.prepare(order);
        return;
      case "examine":
        this.channel.send({ kind: "facts", facts: examineHost() });
        return;
      case "listen":
        void this.listen(order.network);
        return;
      case "reach":
        void reach(order.targets).then(endpoints => this.channel.send({ kind: "reached", endpoints }));
        return;
      case "start":
        this.start(order.cards);
        return;
      case "finished":
        this.gateway?.send(order);
        return;
      case "signal":
        // tsmpirun stops when it is told to, and then pings no more.
        if (order.signal === "SIGSTOP" || order.signal === "SIGCONT") {
          this.heartbeat?.hold(order.signal === "SIGSTOP");
        }
        this.host?.signal(order.signal);
        return;
      case "waits":
        void this.host?.waits().then(waits => this.channel.send({ kind: "waits", waits: [...waits] }));
        return;
      case "look":
        void this.host?.look().then(ranks => this.channel.send({ kind: "look", ranks }));
        return;
      case "abort":
        this.host?.abort(order.rank, order.code);
        return;
      case "flow":
        this.flow(order.stream, order.open);
        return;
      case "inputEnd":
        this.rankInputs.get(order.rank)?.end();
        return;
      case "relay":
        this.relay(order.relay, order.command);
        return;
      case "relayEnd":
        killAgent(this.children.get(order.relay));
        return;
      case "close":
        void this.close();
    }
  }

  private bytes(kind: BytesKind, stream: number, bytes: Buffer): void {
    this.heartbeat?.hear();
    if (kind === FrameKind.input) {
      const target = this.rankInputs.get(stream);
      const taken = (open: boolean): void => this.channel.send({ kind: "inputTaken", rank: stream, open });
      if (target === undefined || target.destroyed) taken(false);
      else target.write(bytes, error => taken(error == null));
    } else if (kind === FrameKind.relay) {
      this.children.get(stream)?.stdin?.write(bytes);
    } else if (kind === FrameKind.file) {
      this.fileCame(stream, bytes);
    }
  }

  // Before the job.

  private prepare(order: Prepare): void {
    this.preparation = order;
    this.heartbeat = new Heartbeat(
      order.linkTimeoutSeconds,
      () => this.channel.send({ kind: "ping" }),
      () =>
        this.abandoned(`tsmpirun has not been heard of for ${order.linkTimeoutSeconds} s (--link-timeout)`),
    );
    for (const [index, file] of order.files.entries()) {
      if (order.shippedLibraries !== undefined || !existsSync(file)) this.missing.add(index);
    }
    if (this.missing.size > 0) this.channel.send({ kind: "needs", files: [...this.missing] });
    else void this.check(order, order.part);
  }

  /** A file that this host does not see gets a place in a folder of the job's own. */
  private fileCame(index: number, bytes: Buffer): void {
    const { preparation } = this;
    if (preparation === undefined || !this.missing.delete(index)) return;
    const { files, shippedLibraries, part } = preparation;
    const content = shippedLibraries === undefined ? bytes : withOwnLibrary(bytes, shippedLibraries);
    try {
      if (this.folder === "") this.folder = mkdtempSync(join(tmpdir(), "tsmpi-"));
      writeFileSync(join(this.folder, basename(files[index])), content);
    } catch (error) {
      const problem = `cannot keep the script in ${tmpdir()} (${systemErrorText(error)}); ${ROOM}`;
      this.channel.send({ kind: "lacks", problems: [problem] });
      return;
    }
    if (this.missing.size > 0) return;
    const programs = part.programs.map(program => {
      const came = join(this.folder, basename(program.file));
      const file = existsSync(came) ? came : program.file;
      // A host that gets everything may have no such folder either.
      const elsewhere = shippedLibraries !== undefined && !existsSync(program.workingFolder);
      return { ...program, file, workingFolder: elsewhere ? this.folder : program.workingFolder };
    });
    void this.check(preparation, { ...part, programs });
  }

  private async check(order: Prepare, part: HostPart): Promise<void> {
    const addresses = ownAddresses(order.network);
    const problems = problemsOf(order, part);
    if (addresses.problem !== undefined) problems.push(addresses.problem);
    try {
      if (problems.length === 0) {
        this.host = this.makeHost(part);
        const gateway =
          part.hosts > 1 ? await this.makeGateway(order, this.segment!, addresses.list) : undefined;
        const { hostname, list } = addresses;
        const card = { hostname, addresses: list, gateway, crowded: this.host.crowded };
        this.channel.send({ kind: "ready", card });
        return;
      }
    } catch (error) {
      problems.push((error as Error).message);
    }
    this.channel.send({ kind: "lacks", problems });
  }

  private makeGateway(order: Prepare, segment: HostSegment, addresses: string[]): Promise<GatewayCard> {
    const { wire, linkTimeoutSeconds, part } = order;
    this.gateway = new GatewayChild(segment.inherited, {
      news: news => this.channel.send(news),
      ended: how => {
        if (!this.leaving) this.channel.send({ kind: "gatewayEnded", how });
      },
    });
    const { linkMemory } = part;
    return this.gateway.listen({ kind: "listen", wire, addresses, linkTimeoutSeconds, linkMemory });
  }

  /** Makes the segment, too. */
  private makeHost(part: HostPart): LocalHost {
    const { host, hosts, places, linkMemory, watched, counted, physicalCores } = part;
    const cores = usableCores(physicalCores);
    const where = hosts === 1 ? places.length : { host, hosts, ofRank: places };
    this.segment = createHostSegment(where, cores, linkMemory, watched, counted);
    return new LocalHost(part, cores, this.folder, this.segment, {
      exited: (rank, code, signal, hint) => {
        // Ranks that end because this daemon does have not failed.
        if (!this.abandonedRanks) this.channel.send({ kind: "exited", rank, code, signal, hint });
        this.checkEnd();
      },
      notStarted: (rank, reason) => {
        this.channel.send({ kind: "notStarted", rank, reason });
        this.checkEnd();
      },
    });
  }

  /** For `tsmpi doctor`: until this daemon ends, other hosts may try to reach it. */
  private async listen(network: string | undefined): Promise<void> {
    const { hostname, list, problem } = ownAddresses(network);
    try {
      if (problem !== undefined) throw new Error(problem);
      const word = `${hostname} ${randomUUID()}`;
      const { endpoints } = await listenForHosts(list, word);
      this.channel.send({ kind: "listening", target: { endpoints, word } });
    } catch (error) {
      this.channel.send({ kind: "lacks", problems: [(error as Error).message] });
    }
  }

  // The job.

  private start(cards: readonly HostCard[]): void {
    const host = this.host!;
    if (this.gateway !== undefined) {
      const gateways = cards.map(({ gateway }) => gateway!);
      const crowded = cards.some(card => card.crowded);
      this.segment!.agree({ crowded, copies: gateways.every(({ copies }) => copies) });
      this.gateway.send({ kind: "begin", cards: gateways });
    }
    void host.start(this.rankOutput(), this.rankInput()).then(() => {
      const pids = host.ranks.map((rank): [number, number] => [rank, host.pidOf(rank)!]);
      this.channel.send({ kind: "started", pids });
    });
  }

  private rankOutput(): RankOutput {
    return {
      attach: (rank, stdout, stderr) => {
        this.follow(rank, streamOf(rank, "out"), stdout);
        this.follow(rank, streamOf(rank, "err"), stderr);
      },
    };
  }

  /** Sends whole lines, so that no delay on the way can come in the middle of one. */
  private follow(rank: number, stream: number, readable: Readable): void {
    this.rankStreams.set(stream, readable);
    const writer = new LineWriter({
      destination: {
        continues: () => false,
        write: (_writer, bytes) => this.channel.sendBytes(FrameKind.output, stream, bytes),
        onDrain: callback => void this.draining.push(callback),
      },
      tag: undefined,
      file: undefined,
      alone: false,
      pause: paused => {
        if (paused) readable.pause();
        else if (!this.slow.has(stream)) readable.resume();
      },
      listening: () => !readable.isPaused(),
    });
    readable.on("data", (bytes: Buffer) => writer.write(bytes));
    this.openStreams.add(rank, readable, () => {
      this.rankStreams.delete(stream);
      writer.end();
      this.channel.send({ kind: "outputEnd", stream });
    });
  }

  private flow(stream: number, open: boolean): void {
    if (open) this.slow.delete(stream);
    else this.slow.add(stream);
    const readable = this.rankStreams.get(stream);
    if (open) readable?.resume();
    else readable?.pause();
  }

  private rankInput(): RankInput {
    const readers = new Set(this.preparation!.readers);
    return {
      descriptorOf: rank => (readers.has(rank) ? "pipe" : "ignore"),
      attach: (rank, target) => {
        this.rankInputs.set(rank, target);
        // A rank may end, or close its input, before it has read everything.
        const closed = (): void => this.channel.send({ kind: "inputTaken", rank, open: false });
        target.on("error", closed);
        target.on("close", closed);
      },
    };
  }

  /** Starts the agent of another host for tsmpirun, which cannot start them all. */
  private relay(relay: number, command: string[]): void {
    const child = startAgent(command);
    this.children.set(relay, child);
    child.stdin!.on("error", () => {});
    child.stdout!.on("data", (bytes: Buffer) => this.channel.sendBytes(FrameKind.relay, relay, bytes));
    child.stderr!.on("data", (bytes: Buffer) => this.channel.sendBytes(FrameKind.relayErrors, relay, bytes));
    followAgent(child, how => {
      if (this.children.delete(relay)) this.channel.send({ kind: "relayEnded", relay, how });
      this.checkEnd();
    });
  }

  // The end.

  /** The channel has ended, or this process is to: nobody is left who would wait for the ranks. */
  private abandoned(why: string): void {
    if (this.abandonedRanks) return;
    this.leaving = true;
    this.abandonedRanks = true;
    this.allPrinted = true;
    this.code = LOST_CODE;
    process.stderr.write(`tsmpi daemon: ${why}\n`);
    for (const child of this.children.values()) child.stdin?.end();
    this.host?.abort(NO_RANK, LOST_CODE);
    this.host?.signal("SIGTERM");
    // A stopped process sees no signal but SIGKILL until it continues.
    this.host?.signal("SIGCONT");
    setTimeout(() => {
      this.host?.signal("SIGKILL");
      for (const child of this.children.values()) killAgent(child);
    }, KILL_AFTER);
    this.checkEnd();
  }

  /** The job has ended. What ranks have printed last still leaves; daemons behind relays are told to close, too. */
  private async close(): Promise<void> {
    this.leaving = true;
    await this.host?.close();
    await this.openStreams.closed();
    this.allPrinted = true;
    this.checkEnd();
  }

  /** Ends this process when it has been told to, or left alone, and nothing of the job is alive any more. */
  private checkEnd(): void {
    const { leaving, allPrinted, children, host } = this;
    if (!leaving || !allPrinted || children.size > 0 || (host?.ranks.length ?? 0) > 0) return;
    void host?.close();
    this.gateway?.close();
    if (this.folder !== "") rmSync(this.folder, { recursive: true, force: true });
    this.output.end(() => process.exit(this.code));
    // Nobody may read any more; but a tsmpirun that lives may only be slow.
    const seconds = this.preparation?.linkTimeoutSeconds;
    const patience = this.abandonedRanks || seconds === undefined ? LEAVE_AFTER : seconds * 1000;
    setTimeout(() => process.exit(this.code), patience);
  }
}

/** A script that imports tsmpi by paths of another machine, with the paths that it has here. */
function withOwnLibrary(script: Buffer, paths: readonly string[]): string {
  const addressOf = (path: string): string => pathToFileURL(path).href;
  return paths.reduce((text, path) => {
    const own = join(packageFolder(), "dist", basename(path));
    return text
      .replaceAll(addressOf(path), addressOf(own))
      .replaceAll(JSON.stringify(path), JSON.stringify(own));
  }, script.toString());
}

/** Not process.stdout: writing to that blocks when tsmpirun is slow, and then no order would be heard. */
function ownOutput(): Writable {
  try {
    return new Socket({ fd: 1, readable: false, writable: true });
  } catch {
    return process.stdout;
  }
}

/** A daemon whose orders come over a socket, see `launcher/step`. Ends the process. */
export function daemonOn(socket: Socket): Promise<never> {
  new Daemon(socket, socket, NO_TASK);
  return new Promise(() => {});
}

export function daemon(): Promise<never> {
  new Daemon(process.stdin, ownOutput(), NO_INPUT);
  return new Promise(() => {});
}
