/** What joins the ranks of a host under `--transport zeromq`: a gateway in each, and tsmpirun, which introduces them. */
import type { ChildProcess } from "node:child_process";
import type { Duplex } from "node:stream";
import type { WireCard } from "../../src/gateway/wire.ts";
import type { RankMedium } from "../../src/job/host-segment.ts";
import type { ThreadedJob } from "../../src/job/rank-threads.ts";
import { Channel } from "../hosts/channel.ts";
import { LAUNCHER_FD, type RankOrder, type RankReport } from "./protocol.ts";

/** For the report of a job that ends; a rank that does not answer must not hold it up. */
const WAIT_AFTER = 1000;

export class RankGateways implements RankMedium {
  readonly inherited = ["pipe"] as const;
  readonly boot = "boot-zeromq.cjs";
  readonly detached = true;
  private readonly size: number;
  private readonly cores: number;
  private readonly linkMemory: number;
  private readonly channels: (Channel<RankOrder, RankReport> | undefined)[] = [];
  /** Cards of the ranks that listen, null for those that have ended. */
  private readonly cards: (WireCard | null | undefined)[];
  /** Who wants to know what a rank waits for. */
  private readonly asked: ((text: string | undefined) => void)[] = [];
  private readonly ends: (Set<"process" | "pipe"> | undefined)[] = [];
  private introduced = false;

  constructor(size: number, cores: number, linkMemory: number) {
    this.size = size;
    this.cores = cores;
    this.linkMemory = linkMemory;
    this.cards = new Array(size).fill(undefined);
  }

  environment(rank: number): Record<string, string> {
    const { size, cores, linkMemory } = this;
    const job: ThreadedJob = { rank, size, cores, linkMemory };
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
        else if (report.kind === "stays") this.tellAll({ ...report, rank });
        else this.asked[rank]?.(report.text);
      },
      bytes: () => {},
      ended: () => {
        this.asked[rank]?.(undefined);
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

  waitOf(rank: number): Promise<string | undefined> {
    const channel = this.channels[rank];
    if (channel === undefined) return Promise.resolve(undefined);
    return new Promise(resolve => {
      const timer = setTimeout(() => resolve(undefined), WAIT_AFTER);
      this.asked[rank] = text => {
        clearTimeout(timer);
        resolve(text);
      };
      channel.send({ kind: "wait" });
    });
  }

  close(): void {
    for (const channel of this.channels) channel?.finish();
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

  private tellAll(order: RankOrder): void {
    for (const channel of this.channels) channel?.send(order);
  }
}
