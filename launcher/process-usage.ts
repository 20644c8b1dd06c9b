/** What a process takes of its machine. */
import { readFileSync } from "node:fs";

/** Of the times in /proc, on all of Linux. */
const TICKS_A_SECOND = 100;
// Fields of /proc/PID/stat behind the name, which is in parentheses and may hold anything.
const USER_TIME = 11;
const SYSTEM_TIME = 12;

/** Seconds of processor time used, and bytes of memory touched; 0 for a process that is not there. */
export function usageOf(pid: number | undefined): { cpu: number; memory: number } {
  if (pid === undefined) return { cpu: 0, memory: 0 };
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [, kilobytes = "0"] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "latin1")) ?? [];
    const ticks = Number(fields[USER_TIME]) + Number(fields[SYSTEM_TIME]);
    return { cpu: ticks / TICKS_A_SECOND, memory: Number(kilobytes) * 1024 };
  } catch {
    return { cpu: 0, memory: 0 };
  }
}
