/** The operations of `tsmpi bench` in one table: the command line, the measuring and the reports read it. */

export type Group = "p2p" | "collectives" | "start" | "objects";
export type Unit = "us" | "ms" | "MB/s" | "M/s";

export interface Operation {
  readonly name: string;
  readonly group: Group;
  /** What is measured, and what `size` means, in one line. */
  readonly meaning: string;
  /** Sizes: those of the command line ("bytes"), names of values, or none (one row). */
  readonly sizes: "bytes" | "none" | readonly string[];
  /** How figures are shown. They are kept as microseconds, so that less is always better. */
  readonly unit: Unit;
  /** A call of the loop is so many of the things whose time is the figure: 2 hops, 1024 messages. */
  readonly parts: number;
  /** Messages of `size` bytes that one figure's time moves, where the unit is MB/s. */
  readonly messages: number;
}

const sized = { sizes: "bytes", unit: "us", parts: 1, messages: 1 } as const;
const p2p = { ...sized, group: "p2p" } as const;
const collective = { ...sized, group: "collectives" } as const;

export const OBJECT_NAMES = ["record", "list", "table"] as const;

export const OPERATIONS: readonly Operation[] = [
  {
    ...p2p,
    name: "latency",
    parts: 2,
    meaning: "ping-pong of ranks 0 and 1, half a round trip; size: the message",
  },
  {
    ...p2p,
    name: "bandwidth",
    unit: "MB/s",
    messages: 64,
    meaning: "64 messages from rank 0 to rank 1, then a reply of 8 bytes; size: one message",
  },
  {
    ...p2p,
    name: "bibandwidth",
    unit: "MB/s",
    messages: 128,
    meaning: "64 messages each way between ranks 0 and 1 at once; size: one message",
  },
  {
    ...p2p,
    name: "rate",
    sizes: "none",
    unit: "M/s",
    parts: 1024,
    meaning: "1024 messages of 8 bytes from rank 0 to rank 1, then a reply; messages a second",
  },
  { ...collective, name: "barrier", sizes: "none", meaning: "barrier of all ranks" },
  { ...collective, name: "broadcast", meaning: "from rank 0; size: the array" },
  { ...collective, name: "scatter", meaning: "from rank 0; size: the block that each rank gets" },
  { ...collective, name: "gather", meaning: "to rank 0; size: the block that each rank gives" },
  { ...collective, name: "allgather", meaning: "size: the block that each rank gives" },
  { ...collective, name: "alltoall", meaning: "size: the block that each rank gives to each" },
  { ...collective, name: "reduce", meaning: "sum of doubles to rank 0; size: the array" },
  { ...collective, name: "allreduce", meaning: "sum of doubles; size: the array" },
  {
    ...collective,
    name: "reduce-scatter",
    meaning: "sum of doubles; size: the block that each rank gets, the array has one for each rank",
  },
  { ...collective, name: "scan", meaning: "sum of doubles over ranks 0 to one's own; size: the array" },
  {
    name: "objects",
    group: "objects",
    sizes: OBJECT_NAMES,
    unit: "us",
    parts: 2,
    messages: 1,
    meaning:
      "ping-pong of values, half a round trip: a record of 5 fields, a list of 1000 numbers, a table of 10,000 records",
  },
  {
    name: "start",
    group: "start",
    sizes: "none",
    unit: "ms",
    parts: 1,
    messages: 1,
    meaning: "a job that loads the library and ends, from the command to its exit",
  },
];

/** Names for several operations on the command line. */
export const SELECTIONS: Record<string, readonly Group[]> = {
  p2p: ["p2p"],
  collectives: ["collectives"],
  all: ["p2p", "collectives", "objects", "start"],
};

export function operationNamed(name: string): Operation {
  const found = OPERATIONS.find(operation => operation.name === name);
  if (found === undefined) throw new Error(`no operation ${name}`);
  return found;
}

/** One row of the benchmark. */
export interface Case {
  operation: Operation;
  /** Bytes; absent for rows without a size. */
  bytes: number | undefined;
  /** What the row is called in its table: a size, the name of a value, or nothing. */
  label: string;
  /** The second word of `prepare`. */
  argument: string;
}

export function casesOf(
  operation: Operation,
  sizes: readonly number[],
  format: (bytes: number) => string,
): Case[] {
  if (operation.sizes === "bytes") {
    return sizes.map(bytes => ({ operation, bytes, label: format(bytes), argument: String(bytes) }));
  }
  if (operation.sizes === "none") return [{ operation, bytes: undefined, label: "", argument: "8" }];
  return operation.sizes.map(label => ({ operation, bytes: undefined, label, argument: label }));
}
