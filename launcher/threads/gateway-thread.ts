/**
 * The gateway's thread of a rank under `--transport zeromq`. It moves messages while the program computes, and does
 * what tsmpirun says: ZeroMQ is loaded and its sockets live here only.
 */
import { randomUUID } from "node:crypto";
import { writeSync } from "node:fs";
import { Socket } from "node:net";
import { parentPort, workerData } from "node:worker_threads";
import { Gateway, windowFor } from "../../src/gateway/gateway.ts";
import { SegmentAccess } from "../../src/gateway/segment-access.ts";
import type { Wire, WireCard } from "../../src/gateway/wire.ts";
import { FactsReader } from "../../src/job/rank-facts.ts";
import { type ThreadData, type ThreadOrder, ThreadState, threadNumber } from "../../src/job/rank-threads.ts";
import { ThreadBell, ThreadWaits } from "../../src/job/thread-waits.ts";
import { Header } from "../../src/transport/layout.ts";
import type { WaitRecord } from "../../src/transport/wait-record.ts";
import { Channel } from "../hosts/channel.ts";
import { LAUNCHER_FD, type RankOrder, type RankReport } from "./protocol.ts";

/** How often it is looked whether all has been delivered. */
const DELIVERED_MS = 1;
/** How often it is looked whether the rank still waits in the same collective: that is told the others. */
const STAYS_MS = 200;

class GatewayThread {
  private readonly states: Int32Array;
  private readonly waits: ThreadWaits;
  private readonly access: SegmentAccess;
  private readonly socket = new Socket({ fd: LAUNCHER_FD });
  private readonly channel: Channel<RankReport, RankOrder>;
  private readonly rank: number;
  private readonly facts: FactsReader;
  private readonly listening: Promise<void>;
  private wire: Wire | undefined;
  private gateway: Gateway | undefined;
  private delivering: NodeJS.Timeout | undefined;
  private readonly watching: NodeJS.Timeout;
  /** What the rank waited in when that was looked at last, and what the others have been told. */
  private seen: WaitRecord | undefined;
  private told: WaitRecord | undefined;
  private closing = false;

  constructor({ segment, bells, states }: ThreadData) {
    this.states = new Int32Array(states);
    this.states[ThreadState.thread] = threadNumber();
    this.waits = new ThreadWaits(new Int32Array(segment), new Int32Array(bells));
    this.access = new SegmentAccess({ segment, waits: this.waits, firstDoorbell: ThreadBell.rank });
    [this.rank] = this.access.layout.ranks;
    this.facts = new FactsReader(this.access.words, this.access.layout);
    this.channel = new Channel<RankReport, RankOrder>(this.socket, this.socket, {
      message: order => this.order(order),
      bytes: () => {},
      ended: () => this.orphaned(),
    });
    parentPort!.on("message", (order: ThreadOrder) => {
      if (order === "deliver") this.deliver();
      else void this.close();
    });
    this.watching = setInterval(() => this.watch(), STAYS_MS);
    this.listening = this.access.places.hosts > 1 ? this.listen() : Promise.resolve();
  }

  private async listen(): Promise<void> {
    let card: WireCard;
    try {
      const { ZeromqWire } = await import("../../src/gateway/zeromq-wire.ts");
      if (this.closing) return;
      this.wire = new ZeromqWire();
      // A name of the kernel's, not of a file: nothing is left of it, however the rank ends.
      const address = `ipc://@tsmpi-${randomUUID()}`;
      card = await this.wire.listen([address], frame => this.gateway?.frame(frame));
    } catch (error) {
      if (this.closing) return;
      const problem = `cannot listen for other ranks (zeromq): ${(error as Error).message}`;
      this.channel.send({ kind: "problem", problem });
      return;
    }
    if (!this.closing) this.channel.send({ kind: "ready", card });
  }

  private order(order: RankOrder): void {
    switch (order.kind) {
      case "begin":
        this.begin(order);
        return;
      case "ended":
        this.gateway?.hostsEnded([order.rank]);
        return;
      case "abort":
        this.abort(order.rank, order.code);
        return;
      case "look":
        this.tellFacts();
        return;
      case "stays":
        this.access.records.write(order.rank, order.record);
        this.access.wake(this.rank);
    }
  }

  private begin({ cards, linkMemory }: Extract<RankOrder, { kind: "begin" }>): void {
    if (this.closing) return;
    const known = cards.map(card => card ?? { endpoints: [], publicKey: "" });
    this.gateway = new Gateway(
      this.access,
      this.wire!,
      known,
      // Whether a rank is alive is for tsmpirun to say, which knows its process.
      { window: windowFor(linkMemory, cards.length), timeout: Number.POSITIVE_INFINITY, patience: 0 },
      // That a rank has ended tsmpirun sees itself.
      { lost() {}, finished() {} },
    );
    this.wire!.admit(cards.filter(card => card !== null));
    this.gateway.hostsEnded([...cards.keys()].filter(rank => cards[rank] === null));
  }

  /** Ranks inside tsmpi leave. */
  private abort(rank: number, code: number): void {
    const { words } = this.access;
    words[Header.abortRank] = rank;
    Atomics.compareExchange(words, Header.abortCode, 0, code + 1);
    this.waits.ringDoorbell(ThreadBell.rank);
  }

  private tellFacts(): void {
    this.channel.send({ kind: "facts", facts: this.facts.read(this.rank) });
  }

  /** Ranks that have called different collectives may all wait for messages, so that none tells them. */
  private watch(): void {
    const record = this.access.records.read(this.rank);
    if (record !== undefined && isSame(record, this.seen)) this.tell(record);
    this.seen = record;
  }

  private tell(record: WaitRecord): void {
    if (record.context < 0 || isSame(record, this.told)) return;
    this.told = record;
    this.channel.send({ kind: "stays", record });
  }

  private deliver(): void {
    // What was called last stays in the record.
    const last = this.access.records.read(this.rank);
    if (last !== undefined) this.tell(last);
    this.tellFacts();
    this.delivering ??= setInterval(() => {
      // A rank that has written to no other has nothing to wait for, not even the cards of the others.
      const nothing = this.gateway === undefined && Atomics.load(this.access.words, Header.connections) === 0;
      if (!nothing && this.gateway?.delivered !== true) return;
      clearInterval(this.delivering);
      this.say(ThreadState.delivered);
    }, DELIVERED_MS);
  }

  /** Lets the event loop of this thread end. */
  private async close(): Promise<void> {
    this.closing = true;
    clearInterval(this.delivering);
    clearInterval(this.watching);
    // ZeroMQ aborts the process when a socket is closed while it is being bound.
    await this.listening;
    this.gateway?.close();
    await this.wire?.close();
    this.socket.destroy();
    parentPort!.close();
    this.say(ThreadState.closed);
  }

  private say(state: number): void {
    Atomics.store(this.states, state, 1);
    Atomics.notify(this.states, state);
  }

  /** Tsmpirun is gone: this rank ends, with whatever it has started. */
  private orphaned(): void {
    if (!this.closing) process.kill(-process.pid, "SIGKILL");
  }
}

function isSame(record: WaitRecord, other: WaitRecord | undefined): boolean {
  return record.context === other?.context && record.sequence === other.sequence;
}

/** The program's thread may be blocked, and could not go on without this one. */
process.on("uncaughtException", error => {
  writeSync(2, `tsmpi: the gateway of this rank has failed: ${error.stack ?? error}\n`);
  process.kill(process.pid, "SIGKILL");
});
new GatewayThread(workerData as ThreadData);
