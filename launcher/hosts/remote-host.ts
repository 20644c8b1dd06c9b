/**
 * A host reached through a daemon, as tsmpirun sees it. First `prepare`: everything that the host lacks is found
 * before a rank starts anywhere; then it is a Host like the one of this machine.
 */
import { readFileSync } from "node:fs";
import { Readable, Writable } from "node:stream";
import type { Host, HostEvents, RankInput, RankLook, RankOutput } from "../host.ts";
import { Silence } from "../silence.ts";
import { isOfAgent, lastWords, neverSpoke } from "./agent.ts";
import { Channel } from "./channel.ts";
import { Heartbeat } from "./heartbeat.ts";
import {
  type BytesKind,
  FrameKind,
  type HostCard,
  MAGIC,
  type Order,
  OTHER_MAGIC,
  type Report,
  streamOf,
} from "./protocol.ts";
import { Relay } from "./relay.ts";
import type { Transport } from "./transport.ts";

/** For what its ranks do; a host that does not answer must not hold up the report of a job that ends. */
const ANSWER_AFTER = 1000;
/** For the ranks of a host to end when they are killed: a host that is frozen must not hold up the others. */
const KILLED_AFTER = 5000;
/** For a daemon to end by itself, once it has nothing more to say. */
const CLOSE_AFTER = 3000;
const MAX_ERRORS = 8192;

/** A host that cannot take part; the message says why, without its name. */
export class HostProblem extends Error {
  readonly host: string;
  /** Whether its daemon has spoken: then another way to start one would not help. */
  readonly spoke: boolean;

  constructor(host: string, message: string, spoke: boolean) {
    super(message);
    this.host = host;
    this.spoke = spoke;
  }
}

export interface RemoteHostOptions {
  name: string;
  /** What starts the daemon, for messages. */
  command: readonly string[];
  transport: Transport;
  linkTimeoutSeconds: number;
  /** What the agent prints once the daemon runs. */
  onErrors: (host: string, text: string) => void;
}

type ReportOf<K extends Report["kind"]> = Extract<Report, { kind: K }>;

export class RemoteHost implements Host {
  readonly name: string;
  /** What the host tells others of itself; known once it is prepared. */
  card: HostCard | undefined;
  private readonly options: RemoteHostOptions;
  private readonly channel: Channel<Order, Report>;
  private readonly heartbeat: Heartbeat;
  private readonly relays = new Map<number, Relay>();
  /** The answer that is waited for, and what to do with it. */
  private readonly expected = new Map<Report["kind"], (report: Report) => void>();
  private refuse: (problem: HostProblem) => void = () => {};
  private errors = "";
  private closing = false;
  private heardWhileClosing: () => void = () => {};
  /** Why the host takes no part any more. */
  private problem: HostProblem | undefined;
  private readonly ended: Promise<void>;
  private whenEnded: () => void = () => {};
  private events: HostEvents | undefined;
  private readonly alive = new Set<number>();
  private readonly pids = new Map<number, number>();
  private readonly streams = new Map<number, Readable>();
  /** Streams that the daemon has been asked to hold back. */
  private readonly stopped = new Set<number>();
  private readonly inputs = new Map<number, Writable>();
  /** Of each rank: to be called when it has taken the input sent last. */
  private readonly taken = new Map<number, () => void>();

  constructor(options: RemoteHostOptions) {
    this.options = options;
    this.name = options.name;
    this.ended = new Promise(resolve => {
      this.whenEnded = resolve;
    });
    const { input, output, errors } = options.transport;
    this.channel = new Channel<Order, Report>(
      output,
      input,
      {
        message: report => this.report(report),
        bytes: (kind, stream, bytes) => this.bytes(kind, stream, bytes),
        passedOver: noise => {
          if (OTHER_MAGIC.test(noise)) this.lose("speaks otherwise");
        },
        ended: damage => {
          if (damage !== undefined) {
            this.lose(
              `the agent does not pass bytes as they are (${damage}); it must not use a terminal (no -t), nor print anything itself`,
            );
          }
        },
      },
      MAGIC,
    );
    const { linkTimeoutSeconds } = options;
    this.heartbeat = new Heartbeat(
      linkTimeoutSeconds,
      () => this.channel.send({ kind: "ping" }),
      () => this.lose(`has not been heard of for ${linkTimeoutSeconds} s (--link-timeout)`),
    );
    errors.on("data", (bytes: Buffer) => {
      const text = bytes.toString();
      if (this.events === undefined) this.errors = (this.errors + text).slice(-MAX_ERRORS);
      else if (!this.closing) options.onErrors(this.name, text);
    });
    options.transport.onEnd(how => {
      this.lose(how);
      this.whenEnded();
    });
  }

