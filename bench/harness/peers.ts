/** The implementations that tsmpi is compared with: what they need, and how their jobs are started. */
import { join } from "node:path";
import { usableCores } from "../../launcher/cores.ts";
import { compile, findCommand, Missing, outputOf, peerSource } from "./compile.ts";
import type { ContenderPlan } from "./contender.ts";
import type { Operation } from "./operations.ts";
import type { Hosts, PeerName } from "./options.ts";

const C_FLAGS = ["-O3", "-march=native"];

/** Open MPI refuses root without both. */
const OPEN_MPI_ENVIRONMENT = { OMPI_ALLOW_RUN_AS_ROOT: "1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1" };

/** Beyond this, what Node's own ways cost is the memory that they fill. */
const NODE_LIMIT = 1 << 20;

function isOpenMpi(command: string): boolean {
  return /Open MPI|OpenRTE|PRTE/.test(outputOf(command, ["--version"]) ?? "");
}

function isMpich(command: string): boolean {
  return /HYDRA|MPICH/i.test(outputOf(command, ["--version"]) ?? "");
}

/** A program under the name that Debian gives it, or under the common one if it is of this implementation. */
function pick(special: string, common: string, is: (command: string) => boolean): string | undefined {
  const found = findCommand(special);
  if (found !== undefined) return found;
  const other = findCommand(common);
  return other !== undefined && is(other) ? other : undefined;
}

/** The ranks of a contender, and their hosts, if not this one. */
export interface Ranks {
  readonly ranks: number;
  readonly hosts: Hosts | undefined;
}

/** "a:4,b:4" */
function slotsOf(hosts: Hosts): string {
  const slots = new Map<string, number>();
  for (const host of hosts) slots.set(host, (slots.get(host) ?? 0) + 1);
  return [...slots].map(([host, count]) => `${host}:${count}`).join(",");
}

/** Between hosts by TCP; hosts that are namespaces of one machine must not bind, for each believes that it has all cores. */
function openMpiOnHosts(hosts: Hosts): string[] {
  const settings = { btl: "tcp,vader,self", btl_tcp_if_include: "eth0", oob_tcp_if_include: "eth0" };
  const words = Object.entries(settings).flatMap(([name, value]) => ["--mca", name, value]);
  return ["--host", slotsOf(hosts), "--bind-to", "none", "--map-by", "slot", ...words];
}

function openMpiLauncher({ ranks, hosts }: Ranks): string[] {
  const mpirun = pick("mpirun.openmpi", "mpirun", isOpenMpi);
  if (mpirun === undefined) throw new Missing("mpirun of Open MPI is not installed (Debian: openmpi-bin)");
  const crowded = ["--oversubscribe", "--mca", "mpi_yield_when_idle", "1"];
  return [
    mpirun,
    ...(ranks > usableCores() ? crowded : []),
    "-n",
    String(ranks),
    ...(hosts === undefined ? [] : openMpiOnHosts(hosts)),
  ];
}

function mpichLauncher({ ranks, hosts }: Ranks): string[] {
  const mpiexec = pick("mpiexec.mpich", "mpiexec", isMpich);
  if (mpiexec === undefined) throw new Missing("mpiexec of MPICH is not installed (Debian: mpich)");
  if (ranks > usableCores()) {
    throw new Missing(
      `MPICH never yields its core: with ${ranks} ranks on ${usableCores()} a call takes 15 to 50 ms, which compares nothing`,
    );
  }
  return [mpiexec, "-n", String(ranks), ...(hosts === undefined ? [] : ["-hosts", slotsOf(hosts)])];
}

const withoutObjects = ({ group }: Operation): boolean => group !== "objects";

function openmpi(ranks: Ranks, folder: string): ContenderPlan {
  const launcher = openMpiLauncher(ranks);
  const compiler = pick(
    "mpicc.openmpi",
    "mpicc",
    command => outputOf(command, ["--showme:version"]) !== undefined,
  );
  if (compiler === undefined)
    throw new Missing("mpicc of Open MPI is not installed (Debian: libopenmpi-dev)");
  const program = join(folder, "peer-openmpi");
  compile(compiler, C_FLAGS, peerSource("peer.c"), program);
  return {
    key: "openmpi",
    title: "Open MPI",
    kind: "c",
    readers: ranks.ranks,
    command: [...launcher, program],
    startCommand: [...launcher, program, "--start"],
    environment: OPEN_MPI_ENVIRONMENT,
    does: withoutObjects,
    version: /\d+\.\d+\.\d+/.exec(outputOf(launcher[0], ["--version"]) ?? "")?.[0] ?? "unknown",
  };
}

