import { readFileSync } from "node:fs";

/**
 * Bytes of memory that this process has had at most; of shared memory what it has touched. `process.resourceUsage().maxRSS` may be
 * that of the process that has started it, for the kernel hands it on.
 */
export function peakMemory(): number {
  const [, kilobytes = "0"] = /^VmHWM:\s+(\d+)/m.exec(readFileSync("/proc/self/status", "latin1")) ?? [];
  return Number(kilobytes) * 1024;
}
