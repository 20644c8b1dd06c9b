/** The command line of `tsmpi bench`. */
import { parseHosts } from "../../launcher/hosts/host-list.ts";
import { TRANSPORTS, type TransportName } from "../../launcher/options.ts";
import { UsageError } from "../../launcher/usage-error.ts";
import { list, oneOf, outputFile, readWords, sizesOf, wholeNumber } from "./command-line.ts";
import { OPERATIONS, type Operation, SELECTIONS } from "./operations.ts";

export const FACES = ["sync", "awaited"] as const;
export type Face = (typeof FACES)[number];

export const PEERS = ["openmpi", "mpich", "mpi4py", "ipc", "worker", "net", "zeromq", "curve"] as const;
export type PeerName = (typeof PEERS)[number];

export const WIRES = ["zeromq", "tcp"] as const;
export type WireName = (typeof WIRES)[number];

/** Hosts of the ranks, each named as often as it has ranks, in rank order. */
export type Hosts = readonly string[];

export interface Options {
  operations: Operation[];
  sizes: number[];
  ranks: number;
  faces: Face[];
  /** Undefined: on this host. */
  hosts: Hosts | undefined;
  wires: WireName[];
  /** Of ranks on this host; undefined: tsmpirun chooses. */
  transport: TransportName | undefined;
  compare: PeerName[];
  rounds: number;
  /** Microseconds that a batch should take. */
  batchTime: number;
  placement: boolean;
  json: string | undefined;
  svg: string | undefined;
  html: string | undefined;
  /** As typed, for the report. */
  command: string;
}

export const DEFAULT_SIZES: readonly number[] = [8, 64, 1 << 10, 1 << 13, 1 << 16, 1 << 20, 1 << 23];
const ROUNDS = 15;
const QUICK_ROUNDS = 5;
const BATCH_TIME = 20_000;
const QUICK_BATCH_TIME = 6000;

const WITH_VALUE = [
  "--sizes",
  "-n",
  "--hosts",
  "--wire",
  "--transport",
  "--compare",
  "--rounds",
  "--face",
  "--json",
  "--svg",
  "--html",
];
const SWITCHES = ["--quick", "--placement", "--help"];

export const HELP = `usage: tsmpi bench [operations] [options]

Measures tsmpi in the manner of the OSU benchmarks. Operations are separated by
commas:
  p2p          latency, bandwidth, bibandwidth, rate
  collectives  barrier, broadcast, scatter, gather, allgather, alltoall, reduce,
               allreduce, reduce-scatter, scan
  all          those, objects and start (the default)

  -n N              ranks (default: 2)
  --sizes LIST      bytes: 8,64,1KiB,... (default: 8 B to 8 MiB)
  --face LIST       sync (default), awaited, or both; the first is compared
  --compare LIST    openmpi, mpich, mpi4py: the same operations there, batch by
                    batch in turn with ours; ipc, worker: Node's own ways;
                    net, zeromq, curve: two processes on two hosts, joined by
                    node:net, by zeromq.js, or by that with encryption
  --hosts A:4,B:4   ranks on hosts that share the folder of TMPDIR and its
                    fifos: namespaces of one machine (test/hosts/hosts.sh)
  --wire LIST       zeromq (default), tcp, or both; the first is compared
  --transport NAME  shared-memory or zeromq, between ranks on this host
  --rounds R        batches of each contender in a row (default: ${ROUNDS})
  --quick           ${QUICK_ROUNDS} short rounds, to see whether everything works
  --placement       compares only batches between which the cores stayed as near
                    to each other (virtual machines move them)
  --json FILE       everything, with the raw figures
  --svg FILE        a plot of time by size
  --html FILE       a page with plots, heat map and tables

docs/performance.md says what each operation measures.
`;

function selectOperations(words: readonly string[]): Operation[] {
  const known = [...Object.keys(SELECTIONS), ...OPERATIONS.map(({ name }) => name)];
  const names = words.length === 0 ? ["all"] : words.flatMap(word => list("tsmpi bench", word));
  const wanted = new Set(names.map(name => oneOf("an operation of tsmpi bench", name, known)));
  return OPERATIONS.filter(
    ({ name, group }) =>
      wanted.has(name) || [...wanted].some(word => SELECTIONS[word]?.includes(group) === true),
  );
}

/**
 * @returns undefined when the help is asked for
 * @throws {UsageError} with one sentence that says what was expected and what came
 */
export function parseOptions(args: readonly string[]): Options | undefined {
  const { values, words } = readWords("tsmpi bench", args, WITH_VALUE, SWITCHES);
  if (values.has("--help")) return undefined;

  const read = <T>(name: string, parse: (value: string) => T, otherwise: T): T => {
    const value = values.get(name);
    return value === undefined ? otherwise : parse(value);
  };
  const names = <T extends string>(name: string, what: string, known: readonly T[], otherwise: T[]): T[] =>
    read(name, value => [...new Set(list(name, value).map(item => oneOf(what, item, known)))], otherwise);
  const file = (name: string): string | undefined =>
    read<string | undefined>(name, value => outputFile(name, value), undefined);

  const quick = values.has("--quick");
  const hosts = read<Hosts | undefined>(
    "--hosts",
    value => parseHosts(value, "--hosts").flatMap(({ name, slots }) => new Array<string>(slots).fill(name)),
    undefined,
  );
  const options: Options = {
    operations: selectOperations(words),
    sizes: read("--sizes", sizesOf, [...DEFAULT_SIZES]),
    ranks: hosts?.length ?? read("-n", value => wholeNumber("-n", value, 2), 2),
    hosts,
    wires: names("--wire", "a wire of tsmpi", WIRES, ["zeromq"]),
    transport: read<TransportName | undefined>(
      "--transport",
      value => oneOf("a transport of tsmpi", value, TRANSPORTS),
      undefined,
    ),
    faces: names("--face", "a face of tsmpi", FACES, ["sync"]),
    compare: names("--compare", "a peer of tsmpi bench", PEERS, []),
    rounds: read("--rounds", value => wholeNumber("--rounds", value, 1), quick ? QUICK_ROUNDS : ROUNDS),
    batchTime: quick ? QUICK_BATCH_TIME : BATCH_TIME,
    placement: values.has("--placement"),
    json: file("--json"),
    svg: file("--svg"),
    html: file("--html"),
    command: ["tsmpi bench", ...args].join(" "),
  };
  if (options.svg !== undefined && !options.operations.some(({ sizes }) => sizes === "bytes")) {
    throw new UsageError("--svg draws time by size, and none of the operations asked for has sizes");
  }
  return options;
}
