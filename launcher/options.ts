/** The options of tsmpirun in one table: the parser, the help and the suggestions for misspelt ones read it. */
import { type HostSlots, parseHosts } from "./hosts/host-list.ts";
import type { WireName } from "./hosts/protocol.ts";

/** Ways in which messages travel within a host. */
export const TRANSPORTS = ["shared-memory", "zeromq"] as const;
export type TransportName = (typeof TRANSPORTS)[number];

/** Options of one MPMD segment; the others belong to the whole job. */
export interface SegmentOptions {
  ranks: number | undefined;
  /** `undefined` as value: taken from the launcher's own environment. */
  environment: [name: string, value: string | undefined][];
  workingFolder: string | undefined;
  nodeOptions: string[];
}

export interface JobOptions {
  stdin: number | "all" | "none";
  tagOutput: boolean;
  outputFolder: string | undefined;
  timeoutSeconds: number | undefined;
  bindTo: "core" | "none";
  threadsPerRank: number | undefined;
  /** Of each physical core one hardware thread counts. */
  physicalCores: boolean;
  tuneFile: string | undefined;
  hosts: HostSlots[];
  hostFile: string | undefined;
  mapBy: "slot" | "node";
  launcher: "ssh" | "slurm" | "exec" | undefined;
  sshArguments: string[];
  agent: string[] | undefined;
  /** Interface or network that hosts reach one another by. */
  network: string | undefined;
  linkTimeoutSeconds: number;
  /** Bytes for messages between hosts, on each. */
  linkMemory: number;
  wire: WireName;
  /** How the ranks of one host exchange messages; undefined: shared memory where the addon loads. */
  transport: TransportName | undefined;
  /** Hosts get tsmpi and the script, with all that it imports, from here. */
  ship: boolean;
  verbose: boolean;
  dryRun: boolean;
  /** Prints at the end what each rank has sent, received and waited. */
  stats: boolean;
  /** Port of the dashboard, 0 for any that is free; undefined: none. */
  dashboard: number | undefined;
}

export interface Option {
  /** Spellings; the first is the one that messages use. */
  names: string[];
  /** Name of the value in the help; absent for a switch. */
  value?: string;
  /** The value may be left out, and is given as `--name=value` only. */
  optional?: true;
  help: string;
  /** Reads the value, or throws a phrase that says what was expected. */
  read(value: string, segment: SegmentOptions, job: JobOptions): void;
}

/** What a value should have been; the parser makes the sentence. */
export class Expected extends Error {}

function wholeNumber(value: string, least: number, what: string): number {
  if (!/^\d{1,9}$/.test(value) || Number(value) < least) throw new Expected(what);
  return Number(value);
}

function seconds(value: string): number {
  const number = /^\d*\.?\d+$/.test(value) ? Number(value) : 0;
  if (number > 0 && number < 2 ** 31 / 1000) return number;
  throw new Expected("a number of seconds above 0 and below 2147483");
}

