/**
 * A shell that outlives tsmpirun by a moment. Ranks die with tsmpirun by the kernel's hand (PR_SET_PDEATHSIG in
 * boot.ts; their gateway's thread sees to it where they share no memory), but what a rank has started itself does not,
 * nor does the agent of a host that is frozen: when tsmpirun is gone, the pipe to this shell closes and the shell kills
 * the process groups that are left.
 */
import { type ChildProcess, spawn } from "node:child_process";

// Reads process groups, one a line, that are new (+) or gone (-); at the end of input it kills those that stay. It looks
// every second which ones do, for the number of one that has gone may soon be somebody else's.
const PROGRAM = `trap '' HUP INT QUIT TERM
folder=$1; seconds=$2; shift 2; groups=" $* "
while read -r line; do
  group=\${line#?}
  case $line in
  +*) groups="$groups$group " ;;
  *) groups="\${groups%% $group *} \${groups#* $group }" ;;
  esac
done
while left=; for group in $groups; do kill -s 0 -- "-$group" && left="$left $group"; done 2>/dev/null
  groups=$left; [ -n "$groups" ] && [ "$seconds" -gt 0 ]
do sleep 1; seconds=$((seconds - 1)); done
for group in $groups; do kill -s KILL -- "-$group"; done 2>/dev/null
[ -z "$folder" ] || rm -rf "$folder"`;

export class Guard {
  private readonly child: ChildProcess;
  private readonly groups: Set<number>;

  /**
   * @param temporary a folder to remove too, or ""
   * @param seconds for the groups to end by themselves
   */
  constructor(groups: Iterable<number>, temporary: string, seconds = 0) {
    this.groups = new Set(groups);
    this.child = spawn(
      "/bin/sh",
      ["-c", PROGRAM, "tsmpirun-guard", temporary, String(seconds), ...[...this.groups].map(String)],
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

  add(group: number): void {
    this.groups.add(group);
    this.child.stdin?.write(`+${group}\n`);
  }

  /** A group has no member left: its number may soon belong to somebody else. */
  forget(group: number): void {
    if (this.groups.delete(group)) this.child.stdin?.write(`-${group}\n`);
  }

  /** The job has ended and nothing is left to guard. */
  dismiss(): void {
    this.child.kill("SIGKILL");
  }
}
