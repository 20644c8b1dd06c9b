/** `--dashboard`: shows a job while it runs, to pages of the browser that ask for it. */
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { packageFolder } from "../../src/native.ts";
import type { ActivityLook, Host, RankLook, RankOutput } from "../host.ts";
import type { Plan } from "../plan.ts";
import { PageServer, type Reader } from "./page-server.ts";
import { Tail } from "./tail.ts";

/** Between two looks at the ranks while somebody watches; longer when there are many. */
const LOOK_MILLISECONDS = 500;
const LOOK_MILLISECONDS_A_RANK = 2;

/** A rank as the page shows it. */
interface RankState {
  rank: number;
  host: string;
  pid: number | undefined;
  state: "starting" | "running" | "waiting" | "finishing" | "ended" | "failed";
  /** What it waits for, or how it has ended. */
  detail: string;
  /** Seconds. */
  cpu: number;
  /** Bytes. */
  memory: number;
}

interface JobState {
  title: string;
  /** Seconds since the ranks were started. */
  elapsed: number;
  ranks: RankState[];
  activities: (ActivityLook & { rank: number })[];
  /** Exit code, once the job has ended. */
  code: number | undefined;
}

export class Dashboard {
  private readonly plan: Plan;
  private readonly server: PageServer;
  private readonly tail: Tail;
  private readonly started = performance.now();
  private hosts: readonly Host[] = [];
  /** The last that was seen of each rank. */
  private readonly looks = new Map<number, RankLook>();
  private readonly ends = new Map<number, { how: string; well: boolean }>();
  private readonly said: string[] = [];
  private code: number | undefined;
  private looking = false;

  /** @throws {UsageError} the port cannot be had */
  static async open(port: number, plan: Plan): Promise<Dashboard> {
    let dashboard: Dashboard | undefined;
    const page = readFileSync(join(packageFolder(), "dist", "dashboard.html"), "utf8");
    const server = await PageServer.open(port, page, reader => dashboard?.welcome(reader));
    dashboard = new Dashboard(plan, server);
    return dashboard;
  }

  private constructor(plan: Plan, server: PageServer) {
    this.plan = plan;
    this.server = server;
    this.tail = new Tail(plan.ranks);
  }

  /** Known to whom it is told only. */
  get address(): string {
    return this.server.address;
  }

  follow(hosts: readonly Host[]): void {
    this.hosts = hosts;
  }

  /** Hears what ranks print, on its way to `output`. */
  listenTo(output: RankOutput): RankOutput {
    return {
      attach: (rank, stdout, stderr) => {
        this.tail.follow(rank, "out", stdout);
        this.tail.follow(rank, "err", stderr);
        output.attach(rank, stdout, stderr);
      },
    };
  }

  rankEnded(rank: number, how: string, well: boolean): void {
    this.ends.set(rank, { how, well });
  }

  /** tsmpirun's own words. */
  say(lines: readonly string[]): void {
    this.said.push(...lines);
    for (const reader of this.server.readers) if (reader.ready) reader.send("say", this.said);
  }

  /** All ranks have ended, and their hosts are about to forget them. */
  async lookLast(): Promise<void> {
    if (this.server.readers.size > 0) await this.look();
  }

  /** The job has ended. Pages keep what they show. */
  async close(code: number): Promise<void> {
    this.code = code;
    for (const reader of this.server.readers) this.tell(reader, this.state());
    await this.server.close();
  }

  private welcome(reader: Reader): void {
    reader.send("say", this.said);
    if (this.looking) return;
    this.looking = true;
    void this.lookOn();
  }

  /** As long as somebody watches. */
  private async lookOn(): Promise<void> {
    while (this.server.readers.size > 0 && this.code === undefined) {
      await this.look();
      if (this.code !== undefined) break;
      const state = this.state();
      for (const reader of this.server.readers) this.tell(reader, state);
      const pause = Math.max(LOOK_MILLISECONDS, LOOK_MILLISECONDS_A_RANK * this.plan.ranks);
      await new Promise(resolve => setTimeout(resolve, pause).unref());
    }
    this.looking = false;
  }

  private async look(): Promise<void> {
    for (const look of (await Promise.all(this.hosts.map(host => host.look()))).flat()) {
      const { pid, cpu } = this.looks.get(look.rank) ?? look;
      // What is known of a process stays known when it has ended.
      this.looks.set(look.rank, look.pid === undefined ? { ...look, pid, cpu } : look);
    }
  }

  private tell(reader: Reader, state: JobState): void {
    if (!reader.ready) return;
    const lines = this.tail.since(reader.seen);
    if (lines.length > 0) reader.send("lines", lines);
    reader.seen = lines.at(-1)?.number ?? reader.seen;
    reader.send("state", state);
  }

  private state(): JobState {
    const { programs, hosts, places } = this.plan;
    const { looks, code } = this;
    const commands = programs.map(({ script, args }) => [basename(script), ...args].join(" "));
    return {
      title: commands.join(" : "),
      elapsed: (performance.now() - this.started) / 1000,
      ranks: places.map((place, rank) => ({ rank, host: hosts?.[place] ?? "", ...this.rankState(rank) })),
      activities: [...looks.values()].flatMap(({ rank, activities }) =>
        activities.map(activity => ({ rank, ...activity, over: activity.over || code !== undefined })),
      ),
      code,
    };
  }

  private rankState(rank: number): Omit<RankState, "rank" | "host"> {
    const look = this.looks.get(rank);
    const end = this.ends.get(rank);
    const { pid, cpu = 0, memory = 0, wait, leaving = false } = look ?? {};
    const usage = { pid, cpu, memory };
    if (end !== undefined) {
      return { ...usage, memory: 0, state: end.well ? "ended" : "failed", detail: end.how };
    }
    if (pid === undefined) return { ...usage, state: "starting", detail: "" };
    if (leaving) return { ...usage, state: "finishing", detail: "" };
    return { ...usage, state: wait === undefined ? "running" : "waiting", detail: wait ?? "" };
  }
}
