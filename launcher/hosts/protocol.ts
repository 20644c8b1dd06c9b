/**
 * What tsmpirun and the daemon of a host say to each other over the daemon's standard streams, whatever carries
 * those: ssh, srun or another agent.
 *
 *     daemon: MAGIC, so that what a login shell prints before it can be told from frames
 *     both:   frames   mark, kind, stream (32 bits), length (32 bits), body, line end
 *
 *     tsmpirun                             daemon
 *       prepare  ────────────────────────>
 *       files that it lacks  <───────────   needs
 *                <───────────────────────   ready (its card) or lacks (what is wrong)
 *       start (the cards of all hosts) ──>
 *                <───────────────────────   started, output of ranks, exited ...
 *       waits, signal, abort, input ─────>
 *       close    ────────────────────────>  ends; so it does when its input ends, or nothing comes for too long
 *
 * A frame ends with a line end because srun passes on whole lines only.
 */
import type { WireCard } from "../../src/gateway/wire.ts";
import type { HostPart, RankLook } from "../host.ts";

/** Changes whenever frames or messages do. */
export const PROTOCOL = 7;
export const MAGIC: Buffer = Buffer.from(`\ntsmpi-daemon ${PROTOCOL}\n`);
/** What a daemon of another version says, when frames are others there. */
export const OTHER_MAGIC: RegExp = /^tsmpi-daemon \d+\n/m;

/** How a host that cannot start a daemon says what it lacks, in a line before there is a channel. */
export const LACKS = "tsmpi-lacks:";

export const MARK = 0xa7;
export const HEADER_BYTES = 10;
/** Longer ones are damaged. */
export const MAX_BODY = 2 ** 30;

export const FrameKind = {
  /** JSON. */
  message: 0,
  /** Of a rank; `stream` is `streamOf(...)`. */
  output: 1,
  /** For a rank, which is `stream`. */
  input: 2,
  /** Contents of a file asked for, by its index. */
  file: 3,
  /** Between tsmpirun and the agent of a host further on, by number of the relay. */
  relay: 4,
  /** What that agent prints on stderr. */
  relayErrors: 5,
} as const;

export type BytesKind = Exclude<(typeof FrameKind)[keyof typeof FrameKind], 0>;

export const streamOf = (rank: number, kind: "out" | "err"): number => rank * 2 + (kind === "out" ? 0 : 1);

/** What a host tells the others of itself before ranks start. */
export interface HostCard {
  /** As it calls itself. */
  hostname: string;
  /** By which other hosts may reach it, those of the wanted network first. */
  addresses: string[];
  /** Of its gateway; undefined when the job has no other host. */
  gateway: GatewayCard | undefined;
  /** Whether ranks outnumber its cores. */
  crowded: boolean;
}

/** What a gateway tells of itself. */
export interface GatewayCard extends WireCard {
  /** Whether it may copy from and to the memory of ranks. */
  copies: boolean;
}

/** Ways in which messages travel between hosts. */
export type WireName = "zeromq" | "tcp";

/** Daemon to gateway, over the gateway's standard streams. */
export type GatewayOrder =
  | {
      kind: "listen";
      wire: WireName;
      addresses: string[];
      linkTimeoutSeconds: number;
      linkMemory: number;
    }
  | { kind: "begin"; cards: GatewayCard[] }
  /** Ranks of a host to which there is no link. */
  | { kind: "finished"; ranks: number[] };

/** Gateway to daemon. */
export type GatewayReport =
  | { kind: "ready"; card: GatewayCard }
  | { kind: "problem"; problem: string }
  | GatewayNews;

/** What tsmpirun hears of a gateway. */
export type GatewayNews =
  /** Nothing has come from a host for the time set; what was tried to reach it. */
  | { kind: "peerLost"; host: number; sentence: string }
  /** Ranks have finished; these hosts have no link over which to hear of it. */
  | { kind: "finished"; ranks: number[]; hosts: number[] };

/** tsmpirun to daemon. */
export type Order =
  | {
      kind: "prepare";
      version: string;
      part: HostPart;
      /** Files made for this job, which travel when the host does not see them. */
      files: string[];
      /** Whether they travel in any case, and import the library by these paths, which are others on the host. */
      shippedLibraries: string[] | undefined;
      /** Files that a script imports: the host must have them, and what for. */
      imports: [path: string, script: string][];
      /** Ranks that read the standard input of tsmpirun. */
      readers: number[];
      network: string | undefined;
      linkTimeoutSeconds: number;
      wire: WireName;
    }
  | { kind: "examine" }
  | { kind: "listen"; network: string | undefined }
  | { kind: "reach"; targets: ReachTarget[] }
  | { kind: "start"; cards: HostCard[] }
  | { kind: "finished"; ranks: number[] }
  | { kind: "signal"; signal: NodeJS.Signals }
  | { kind: "waits" }
  | { kind: "look" }
  | { kind: "abort"; rank: number; code: number }
  /** A reader is slow, or has caught up. */
  | { kind: "flow"; stream: number; open: boolean }
  | { kind: "inputEnd"; rank: number }
  | { kind: "relay"; relay: number; command: string[] }
  | { kind: "relayEnd"; relay: number }
  | { kind: "ping" }
  | { kind: "close" };

/** Daemon to tsmpirun. */
export type Report =
  | { kind: "needs"; files: number[] }
  | { kind: "lacks"; problems: string[] }
  | { kind: "ready"; card: HostCard }
  | { kind: "facts"; facts: HostFacts }
  | { kind: "listening"; target: ReachTarget }
  /** For each target the endpoint that leads to it, or null. */
  | { kind: "reached"; endpoints: (string | undefined | null)[] }
  | { kind: "started"; pids: [rank: number, pid: number][] }
  | { kind: "notStarted"; rank: number; reason: string }
  | { kind: "exited"; rank: number; code: number | null; signal: NodeJS.Signals | null; hint: string }
  | { kind: "waits"; waits: [rank: number, text: string][] }
  | { kind: "look"; ranks: RankLook[] }
  | { kind: "outputEnd"; stream: number }
  /** A rank has taken the input sent last, or has closed it. */
  | { kind: "inputTaken"; rank: number; open: boolean }
  | { kind: "relayEnded"; relay: number; how: string }
  | GatewayNews
  | { kind: "gatewayEnded"; how: string }
  | { kind: "ping" };

/** A host that listens, so that others may try to reach it. */
export interface ReachTarget {
  endpoints: string[];
  /** What is heard there. */
  word: string;
}

/** What `tsmpi doctor` wants to know of a host. */
export interface HostFacts {
  hostname: string;
  node: string;
  version: string;
  /** Milliseconds since 1970. */
  clock: number;
  cores: number;
  /** Undefined: not known. */
  physicalCores?: number | undefined;
  /** Free bytes. */
  memory: number;
  /** Why the addon does not load; undefined: it does. */
  native?: string | undefined;
  /** Why there is no shared memory; undefined: there is. */
  sharedMemory?: string | undefined;
  /** Whether ranks may copy from one another's memory. */
  copies: boolean;
  /** Why ZeroMQ does not load; undefined: it does. */
  zeromq?: string | undefined;
  blas?: string | undefined;
  gpu?: string | undefined;
}
