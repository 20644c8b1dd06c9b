/**
 * Tells how far a long piece of work has got: a bar on a terminal, lines in a file, or a function of the caller's; and
 * the dashboard, when there is one.
 */
import { closeSync, openSync, writeSync } from "node:fs";
import { isatty } from "node:tty";
import { ArgumentError } from "../errors.ts";
import { type Activity, world } from "../index.ts";

export interface ProgressState {
  /** Tasks that are over, those that have thrown included. */
  readonly done: number;
  readonly total: number;
  /** Seconds since the beginning. */
  readonly elapsed: number;
  /** Seconds that the rest takes if it goes on like this; undefined before the first task is over. */
  readonly remaining: number | undefined;
}

/**
 * "bar", or true: a line drawn again and again where tsmpirun's standard error is a terminal, and "lines" elsewhere.
 * "lines": a line on standard error for each twentieth. A function is called instead.
 */
export type ProgressOption = boolean | "bar" | "lines" | ((state: ProgressState) => void);

/** At most so often, but for the last time. */
const EVERY_MS = 100;
const LINES = 20;
const WIDTH = 30;

/** @throws {ArgumentError} */
export function requireProgress(option: unknown): asserts option is ProgressOption {
  if (typeof option === "boolean" || typeof option === "function") return;
  if (option === "bar" || option === "lines") return;
  throw new ArgumentError(
    `progress must be true, false, "bar", "lines" or a function of the state; got ${String(option)}.`,
  );
}

/**
 * Undefined when nobody is to be told.
 * @param label stands before the figures
 * @throws {ArgumentError}
 */
export function progressOf(option: ProgressOption, label: string, total: number): Progress | undefined {
  requireProgress(option);
  return option === false && !world.watched ? undefined : new Progress(option, label, total);
}

export class Progress {
  private readonly total: number;
  private readonly show: Show | undefined;
  private readonly activity: Activity;
  private readonly began = performance.now();
  private shownAt = this.began;
  private shown = -1;

  /** For `progressOf`. */
  constructor(option: ProgressOption, label: string, total: number) {
    this.total = total;
    this.activity = world.activity(label, total);
    if (option !== false) this.show = typeof option === "function" ? option : printer(option, label);
  }

  /** So many tasks are over, of which so many have thrown. Cheap enough to be called after every task. */
  update(done: number, failed: number): void {
    const now = performance.now();
    if (done !== this.shown && now - this.shownAt >= EVERY_MS) this.tell(done, failed, now, false);
  }

  /** Nothing more comes, whether or not all tasks were run. */
  finish(done: number, failed: number): void {
    this.tell(done, failed, performance.now(), true);
    this.activity.end();
  }

  private tell(done: number, failed: number, now: number, last: boolean): void {
    const { total, began } = this;
    this.shownAt = now;
    this.shown = done;
    this.activity.update(done, failed);
    if (this.show === undefined) return;
    const elapsed = (now - began) / 1000;
    const remaining = done === 0 ? undefined : (elapsed / done) * (total - done);
    this.show({ done, total, elapsed, remaining }, last);
  }
}

type Show = (state: ProgressState, last: boolean) => void;

function printer(option: true | "bar" | "lines", label: string): Show {
  const terminal = option === "lines" ? undefined : launcherTerminal();
  return terminal === undefined ? lines(label) : bar(label, terminal);
}

function lines(label: string): Show {
  let printed = -1;
  return (state, last) => {
    const step = Math.floor(share(state) * LINES);
    if (step === printed && !last) return;
    printed = step;
    process.stderr.write(`${label} ${figures(state)}\n`);
  };
}

function bar(label: string, terminal: number): Show {
  return (state, last) => {
    const filled = Math.floor(share(state) * WIDTH);
    const drawn = `${"#".repeat(filled)}${".".repeat(WIDTH - filled)}`;
    writeSync(terminal, `\r${label} [${drawn}] ${figures(state)}\x1b[K${last ? "\n" : ""}`);
  };
}

function share({ done, total }: ProgressState): number {
  return total === 0 ? 1 : done / total;
}

function figures(state: ProgressState): string {
  const { done, total, elapsed, remaining } = state;
  const rest = done === total || remaining === undefined ? "" : `, about ${duration(remaining)} left`;
  return `${done}/${total} ${Math.floor(100 * share(state))} % in ${duration(elapsed)}${rest}`;
}

function duration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

let terminal: number | undefined | null = null;

/**
 * A rank's own standard error is a pipe to tsmpirun, which passes on whole lines. A bar goes past it, to the terminal
 * that tsmpirun itself writes to.
 */
function launcherTerminal(): number | undefined {
  if (terminal === null) terminal = process.stderr.isTTY ? process.stderr.fd : parentsTerminal();
  return terminal;
}

function parentsTerminal(): number | undefined {
  if (process.env.TSMPI_RANK === undefined || process.env.TERM === "dumb") return undefined;
  let fd: number;
  try {
    fd = openSync(`/proc/${process.ppid}/fd/2`, "w");
  } catch {
    // A parent of another user.
    return undefined;
  }
  if (isatty(fd)) return fd;
  closeSync(fd);
  return undefined;
}
