/** How bytes reach a daemon: through an agent started here, or through one that another daemon has started. */
import { type ChildProcess, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { Guard } from "../guard.ts";

/** For agents to end by themselves when this process is gone: their input ends, and so do their daemons. */
const GUARD_SECONDS = 5;
let agentsGuard: Guard | undefined;

export interface Transport {
  readonly input: Writable;
  readonly output: Readable;
  /** What the agent says itself. */
  readonly errors: Readable;
  /** Called once, when the agent has ended: "ended with code 255". */
  onEnd(callback: (how: string) => void): void;
  /** Ends the agent; its daemon notices. */
  kill(): void;
}

export function howAgentEnded(code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `ended with code ${code}` : `was killed by ${signal}`;
}

/**
 * An agent that no Ctrl-C of the terminal reaches, for it must carry the orders that follow. (And ssh, without a
 * terminal, cannot ask for a password.)
 */
export function startAgent(command: readonly string[]): ChildProcess {
  const guard = (agentsGuard ??= new Guard([], "", GUARD_SECONDS));
  const child = spawn(command[0], command.slice(1), { detached: true, stdio: ["pipe", "pipe", "pipe"] });
  const { pid } = child;
  if (pid !== undefined) {
    guard.add(pid);
    // What it has started has let go of its streams, and ends by itself.
    child.on("close", () => guard.forget(pid));
  }
  return child;
}

/** Ends an agent, and what it has started, that has not been heard to have ended. */
export function killAgent(agent: ChildProcess | undefined): void {
  try {
    if (agent?.pid !== undefined) process.kill(-agent.pid, "SIGKILL");
  } catch {
    // It has just ended.
  }
}

/** @param ended called once, also when the command could not be started */
export function followAgent(child: ChildProcess, ended: (how: string) => void): void {
  child.on("error", error => ended(`could not be started (${error.message})`));
  child.on("close", (code, signal) => ended(howAgentEnded(code, signal)));
}

export class LocalAgent implements Transport {
  readonly input: Writable;
  readonly output: Readable;
  readonly errors: Readable;
  private readonly child: ChildProcess;
  private callback: ((how: string) => void) | undefined;
  private how: string | undefined;

  constructor(command: readonly string[]) {
    this.child = startAgent(command);
    this.input = this.child.stdin!;
    this.output = this.child.stdout!;
    this.errors = this.child.stderr!;
    followAgent(this.child, how => {
      if (this.how !== undefined) return;
      this.how = how;
      this.callback?.(how);
    });
  }

  onEnd(callback: (how: string) => void): void {
    this.callback = callback;
    if (this.how !== undefined) callback(this.how);
  }

  kill(): void {
    if (this.how === undefined) killAgent(this.child);
    this.input.destroy();
  }
}