  // Before the job.

  /**
   * @param files what the order names as made for this job
   * @throws {HostProblem} one sentence, or several, of what must be done before the host can take part
   */
  async prepare(order: Extract<Order, { kind: "prepare" }>, files: readonly string[]): Promise<void> {
    const { places, host } = order.part;
    for (const [rank, at] of places.entries()) if (at === host) this.alive.add(rank);
    this.expected.set("needs", report => {
      for (const index of (report as ReportOf<"needs">).files) {
        this.channel.sendBytes(FrameKind.file, index, readFileSync(files[index]));
      }
    });
    this.card = (await this.ask(order, "ready")).card;
  }

  /** Sends an order and waits for the answer to it. */
  ask<K extends Report["kind"]>(order: Order, answer: K): Promise<ReportOf<K>> {
    return new Promise((resolve, reject) => {
      this.refuse = reject;
      this.expected.set(answer, report => {
        this.expected.delete(answer);
        resolve(report as ReportOf<K>);
      });
      if (this.problem === undefined) this.channel.send(order);
      else reject(this.problem);
    });
  }

  /** A transport to another host, whose agent is started on this one. */
  relay(command: readonly string[]): Transport {
    const number = this.relays.size;
    const relay = new Relay(this.channel, number, [...command]);
    this.relays.set(number, relay);
    if (this.problem !== undefined) relay.ended(`was lost with ${this.name}`);
    return relay;
  }

  /** From now on what happens to the host is the job's business. */
  follow(events: HostEvents): void {
    this.events = events;
    const { problem } = this;
    if (problem === undefined) return;
    // The job must know all its hosts before it can hear of one.
    queueMicrotask(() => events.lost(`host ${this.name} was lost: ${problem.message}`, []));
  }

  // As a Host.

  get ranks(): readonly number[] {
    return [...this.alive];
  }

  /** Cards of all hosts. */
  startWith: HostCard[] = [];
  /** All hosts, this one included. */
  others: readonly RemoteHost[] = [];

  async start(output: RankOutput, input: RankInput): Promise<void> {
    for (const rank of this.alive) {
      const source = input.descriptorOf(rank);
      output.attach(rank, this.reader(streamOf(rank, "out")), this.reader(streamOf(rank, "err")));
      if (source === "pipe") input.attach(rank, this.writer(rank));
    }
    const started = await this.ask({ kind: "start", cards: this.startWith }, "started").catch(error => {
      // A host that is lost says so through its events.
      if (!(error instanceof HostProblem)) throw error;
    });
    for (const [rank, pid] of started?.pids ?? []) this.pids.set(rank, pid);
  }

  pidOf(rank: number): number | undefined {
    return this.pids.get(rank);
  }

  signal(signal: NodeJS.Signals): void {
    this.channel.send({ kind: "signal", signal });
    if (signal !== "SIGKILL" || this.alive.size === 0) return;
    const impatient = (): void => this.lose(`has not ended its ranks within ${KILLED_AFTER / 1000} s`);
    setTimeout(() => (this.alive.size > 0 ? impatient() : undefined), KILLED_AFTER).unref();
  }

  async waits(): Promise<ReadonlyMap<number, string>> {
    return new Map((await this.askBriefly({ kind: "waits" }, "waits"))?.waits);
  }

  async look(): Promise<RankLook[]> {
    return (await this.askBriefly({ kind: "look" }, "look"))?.ranks ?? [];
  }

  /** Undefined when the host is lost, or does not answer soon. */
  private async askBriefly<K extends Report["kind"]>(
    order: Order,
    answer: K,
  ): Promise<ReportOf<K> | undefined> {
    if (this.problem !== undefined) return undefined;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>(resolve => {
      timer = setTimeout(() => resolve(undefined), ANSWER_AFTER);
    });
    const asked = this.ask(order, answer).catch(() => undefined);
    const answered = await Promise.race([asked, late]);
    clearTimeout(timer);
    return answered;
  }

  abort(rank: number, code: number): void {
    this.channel.send({ kind: "abort", rank, code });
  }

  /** Ranks of another host have finished. */
  peerFinished(ranks: number[]): void {
    this.channel.send({ kind: "finished", ranks });
  }

  async close(): Promise<void> {
    this.closing = true;
    this.channel.send({ kind: "close" });
    // A stream that is held back, for a slow reader of the output, is sent to its end; it may come through another host.
    const silence = new Silence(() => this.others.every(({ stopped }) => stopped.size === 0));
    const impatient = (): void => {
      this.options.transport.kill();
      // What holds the agent's streams open may be none of ours.
      silence.await(CLOSE_AFTER, this.whenEnded);
    };
    this.heardWhileClosing = () => silence.await(CLOSE_AFTER, impatient);
    this.heardWhileClosing();
    await this.ended;
    this.heardWhileClosing = () => {};
    silence.stop();
  }

