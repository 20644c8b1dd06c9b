/**
 * The tasks of maps, pools and graphs as a file that Perfetto (ui.perfetto.dev) and chrome://tracing show: Google's "Trace Event Format", a
 * list of events as JSON. Each rank is a process, with a row for tasks that run one after the other.
 */
import { openSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { ArgumentError } from "../errors.ts";
import type { Communicator } from "../index.ts";

/** @throws {ArgumentError} */
export function requireTrace(option: unknown): asserts option is string {
  if (typeof option === "string" && option !== "") return;
  throw new ArgumentError(`trace must be the name of a file; got ${String(option)}.`);
}

/** Numbers of a task: its own, beginning and end in milliseconds since 1970, 1 if it has thrown. */
const NUMBERS = 4;

export class Spans {
  readonly numbers: number[] = [];

  /** @param began by `performance.now()`, as `ended` */
  add(index: number, began: number, ended: number, threw: boolean): void {
    const { timeOrigin } = performance;
    this.numbers.push(index, timeOrigin + began, timeOrigin + ended, threw ? 1 : 0);
  }
}

/** What stands on the box of a task. */
export interface Caption {
  readonly what: string;
  /** The number that errors have, too. */
  readonly item: number;
}

interface RankSpans {
  readonly host: string;
  readonly spans: Float64Array;
}

/**
 * Collective; rank 0 writes, if it has a trace.
 * @param captionOf of a task by its number; called on rank 0
 */
export async function tellTrace(
  comm: Communicator,
  spans: Spans,
  trace: Trace | undefined,
  label: string,
  captionOf = (item: number): Caption => ({ what: label, item }),
): Promise<void> {
  const all = await comm.gather<RankSpans>({ host: hostname(), spans: Float64Array.from(spans.numbers) });
  if (all === undefined || trace === undefined) return;
  trace.append(all.flatMap((each, rank) => eventsOf(each, rank, label, captionOf)));
}

interface TraceEvent {
  name: string;
  ph: "X" | "M";
  pid: number;
  tid: number;
  /** Microseconds since 1970. */
  ts?: number;
  dur?: number;
  cat?: string;
  args: Record<string, unknown>;
}

function eventsOf(
  { host, spans }: RankSpans,
  rank: number,
  label: string,
  captionOf: (index: number) => Caption,
): TraceEvent[] {
  const named = (name: string, args: Record<string, unknown>): TraceEvent => ({
    name,
    ph: "M",
    pid: rank,
    tid: 0,
    args,
  });
  const events = [
    named("process_name", { name: `rank ${rank} on ${host}` }),
    named("process_sort_index", { sort_index: rank }),
  ];
  // Tasks under way at once get rows of their own, for a row shows what overlaps as one inside the other.
  const rowEnds: number[] = [];
  const order = Array.from({ length: spans.length / NUMBERS }, (_, i) => i * NUMBERS);
  order.sort((a, b) => spans[a + 1] - spans[b + 1]);
  for (const at of order) {
    const [index, began, ended, threw] = spans.subarray(at, at + NUMBERS);
    let row = rowEnds.findIndex(end => end <= began);
    if (row < 0) row = rowEnds.length;
    rowEnds[row] = ended;
    const { what, item } = captionOf(index);
    events.push({
      name: `${what} ${item}`,
      cat: label,
      ph: "X",
      pid: rank,
      tid: row,
      ts: Math.round(began * 1000),
      dur: Math.round((ended - began) * 1000),
      args: threw === 1 ? { item, threw: true } : { item },
    });
  }
  return events;
}

/** A file that all maps, pools and graphs of this process which name it add to. What it holds is valid JSON after each of them. */
export class Trace {
  private readonly fd: number;
  private length = 0;

  constructor(file: string) {
    try {
      this.fd = openSync(file, "w");
    } catch (error) {
      throw new ArgumentError(
        `trace: ${file} cannot be written (${(error as Error).message}); name a file in a folder that exists.`,
      );
    }
  }

  append(events: readonly TraceEvent[]): void {
    const opening = this.length === 0 ? "[\n" : ",\n";
    const bytes = Buffer.from(opening + events.map(event => JSON.stringify(event)).join(",\n"));
    // In the place of the bracket that ends the list so far, which is shorter.
    for (let from = 0; from < bytes.length; )
      from += writeSync(this.fd, bytes, from, undefined, this.length + from);
    this.length += bytes.length;
    writeSync(this.fd, "\n]\n", this.length);
  }
}

const traces = new Map<string, Trace>();

/** @throws {ArgumentError} the file cannot be written */
export function traceOf(file: string): Trace {
  let trace = traces.get(file);
  if (trace === undefined) {
    trace = new Trace(file);
    traces.set(file, trace);
  }
  return trace;
}
