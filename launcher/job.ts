/**
 * One job from its first rank to its last: watches the ranks, ends all when one fails, and says what happened.
 *
 * How a job is ended: ranks inside tsmpi are told through the segment and leave; 250 ms later the others get
 * SIGTERM, a second after that SIGKILL. A signal to tsmpirun is passed on first, so that a program with a
 * handler of its own may save its work.
 */
import { constants } from "node:os";
import type { Dashboard } from "./dashboard/dashboard.ts";
import type { Host, HostEvents } from "./host.ts";
import { Input } from "./input.ts";
import type { JobOptions } from "./options.ts";
import { Output } from "./output.ts";
import { type Plan, ranksText } from "./plan.ts";
import { busyLines, exitCodeOf, howItEnded, signalNumber, waitLines } from "./report.ts";
import { watchSignals } from "./signals.ts";
import { statisticsLines } from "./statistics.ts";

const TERM_AFTER = 250;
const KILL_AFTER = 1000;
const TIMEOUT_CODE = 124;
/** As a shell reports a program that wrote to a pipe nobody reads. */
const BROKEN_PIPE_CODE = 128 + constants.signals.SIGPIPE;
const LOST_HOST_CODE = 1;
const UNWRITTEN_CODE = 1;

/** The rank given to the segment when no rank failed but the job ends. */
const NO_RANK = -1;

/** @param makeHosts the hosts of the job, which tell of their ranks through what they are given */
export async function runJob(
  plan: Plan,
  options: JobOptions,
  makeHosts: (events: HostEvents) => readonly Host[],
): Promise<number> {
  let dashboard: Dashboard | undefined;
  if (options.dashboard !== undefined) {
    const { Dashboard } = await import("./dashboard/dashboard.ts");
    dashboard = await Dashboard.open(options.dashboard, plan);
  }
  return new Job(plan, options, makeHosts, dashboard).run();
}

class Job {
  private readonly options: JobOptions;
  private readonly size: number;
  private readonly output: Output;
  private readonly hosts: readonly Host[];
  private readonly input: Input;
  private readonly dashboard: Dashboard | undefined;
  private readonly timers: NodeJS.Timeout[] = [];
  private readonly started = performance.now();
  private exitCode = 0;
  private ending = false;
  private told = false;
  private failed: number | undefined;
  private report: Promise<void> = Promise.resolve();
  private finish: (code: number) => void = () => {};
  private crash: (error: Error) => void = () => {};

  constructor(
    plan: Plan,
    options: JobOptions,
    makeHosts: (events: HostEvents) => readonly Host[],
    dashboard: Dashboard | undefined,
  ) {
    this.options = options;
    this.dashboard = dashboard;
    this.size = plan.ranks;
    this.output = new Output(plan.ranks, options, problem => this.outputBroken(problem));
    this.input = new Input(options.stdin, plan.hosts !== undefined);
    this.hosts = makeHosts({
      exited: (rank, code, signal, hint) => this.rankExited(rank, code, signal, hint),
      notStarted: (rank, reason) => this.rankNotStarted(rank, reason),
      lost: (sentence, ranks) => this.hostLost(sentence, ranks),
    });
  }

  /** Runs the job; the result is tsmpirun's exit code. */
  run(): Promise<number> {
    const result = new Promise<number>((resolve, reject) => {
      this.finish = resolve;
      this.crash = reject;
    });
    watchSignals({
      end: signal => this.signalled(signal),
      forward: signal => this.signal(signal),
      continued: () => this.input.goOn(),
    });
    if (this.dashboard !== undefined) {
      this.dashboard.follow(this.hosts);
      this.output.say(`tsmpirun: dashboard at ${this.dashboard.address}`);
    }
    const output = this.dashboard?.listenTo(this.output) ?? this.output;
    for (const host of this.hosts) {
      const where = host.name === undefined ? "" : ` on ${host.name}`;
      const started = (): void => {
        for (const rank of host.ranks) this.verbose(`rank ${rank} is process ${host.pidOf(rank)}${where}`);
      };
      host.start(output, this.input).then(started).catch(this.crash);
    }
    this.input.start();
    if (this.options.timeoutSeconds !== undefined) {
      this.timers.push(setTimeout(() => this.timedOut(), this.options.timeoutSeconds * 1000));
    }
    return result;
  }

  private get ranks(): number[] {
    return this.hosts.flatMap(host => host.ranks);
  }

  private signal(signal: NodeJS.Signals): void {
    for (const host of this.hosts) host.signal(signal);
  }

  private verbose(text: string): void {
    if (!this.options.verbose) return;
    this.output.say(`tsmpirun: ${(performance.now() - this.started).toFixed(0)} ms: ${text}`);
  }

  private rankExited(rank: number, code: number | null, signal: NodeJS.Signals | null, hint: string): void {
    if (code !== 0 && !this.ending) {
      const sentence = `rank ${rank} ${howItEnded(code, signal)}; the job was ended${hint}`;
      this.fail(rank, exitCodeOf(code, signal), sentence);
    }
    this.dashboard?.rankEnded(rank, howItEnded(code, signal), code === 0);
    this.verbose(`rank ${rank} ${howItEnded(code, signal)}`);
    this.checkEnd();
  }