function mpich(ranks: Ranks, folder: string): ContenderPlan {
  const launcher = mpichLauncher(ranks);
  const compiler = pick("mpicc.mpich", "mpicc", command => /mpich/i.test(outputOf(command, ["-show"]) ?? ""));
  if (compiler === undefined) throw new Missing("mpicc of MPICH is not installed (Debian: libmpich-dev)");
  const program = join(folder, "peer-mpich");
  compile(compiler, C_FLAGS, peerSource("peer.c"), program);
  return {
    key: "mpich",
    title: "MPICH",
    kind: "c",
    readers: ranks.ranks,
    command: [...launcher, program],
    startCommand: [...launcher, program, "--start"],
    environment: {},
    does: withoutObjects,
    version: /Version:\s*(\S+)/.exec(outputOf(launcher[0], ["--version"]) ?? "")?.[1] ?? "unknown",
  };
}

/** Debian's own python first: its mpi4py is a package there, whatever python the PATH has. */
function mpi4py(ranks: Ranks): ContenderPlan {
  const pythons = ["/usr/bin/python3", findCommand("python3")].filter(python => python !== undefined);
  const probe =
    "import mpi4py, numpy; from mpi4py import MPI; print(mpi4py.__version__, MPI.Get_library_version())";
  for (const python of pythons) {
    const text = outputOf(python, ["-c", probe], OPEN_MPI_ENVIRONMENT);
    if (text === undefined) continue;
    const launcher = /Open MPI/.test(text) ? openMpiLauncher(ranks) : mpichLauncher(ranks);
    const program = [python, peerSource("peer.py")];
    return {
      key: "mpi4py",
      title: "mpi4py",
      kind: "other",
      readers: ranks.ranks,
      command: [...launcher, ...program],
      startCommand: [...launcher, ...program, "--start"],
      // NumPy's threads have nothing to do here and would only wait.
      environment: { ...OPEN_MPI_ENVIRONMENT, OPENBLAS_NUM_THREADS: "1" },
      does: () => true,
      version: `${text.split(" ")[0]} with ${/Open MPI/.test(text) ? "Open MPI" : "MPICH"}`,
    };
  }
  throw new Missing("mpi4py and numpy are not installed for python3 (Debian: python3-mpi4py python3-numpy)");
}

function nodes(key: "ipc" | "worker", title: string, programs: string): ContenderPlan {
  return {
    key,
    title,
    kind: "other",
    readers: 1,
    command: [process.execPath, join(programs, `${key}.js`)],
    startCommand: undefined,
    environment: {},
    does: ({ name }, bytes) => name === "objects" || (name === "latency" && (bytes ?? 0) <= NODE_LIMIT),
    version: process.version,
  };
}

const BARE = { net: "node:net", zeromq: "zeromq.js", curve: "zeromq.js CURVE" } as const;

/** Two processes, on the first host and on the last, joined without tsmpi. */
function bare(key: keyof typeof BARE, { hosts }: Ranks, programs: string): ContenderPlan {
  const [first, last] = [hosts?.[0], hosts?.at(-1)];
  if (first === undefined || last === undefined) throw new Missing("it is for two hosts (--hosts)");
  const program = [process.execPath, join(programs, "bare.js"), key];
  return {
    key,
    title: BARE[key],
    kind: "other",
    readers: 1,
    command: ["ssh", first, ...program, first, last],
    startCommand: undefined,
    environment: {},
    does: ({ name }) => ["latency", "bandwidth", "rate"].includes(name),
    version: process.version,
  };
}

/** @throws {Missing} with the reason why it is left out */
export function planPeer(name: PeerName, ranks: Ranks, programs: string, folder: string): ContenderPlan {
  switch (name) {
    case "openmpi":
      return openmpi(ranks, folder);
    case "mpich":
      return mpich(ranks, folder);
    case "mpi4py":
      return mpi4py(ranks);
    case "ipc":
      return nodes("ipc", "Node IPC", programs);
    case "worker":
      return nodes("worker", "Worker thread", programs);
    case "net":
    case "zeromq":
    case "curve":
      return bare(name, ranks, programs);
  }
}
