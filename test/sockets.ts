/** What sockets processes hold, as the kernel lists them under /proc. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/** Inodes of the sockets of a process; none once it has ended. */
export function socketsOf(pid: number): Set<string> {
  const folder = `/proc/${pid}/fd`;
  const links = unlessGone(() => readdirSync(folder), []).map(name =>
    unlessGone(() => readlinkSync(join(folder, name)), ""),
  );
  return new Set(links.flatMap(link => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
}

/** Addresses at which a process takes TCP connections, as the kernel writes them. */
export function listening(pid: number): string[] {
  const own = socketsOf(pid);
  const LISTEN = "0A";
  return ["tcp", "tcp6"].flatMap(family =>
    readFileSync(`/proc/${pid}/net/${family}`, "latin1")
      .split("\n")
      .map(line => line.trim().split(/\s+/))
      .filter(([, , , state, , , , , , inode]) => state === LISTEN && own.has(inode))
      .map(([, local]) => local),
  );
}

/** A process ends, and closes what it has open, whenever it likes: also between two looks at it. */
function unlessGone<T>(look: () => T, otherwise: T): T {
  try {
    return look();
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code!)) return otherwise;
    throw error;
  }
}
