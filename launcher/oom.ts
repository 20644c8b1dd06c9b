/** How often the kernel has killed a process of this control group because its memory was used up. */
import { readFileSync } from "node:fs";

function counterIn(path: string): number | undefined {
  try {
    const count = /^oom_kill (\d+)$/m.exec(readFileSync(path, "utf8"))?.[1];
    return count === undefined ? undefined : Number(count);
  } catch {
    return undefined;
  }
}

export function oomKills(): number | undefined {
  let membership: string;
  try {
    membership = readFileSync("/proc/self/cgroup", "utf8");
  } catch {
    return undefined;
  }
  for (const line of membership.split("\n")) {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    const files =
      controllers === ""
        ? [`/sys/fs/cgroup${path}/memory.events`, "/sys/fs/cgroup/memory.events"]
        : controllers?.split(",").includes("memory")
          ? [`/sys/fs/cgroup/memory${path}/memory.oom_control`, "/sys/fs/cgroup/memory/memory.oom_control"]
          : [];
    for (const file of files) {
      const count = counterIn(file);
      if (count !== undefined) return count;
    }
  }
  return undefined;
}
