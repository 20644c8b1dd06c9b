/** What joins the ranks of a host under `--transport zeromq`: a gateway in each, and tsmpirun, which introduces them. */
import type { ChildProcess } from "node:child_process";
import type { Duplex } from "node:stream";
import type { WireCard } from "../../src/gateway/wire.ts";
import type { RankMedium } from "../../src/job/host-segment.ts";
import type { RankFacts } from "../../src/job/rank-facts.ts";
import type { ThreadedJob } from "../../src/job/rank-threads.ts";
import { checkLocalRanks } from "../../src/transport/layout.ts";
import { Channel } from "../hosts/channel.ts";
import type { JobOptions } from "../options.ts";
import { LAUNCHER_FD, type RankOrder, type RankReport } from "./protocol.ts";

/** A rank that does not answer within this time must not hold up the report of a job that ends. */
const ANSWER_MS = 1000;

export class RankGateways implements RankMedium {
  readonly inherited = ["pipe"] as const;
  readonly boot = "boot-zeromq.cjs";
  readonly detached = true;
  private readonly size: number;
  private readonly cores: number;
  private readonly linkMemory: number;
  private readonly watched: boolean;
  private readonly channels: (Channel<RankOrder, RankReport> | undefined)[] = [];
  /** Cards of the ranks that listen, null for those that have ended. */
  private readonly cards: (WireCard | null | undefined)[];
  /** What each rank has told last. */
  private readonly facts: RankFacts[];
  /** Who waits for what a rank tells next. */
  private readonly asked: (() => void)[][];
  private readonly ends: (Set<"process" | "pipe"> | undefined)[] = [];
  private introduced = false;

  /** @throws {ArgumentError} when there are too many ranks */
  constructor(size: number, cores: number, { linkMemory, dashboard }: JobOptions) {
    checkLocalRanks(size);
    this.size = size;
    this.cores = cores;
    this.linkMemory = linkMemory;
    this.watched = dashboard !== undefined;
    this.cards = new Array(size).fill(undefined);
    this.facts = this.cards.map(() => ({
      wait: undefined,
      leaving: false,
      activities: [],
      statistics: undefined,
    }));
    this.asked = this.cards.map(() => []);
  }

  environment(rank: number): Record<string, string> {
    const { size, cores, linkMemory, watched } = this;
    const job: ThreadedJob = { rank, size, cores, linkMemory, watched };
    return {
      TSMPI_RANK: String(rank),
      TSMPI_SIZE: String(size),
      TSMPI_LOCAL_RANK: String(rank),
      TSMPI_LOCAL_SIZE: String(size),
      TSMPI_HOST: "0",
      TSMPI_HOSTS: "1",
      TSMPI_TRANSPORT: "zeromq",
      TSMPI_THREADS: JSON.stringify(job),
    };
  }

  started(rank: number, child: ChildProcess, broken: (problem: string) => void): void {
    const pipe = child.stdio[LAUNCHER_FD] as Duplex;
    this.channels[rank] = new Channel<RankOrder, RankReport>(pipe, pipe, {
      message: report => {
        if (report.kind === "ready") this.know(rank, report.card);
        else if (report.kind === "problem") broken(report.problem);
        else if (report.kind === "stays") this.tellAll({ ...report, rank }, rank);
        else this.told(rank, report.facts);
      },
      bytes: () => {},
      ended: () => {
        this.told(rank, { ...this.facts[rank], wait: undefined, leaving: true });
        this.ended(rank, "pipe");
      },
    });
  }

  rankFinished(rank: number): void {
    this.ended(rank, "process");
  }

  abort(rank: number, code: number): void {
    this.tellAll({ kind: "abort", rank, code });
  }

  /** What a rank has told last, if it does not answer: it may not have begun, or have ended. */
  factsOf(rank: number): Promise<RankFacts> {
    const channel = this.channels[rank];
    if (channel === undefined || this.ends[rank]?.has("pipe")) return Promise.resolve(this.facts[rank]);
    return new Promise(resolve => {
      const answer = (): void => {
        clearTimeout(timer);
        resolve(this.facts[rank]);
      };
      const timer = setTimeout(answer, ANSWER_MS);
      this.asked[rank].push(answer);
      channel.send({ kind: "look" });
    });
  }

  close(): void {
    for (const channel of this.channels) channel?.finish();
  }

  private told(rank: number, facts: RankFacts): void {
    this.facts[rank] = facts;
    for (const answer of this.asked[rank].splice(0)) answer();
  }

  /** A rank has finished when its process has ended well and all that it has said has been heard. */
  private ended(rank: number, what: "process" | "pipe"): void {
    const ends = (this.ends[rank] ??= new Set());
    ends.add(what);
    if (ends.size < 2) return;
    if (this.introduced) this.tellAll({ kind: "ended", rank });
    else this.know(rank, null);
  }

  /** When all are known, all are introduced to all. */
  private know(rank: number, card: WireCard | null): void {
    this.cards[rank] = card;
    if (this.introduced || this.cards.includes(undefined)) return;
    this.introduced = true;
    this.tellAll({ kind: "begin", cards: this.cards as (WireCard | null)[], linkMemory: this.linkMemory });
  }

  private tellAll(order: RankOrder, but?: number): void {
    for (const [rank, channel] of this.channels.entries()) if (rank !== but) channel?.send(order);
  }
}
