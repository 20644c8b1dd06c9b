/**
 * How near the two cores are at this moment. The host of a virtual machine moves them every fraction of a second, and
 * shared memory is then 2 to 5 times slower or faster for everybody.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { compile, findCommand, Missing, peerSource } from "./compile.ts";

export type Placement = "near" | "far";

/** One way of a cache line takes some 35 ns between near cores and 155 between far ones, and nothing in between. */
const NEAR_NANOSECONDS = 80;

export class Probe {
  private readonly child: ChildProcess;
  private answered: (line: string) => void = () => {};

  /** @throws {Missing} when there is no C compiler */
  constructor(folder: string) {
    const compiler = findCommand("gcc", "cc", "clang");
    if (compiler === undefined) throw new Missing("there is no C compiler (Debian: gcc)");
    const program = join(folder, "lineprobe");
    compile(compiler, ["-O2"], peerSource("lineprobe.c"), program);
    this.child = spawn(program, { stdio: ["pipe", "pipe", "inherit"] });
    this.child.on("error", () => this.answered(""));
    this.child.on("close", () => this.answered(""));
    this.child.stdout!.setEncoding("utf8").on("data", (text: string) => this.answered(text));
  }

  async look(): Promise<Placement | undefined> {
    if (this.child.exitCode !== null) return undefined;
    const line = await new Promise<string>(resolve => {
      this.answered = resolve;
      this.child.stdin!.write("\n");
    });
    const nanoseconds = Number.parseFloat(line);
    if (Number.isNaN(nanoseconds)) return undefined;
    return nanoseconds < NEAR_NANOSECONDS ? "near" : "far";
  }

  stop(): void {
    this.child.stdin!.end();
  }
}
