/** tsmpirun's standard input on its way to one rank, to all, or to none. */
import { fstatSync, readFileSync } from "node:fs";
import type { Writable } from "node:stream";
import { isatty } from "node:tty";
import type { RankInput } from "./host.ts";
import type { JobOptions } from "./options.ts";

/** How often to look whether a job started in the background has come to the foreground. */
const FOREGROUND_MILLISECONDS = 500;

/** Reading a terminal from the background would stop tsmpirun (SIGTTIN). */
function inForeground(): boolean {
  try {
    const stat = readFileSync("/proc/self/stat", "latin1");
    // pid (name) state parent group session terminal foreground-group; the name may hold anything.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[2] === fields[5];
  } catch {
    return true;
  }
}

function isTerminal(): boolean {
  try {
    return fstatSync(0).isCharacterDevice() && isatty(0);
  } catch {
    return false;
  }
}

export class Input implements RankInput {
  private readonly reader: JobOptions["stdin"];
  private readonly terminal: boolean;
  private readonly elsewhere: boolean;
  private readonly targets = new Set<Writable>();
  private readonly full = new Set<Writable>();
  private started = false;

  /** @param elsewhere the ranks run on other hosts, which cannot be handed a descriptor of this one */
  constructor(reader: JobOptions["stdin"], elsewhere: boolean) {
    this.reader = reader;
    this.elsewhere = elsewhere;
    this.terminal = reader !== "none" && isTerminal();
  }

  /**
   * What a rank gets as its standard input. A file or pipe meant for one rank is handed over as it is: nothing
   * is copied, and nothing is taken from it that the rank does not read (`while read; do tsmpirun ...; done`).
   */
  descriptorOf(rank: number): 0 | "pipe" | "ignore" {
    if (this.reader === "all") return "pipe";
    if (this.reader !== rank) return "ignore";
    return this.terminal || this.elsewhere ? "pipe" : 0;
  }

  attach(_rank: number, target: Writable): void {
    this.targets.add(target);
    const drop = (): void => {
      this.targets.delete(target);
      this.full.delete(target);
      this.goOn();
    };
    // A rank may end, or close its input, before it has read everything.
    target.on("error", drop);
    target.on("close", drop);
    target.on("drain", () => {
      this.full.delete(target);
      this.goOn();
    });
  }

  /** Begins to read, when the ranks exist. */
  start(): void {
    if (this.targets.size === 0) return;
    this.started = true;
    process.stdin.on("data", (bytes: Uint8Array) => {
      for (const target of this.targets) if (!target.write(bytes)) this.full.add(target);
      if (this.full.size > 0) process.stdin.pause();
    });
    const end = (): void => {
      for (const target of this.targets) target.end();
    };
    process.stdin.on("end", end);
    process.stdin.on("error", end);
    this.goOn();
  }

  /** Reads on if it may: after a stop, a change to the foreground, or when a slow rank has caught up. */
  goOn(): void {
    if (!this.started) return;
    if (this.full.size > 0 || this.targets.size === 0) {
      process.stdin.pause();
    } else if (this.terminal && !inForeground()) {
      process.stdin.pause();
      setTimeout(() => this.goOn(), FOREGROUND_MILLISECONDS).unref();
    } else {
      process.stdin.resume();
    }
  }
}
