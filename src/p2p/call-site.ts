/** Where a program has called the library. */
import { basename, dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** Of the library itself: its bundles lie in one folder. */
const library = dirname(fileURLToPath(import.meta.url));

/** The library's own frames come first. */
const DEPTH = 30;

/** The stack of this moment. It becomes text when somebody asks, which takes longer by far than to keep it. */
export class CallSite {
  private readonly holder: { stack?: string } = {};
  private found: string | undefined;

  constructor() {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = DEPTH;
    Error.captureStackTrace(this.holder);
    Error.stackTraceLimit = stackTraceLimit;
  }

  /** "script.ts:12", or "" when only the library was at work. */
  toString(): string {
    this.found ??= firstOutside(this.holder.stack ?? "");
    return this.found;
  }
}

function firstOutside(stack: string): string {
  for (const line of stack.split("\n").slice(1)) {
    const [, place] = /(?:\(|at (?:async )?)((?:file:\/\/)?\/[^()]*:\d+):\d+\)?$/.exec(line) ?? [];
    if (place === undefined) continue;
    const path = place.startsWith("file://") ? decodeURI(place.slice("file://".length)) : place;
    if (!path.startsWith(`${library}/`)) return basename(path);
  }
  return "";
}
