/**
 * What tsmpirun and the gateway's thread of a rank say to each other under `--transport zeromq`, over a pipe that the
 * rank inherits. Its end tells the rank that tsmpirun is gone.
 *
 *     tsmpirun                             rank
 *                <───────────────────────   ready (its card), when the rank listens; or problem
 *       begin (the cards of all ranks) ──>
 *       ended, abort, look ──────────────>
 *                <───────────────────────   facts (the answer; and at the end of the rank, unasked)
 *                <───────────────────────   stays: a rank has been in a collective for long, or ends
 *       stays ───────────────────────────>  to the others, which compare it with what they have called
 */
import type { WireCard } from "../../src/gateway/wire.ts";
import type { RankFacts } from "../../src/job/rank-facts.ts";
import type { WaitRecord } from "../../src/transport/wait-record.ts";

/** The descriptor of that pipe. */
export const LAUNCHER_FD = 3;

export type RankOrder =
  /** Cards by rank; null: the rank has ended already. */
  | { kind: "begin"; cards: (WireCard | null)[]; linkMemory: number }
  /** A rank has ended well. */
  | { kind: "ended"; rank: number }
  | { kind: "abort"; rank: number; code: number }
  /** Asks for the facts. */
  | { kind: "look" }
  /** A rank stays in this collective, or has called it last. */
  | { kind: "stays"; rank: number; record: WaitRecord };

export type RankReport =
  | { kind: "ready"; card: WireCard }
  | { kind: "problem"; problem: string }
  | { kind: "facts"; facts: RankFacts }
  | { kind: "stays"; record: WaitRecord };