/** Splits as a shell would: blanks separate, quotes of either kind group. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (const letter of text) {
    if (quote !== "") {
      if (letter === quote) quote = "";
      else word += letter;
    } else if (letter === '"' || letter === "'") {
      quote = letter;
      word ??= "";
    } else if (/\s/.test(letter)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? "") + letter;
    }
  }
  if (quote !== "") throw new Expected(`options with every quote closed`);
  if (word !== undefined) words.push(word);
  return words;
}

export const OPTIONS: Option[] = [
  {
    names: ["-n", "-np", "--np"],
    value: "N",
    help: "number of ranks (default: the cores that this process may use, counting its affinity mask and cgroup quota)",
    read(value, segment) {
      segment.ranks = wholeNumber(value, 1, "a whole number of ranks, at least 1");
    },
  },
  {
    names: ["--env", "-x"],
    value: "NAME[=VALUE]",
    help: "sets an environment variable for the ranks; without a value it is passed on as it is here; repeatable",
    read(value, segment) {
      const [, name, , text] = /^([^=]+)(=(.*))?$/s.exec(value) ?? [];
      if (name === undefined) throw new Expected("NAME or NAME=VALUE");
      if (text === undefined && process.env[name] === undefined) {
        throw new Expected(`NAME=VALUE, or a NAME that is set here`);
      }
      segment.environment.push([name, text]);
    },
  },
  {
    names: ["--wdir", "-wdir", "-wd"],
    value: "DIR",
    help: "the ranks' working folder (the script is looked up from the present one)",
    read(value, segment) {
      if (value === "") throw new Expected("a folder");
      segment.workingFolder = value;
    },
  },
  {
    names: ["--node-options"],
    value: '"..."',
    help: 'options for node itself, such as "--max-old-space-size=4096 --expose-gc"; repeatable',
    read(value, segment) {
      segment.nodeOptions.push(...splitWords(value));
    },
  },
  {
    names: ["--stdin"],
    value: "RANK|all|none",
    help: "who reads the standard input (default: rank 0)",
    read(value, _segment, job) {
      job.stdin = value === "all" || value === "none" ? value : wholeNumber(value, 0, "a rank, all or none");
    },
  },
  {
    names: ["--tag-output"],
    help: "puts the rank before each line: [3] ... (in colour on a terminal, unless NO_COLOR is set)",
    read(_value, _segment, job) {
      job.tagOutput = true;
    },
  },
  {
    names: ["--output-dir"],
    value: "DIR",
    help: "writes each rank's output to DIR/rank-N.out and DIR/rank-N.err too; it is still printed",
    read(value, _segment, job) {
      if (value === "") throw new Expected("a folder");
      job.outputFolder = value;
    },
  },
  {
    names: ["--timeout"],
    value: "SECONDS",
    help: "ends a job that takes longer, says what each rank was waiting for; exit code 124",
    read(value, _segment, job) {
      job.timeoutSeconds = seconds(value);
    },
  },
  {
    names: ["--bind-to"],
    value: "core|none",
    help: "core: rank i stays on the i-th usable core, round robin (default: none)",
    read(value, _segment, job) {
      if (value !== "core" && value !== "none") throw new Expected("core or none");
      job.bindTo = value;
    },
  },
  {
    names: ["--threads-per-rank"],
    value: "N",
    help: "threads for BLAS and OpenMP in each rank: OMP_NUM_THREADS and its kin (default: cores / ranks, at least 1, where neither the variable nor OMP_NUM_THREADS is set already)",
    read(value, _segment, job) {
      job.threadsPerRank = wholeNumber(value, 1, "a whole number of threads, at least 1");
    },
  },
  {
    names: ["--physical-cores"],
    help: "counts one hardware thread of each physical core: for the default of -n, that of --threads-per-rank, and --bind-to core (default: all hardware threads)",
    read(_value, _segment, job) {
      job.physicalCores = true;
    },
  },
  {
    names: ["--tune"],
    value: "FILE",
    help: "chooses the algorithms of collectives by a table that `tsmpi tune` has measured (default: the file that TSMPI_TUNE names, else the built-in table)",
    read(value, _segment, job) {
      if (value === "") throw new Expected("a file");
      job.tuneFile = value;
    },
  },
  {
    names: ["--hosts", "--host", "-H"],
    value: "A:4,B:4",
    help: "runs the ranks on these hosts, so many on each (1 unless said); n[001-128]:4 names many; a host named again counts again",
    read(value, _segment, job) {
      job.hosts.push(...parseHosts(value, "--hosts"));
    },
  },
  {
    names: ["--hostfile", "--machinefile"],
    value: "FILE",
    help: 'a file that names hosts, one a line: "host slots=4"; # begins a comment',
    read(value, _segment, job) {
      if (value === "") throw new Expected("a file");
      job.hostFile = value;
    },
  },
  {
    names: ["--map-by"],
    value: "slot|node",
    help: "slot: fills a host before the next (default); node: deals the ranks out to hosts in turn",
    read(value, _segment, job) {
      if (value !== "slot" && value !== "node") throw new Expected("slot or node");
      job.mapBy = value;
    },
  },
  {
    names: ["--launcher"],
    value: "ssh|slurm|exec",
    help: "how hosts are reached (default: slurm inside an allocation, exec where --agent is given, else ssh)",
    read(value, _segment, job) {
      if (value !== "ssh" && value !== "slurm" && value !== "exec") throw new Expected("ssh, slurm or exec");
      job.launcher = value;
    },
  },
  {
    names: ["--ssh-args"],
    value: '"..."',
    help: 'options for ssh, such as "-p 2222 -i key"; repeatable',
    read(value, _segment, job) {
      job.sshArguments.push(...splitWords(value));
    },
  },
  {
    names: ["--agent"],
    value: '"..."',
    help: 'the command that runs another command on {host}: "docker exec -i {host}", "kubectl exec -i {host} --"',
    read(value, _segment, job) {
      const words = splitWords(value);
      if (!words.some(word => word.includes("{host}"))) throw new Expected("a command with {host} in it");
      job.agent = words;
    },
  },
  {
    names: ["--iface"],
    value: "NAME|NETWORK",
    help: "the interface (eth0) or network (10.0.0.0/8) by which hosts reach one another",
    read(value, _segment, job) {
      if (value === "") throw new Expected("an interface such as eth0, or a network such as 10.0.0.0/8");
      job.network = value;
    },
  },
  {
    names: ["--ship"],
    help: "sends the script, the packages that it imports and tsmpi to hosts that have nothing but Node",
    read(_value, _segment, job) {
      job.ship = true;
    },
  },
  {
    names: ["--link-timeout"],
    value: "SECONDS",
    help: "a host that has not been heard of for so long ends the job (default: 60)",
    read(value, _segment, job) {
      job.linkTimeoutSeconds = seconds(value);
    },
  },
  {
    names: ["--link-memory"],
    value: "MIB",
    help: "mebibytes that messages between hosts may take on each, besides those of their senders and receivers (default: 256)",
    read(value, _segment, job) {
      job.linkMemory = wholeNumber(value, 1, "a whole number of mebibytes") * 2 ** 20;
    },
  },
  {
    names: ["--wire"],
    value: "zeromq|tcp",
    help: "what carries messages between hosts: zeromq, encrypted (default), or plain tcp, which is faster and for networks that nobody else can read",
    read(value, _segment, job) {
      if (value !== "zeromq" && value !== "tcp") throw new Expected("zeromq or tcp");
      job.wire = value;
    },
  },
  {
    names: ["--transport"],
    value: "shared-memory|zeromq",
    help: "how the ranks of one host exchange messages: shared-memory, which needs tsmpi's native addon (default where that loads), or zeromq, slower and without it",
    read(value, _segment, job) {
      job.transport = TRANSPORTS.find(name => name === value);
      if (job.transport === undefined) throw new Expected(TRANSPORTS.join(" or "));
    },
  },
  {
    names: ["--dashboard"],
    value: "PORT",
    optional: true,
    help: "serves a page that shows what the ranks do, for this machine only, and prints its address (default: a port that is free)",
    read(value, _segment, job) {
      const what = "a port from 0 to 65535, as in --dashboard=8000, or none";
      const port = value === "" ? 0 : wholeNumber(value, 0, what);
      if (port > 65_535) throw new Expected(what);
      job.dashboard = port;
    },
  },
  {
    names: ["--stats"],
    help: "prints at the end, on stderr, how many messages and bytes each rank has sent and received, how long it has waited, and its peak memory",
    read(_value, _segment, job) {
      job.stats = true;
    },
  },
  {
    names: ["--verbose", "-v"],
    help: "says on stderr what is started where, how long each step took and how each rank ended",
    read(_value, _segment, job) {
      job.verbose = true;
    },
  },
  {
    names: ["--dry-run"],
    help: "prints who would run where, and starts nothing",
    read(_value, _segment, job) {
      job.dryRun = true;
    },
  },
  { names: ["--version", "-V"], help: "prints the version", read() {} },
  { names: ["--help", "-h"], help: "prints this page", read() {} },
];
