/**
 * A shell that outlives tsmpirun by a moment. Ranks die with tsmpirun by the kernel's hand (PR_SET_PDEATHSIG in
 * boot.ts; their gateway's thread sees to it where they share no memory), but what a rank has started itself does not:
 * when tsmpirun is killed, the pipe to this shell closes and the shell kills the ranks' process groups.
 */
import { type ChildProcess, spawn } from "node:child_process";

// Reads process groups that are gone, one a line; at the end of input it kills the others.
const PROGRAM = `trap '' HUP INT QUIT TERM
folder=$1; shift; groups=" $* "
while read -r gone; do groups="\${groups%% $gone *} \${groups#* $gone }"; done
for group in $groups; do kill -s KILL -- "-$group"; done 2>/dev/null
[ -z "$folder" ] || rm -rf "$folder"`;

export class Guard {
  private readonly child: ChildProcess;
  private readonly groups: Set<number>;

  /** @param temporary a folder to remove too, or "" */
  constructor(groups: Iterable<number>, temporary: string) {
    this.groups = new Set(groups);
    this.child = spawn(
      "/bin/sh",
      ["-c", PROGRAM, "tsmpirun-guard", temporary, ...[...this.groups].map(String)],
      {
        // In a session of its own, so that whatever ends tsmpirun's session leaves it to its work.
        detached: true,
        stdio: ["pipe", "ignore", "ignore"],
        env: {},
      },
    );
    // No shell or no descriptor left, no guard: ranks die with tsmpirun all the same.
    this.child.on("error", () => {});
    this.child.stdin?.on("error", () => {});
    this.child.unref();
  }

  /** A group has no member left: its number may soon belong to somebody else. */
  forget(group: number): void {
    if (this.groups.delete(group)) this.child.stdin?.write(`${group}\n`);
  }

  /** The job has ended and nothing is left to guard. */
  dismiss(): void {
    this.child.kill("SIGKILL");
  }
}