  // What comes from the daemon.

  private report(report: Report): void {
    this.heartbeat.hear();
    const { kind } = report;
    if (kind !== "ping") this.heardWhileClosing();
    switch (kind) {
      case "ping":
        return;
      case "lacks":
        this.refuse(new HostProblem(this.name, report.problems.join("; "), true));
        return;
      case "exited":
        this.alive.delete(report.rank);
        this.events?.exited(report.rank, report.code, report.signal, report.hint);
        return;
      case "notStarted":
        this.alive.delete(report.rank);
        for (const stream of ["out", "err"] as const)
          this.streams.get(streamOf(report.rank, stream))?.push(null);
        this.events?.notStarted(report.rank, report.reason);
        return;
      case "outputEnd":
        this.stopped.delete(report.stream);
        this.streams.get(report.stream)?.push(null);
        return;
      case "inputTaken":
        if (report.open) this.taken.get(report.rank)?.();
        else this.inputs.get(report.rank)?.destroy();
        return;
      case "finished":
        for (const host of report.hosts) this.others[host]?.peerFinished(report.ranks);
        return;
      case "peerLost":
        this.peerLost(this.others[report.host].name, report.sentence);
        return;
      case "gatewayEnded":
        // Until there is a job, nobody else would remember it.
        if (this.events === undefined) this.lose(`its gateway ${report.how}`);
        else this.events.lost(`host ${this.name} was lost: its gateway ${report.how}`, []);
        return;
      case "relayEnded":
        this.relays.get(report.relay)?.ended(report.how);
        return;
      default:
        this.expected.get(kind)?.(report);
    }
  }

  private peerLost(name: string, tried: string): void {
    const limit = `${this.options.linkTimeoutSeconds} s (--link-timeout)`;
    this.events?.lost(`host ${name} was lost: ${this.name} has not heard of it for ${limit}${tried}`, []);
  }

  private bytes(kind: BytesKind, stream: number, bytes: Buffer): void {
    this.heartbeat.hear();
    this.heardWhileClosing();
    if (kind === FrameKind.output) {
      if (this.streams.get(stream)?.push(bytes) === false && !this.stopped.has(stream)) {
        this.stopped.add(stream);
        this.channel.send({ kind: "flow", stream, open: false });
      }
    } else if (kind === FrameKind.relay || kind === FrameKind.relayErrors) {
      this.relays.get(stream)?.came(kind === FrameKind.relayErrors, bytes);
    }
  }

  private lose(how: string): void {
    if (this.problem !== undefined) return;
    this.heartbeat.stop();
    const { command, transport } = this.options;
    // An agent that stays, because the host is frozen or cut off, is of no use any more.
    transport.kill();
    for (const relay of this.relays.values()) relay.ended(`was lost with ${this.name}`);
    const { open, noise } = this.channel;
    const message = open ? this.sentence(how) : neverSpoke(this.name, command, how, noise, this.errors);
    this.problem = new HostProblem(this.name, message, open);
    this.refuse(this.problem);
    this.stopped.clear();
    for (const stream of this.streams.values()) if (!stream.readableEnded) stream.push(null);
    for (const input of this.inputs.values()) input.destroy();
    const lost = [...this.alive];
    this.alive.clear();
    if (!this.closing) this.events?.lost(`host ${this.name} was lost: ${message}`, lost);
  }

  /** `how` says of the agent how it ended, or of the host what is wrong with it. */
  private sentence(how: string): string {
    if (!isOfAgent(how)) return how;
    const words = lastWords(this.errors);
    const said = words === "" ? "" : ` (${words})`;
    return `its daemon has ended, ${this.options.command[0]} ${how}${said}`;
  }

  private reader(stream: number): Readable {
    const readable = new Readable({
      read: () => {
        if (this.stopped.delete(stream)) this.channel.send({ kind: "flow", stream, open: true });
      },
    });
    this.streams.set(stream, readable);
    return readable;
  }

  /** One piece of input is under way at a time, so that a rank that does not read stops the reading here. */
  private writer(rank: number): Writable {
    const writable = new Writable({
      write: (bytes: Buffer, _encoding, done) => {
        this.taken.set(rank, () => done());
        this.channel.sendBytes(FrameKind.input, rank, bytes);
      },
      final: done => {
        this.channel.send({ kind: "inputEnd", rank });
        done();
      },
    });
    this.inputs.set(rank, writable);
    return writable;
  }
}