  private rankNotStarted(rank: number, reason: string): void {
    this.dashboard?.rankEnded(rank, `could not be started: ${reason}`, false);
    if (!this.ending) this.fail(rank, 1, `rank ${rank} could not be started: ${reason}; the job was ended`);
    this.checkEnd();
  }

  private hostLost(sentence: string, ranks: readonly number[]): void {
    for (const rank of ranks) this.dashboard?.rankEnded(rank, "was lost with its host", false);
    if (!this.ending) this.fail(NO_RANK, LOST_HOST_CODE, `${sentence}; the job was ended`);
    else if (ranks.length > 0) this.sayLines([sentence]);
    this.checkEnd();
  }

  private fail(rank: number, code: number, sentence: string): void {
    this.report = this.end(code, rank).then(async waits => {
      // The rank's own last words come first.
      if (rank !== NO_RANK) await this.output.streams.closed(rank);
      this.sayLines([sentence, ...waitLines(waits)]);
      this.failed = rank;
    });
  }

  /** @param problem undefined: nobody reads the output any more */
  private outputBroken(problem: string | undefined): void {
    const outcome = this.ending ? "" : "; the job was ended";
    void this.end(problem === undefined ? BROKEN_PIPE_CODE : UNWRITTEN_CODE);
    if (problem === undefined) return;
    // All may have been well until the last words.
    this.exitCode ||= UNWRITTEN_CODE;
    this.sayLines([`${problem}${outcome}`]);
  }

  private async waits(): Promise<Map<number, string>> {
    const waits = await Promise.all(this.hosts.map(host => host.waits()));
    return new Map(waits.flatMap(ofHost => [...ofHost]));
  }

  /** Those of ranks that have ended, as a table. */
  private async statistics(): Promise<string[]> {
    const looks = (await Promise.all(this.hosts.map(host => host.look()))).flat();
    const ofRank = new Map(looks.map(look => [look.rank, look.statistics]));
    return statisticsLines(Array.from({ length: this.size }, (_, rank) => ofRank.get(rank)));
  }

  private sayLines(lines: string[]): void {
    this.dashboard?.say(lines);
    this.output.say(lines.map(line => `tsmpirun: ${line}\n`).join(""));
  }

  private timedOut(): void {
    if (this.ending) return;
    const ranks = this.ranks;
    const seconds = this.options.timeoutSeconds;
    this.report = this.end(TIMEOUT_CODE, NO_RANK).then(waits =>
      this.sayLines([
        `the job was ended because it took longer than ${seconds} s (--timeout)`,
        ...waitLines(waits),
        ...busyLines(ranks.filter(rank => !waits.has(rank))),
      ]),
    );
  }

  private signalled(signal: NodeJS.Signals): void {
    // Asked twice, or while the job is ending anyway: no more patience.
    if (this.ending) {
      this.signal("SIGKILL");
      return;
    }
    this.report = this.end(128 + signalNumber(signal)).then(waits => {
      this.sayLines([`ended by ${signal}`, ...waitLines(waits)]);
      this.signal(signal);
      this.signal("SIGCONT");
    });
  }

  /** Ranks inside tsmpi leave. */
  private tell(rank: number): void {
    if (this.told) return;
    this.told = true;
    for (const host of this.hosts) host.abort(rank, this.exitCode);
  }

  /**
   * Ends the job, once. What ranks wait for is looked up before anybody is disturbed, and is the result.
   * @param failed tells ranks inside tsmpi at once, naming this one; else they have the time that others have
   */
  private async end(code: number, failed?: number): Promise<ReadonlyMap<number, string>> {
    if (this.ending) return new Map();
    this.ending = true;
    this.exitCode = code;
    const waits = await this.waits();
    if (this.ranks.length === 0) return waits;
    if (failed !== undefined) this.tell(failed);
    const term = (): void => {
      this.tell(NO_RANK);
      this.signal("SIGTERM");
      // A stopped process sees no signal but SIGKILL until it continues.
      this.signal("SIGCONT");
    };
    this.timers.push(setTimeout(term, TERM_AFTER));
    this.timers.push(setTimeout(() => this.signal("SIGKILL"), TERM_AFTER + KILL_AFTER));
    return waits;
  }

  private checkEnd(): void {
    if (this.ranks.length === 0) void this.allExited();
  }

  private async allExited(): Promise<void> {
    for (const timer of this.timers) clearTimeout(timer);
    this.ending = true;
    await this.dashboard?.lookLast();
    const statistics = this.options.stats ? await this.statistics() : [];
    await Promise.all(this.hosts.map(host => host.close()));
    await this.output.streams.closed();
    await this.report;
    const alike = [...this.output.crashes.repeated].filter(rank => rank !== this.failed);
    if (alike.length > 0) this.sayLines([`${ranksText(alike)} failed with the same error`]);
    if (statistics.length > 0) this.sayLines(statistics);
    this.verbose(`the job has ended with code ${this.exitCode}`);
    await this.output.flushed();
    await this.dashboard?.close(this.exitCode);
    this.finish(this.exitCode);
  }
}
