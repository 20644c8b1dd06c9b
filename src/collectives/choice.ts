/**
 * Which algorithm serves which call. Only what all ranks know may decide: the number of ranks, the operator and
 * the size of arrays that must agree, never the size of one rank's part.
 */
import { type AlgorithmOf, type Family, needsOf } from "./algorithm-names.ts";
import { joinRules, type Rule, type Rules } from "./rules.ts";

/** How algorithms cut what they move; all ranks must hold the same. */
export const limits = {
  /** Where a chain of ranks passes on segments of an array, they have so many bytes. */
  scanSegment: 64 * 1024,
  /** Where blocks are exchanged and combined by all at once, a rank's block has so many bytes at most. */
  exchangedBlock: 128 * 1024,
  /** Longer arrays announce their length, so that they arrive in place without a copy. */
  announced: 8 * 1024,
  /** Longer arrays are exchanged between hosts by several ranks of each. */
  shared: 64 * 1024,
  /** Where a host passes on an array while it arrives, in segments of so many bytes. */
  hostSegment: 1024 * 1024,
};

const long = { minBytes: 32 * 1024 };
const scans: readonly Rule[] = [
  { algorithm: "board" },
  // The chain of ranks that serves long arrays crosses between hosts as seldom as can be.
  { algorithm: "two-level", maxBytes: 32 * 1024 - 1 },
  { algorithm: "chain", ...long },
  { algorithm: "exchange", ...long },
  { algorithm: "recursive-doubling" },
  { algorithm: "gather" },
];

/**
 * The rules that count where no others are given. The limits are estimates from one machine; `tsmpi tune` measures
 * better ones. The last rules of an operation serve every call.
 */
export const builtIn: { readonly [F in Family]: readonly Rule[] } = {
  // Few ranks see one another sooner than a counter goes from hand to hand.
  barrier: [
    { algorithm: "board", maxRanks: 4, crowded: false },
    { algorithm: "counter" },
    { algorithm: "two-level" },
    { algorithm: "dissemination" },
  ],
  broadcast: [
    { algorithm: "board" },
    { algorithm: "two-level" },
    { algorithm: "scatter-ring", minBytes: 256 * 1024, minRanks: 4 },
    { algorithm: "binomial" },
  ],
  scatter: [{ algorithm: "board" }, { algorithm: "direct" }],
  gather: [{ algorithm: "board" }, { algorithm: "direct" }],
  // In lists (Bruck) there are fewer messages for more copies.
  allgather: [
    { algorithm: "board" },
    { algorithm: "two-level" },
    { algorithm: "bruck", minRanks: 16 },
    { algorithm: "direct" },
  ],
  // Longer blocks are worth a message each, however many ranks there are.
  alltoall: [
    { algorithm: "board" },
    { algorithm: "two-level", maxBytes: 1024 },
    { algorithm: "bruck", minRanks: 16, maxBytes: 256 },
    { algorithm: "pairwise" },
  ],
  reduce: [
    { algorithm: "board" },
    { algorithm: "two-level" },
    { algorithm: "rabenseifner", ...long },
    { algorithm: "exchange", ...long },
    { algorithm: "binomial" },
    { algorithm: "gather" },
  ],
  // When the ranks are no power of two Rabenseifner's moves whole arrays first, which the ring avoids; but the ring
  // combines in no rank's order.
  allreduce: [
    { algorithm: "board" },
    { algorithm: "two-level" },
    { algorithm: "rabenseifner", ...long, powerOfTwo: true },
    { algorithm: "ring", ...long },
    { algorithm: "rabenseifner", ...long },
    { algorithm: "exchange", ...long },
    { algorithm: "recursive-doubling" },
    { algorithm: "gather" },
  ],
  reduceScatter: [
    { algorithm: "board" },
    { algorithm: "two-level" },
    { algorithm: "pairwise" },
    { algorithm: "exchange" },
  ],
  scan: scans,
  exscan: scans,
};

/** Whether an array of this length can be cut into a block for each rank; shorter ones are not worth it. */
export function hasBlocks(length: number, size: number): boolean {
  return size > 1 && length >= 2 * size;
}

/** A rule as `choose` wants it: the conditions on ranks have been checked. */
interface Candidate {
  readonly algorithm: string;
  readonly needs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
}

let given: Rules = {};
// By family, ranks and whether the job is crowded; most programs have few communicators.
let candidates = new Map<Family, Candidate[][]>();

/** Rules that come before the built-in ones; all ranks must be given the same. */
export function useRules(rules: Rules): void {
  given = rules;
  candidates = new Map();
}

// From the launcher, which has checked them.
if (process.env.TSMPI_RULES !== undefined) useRules(JSON.parse(process.env.TSMPI_RULES) as Rules);

/**
 * The algorithm for a call.
 * @param bytes of the array, or of the block of one rank in scatter, gather, allgather, alltoall and reduceScatter; 0
 *   for other values, and where not all ranks know
 * @param has bits of `Need` that the call meets
 */
export function choose<F extends Family>(
  family: F,
  { size, crowded }: { readonly size: number; readonly crowded: boolean },
  bytes: number,
  has: number,
): AlgorithmOf<F> {
  const list = candidatesFor(family, size, crowded);
  for (const { algorithm, needs, minBytes, maxBytes } of list) {
    if (bytes >= minBytes && bytes <= maxBytes && (needs & ~has) === 0) return algorithm as AlgorithmOf<F>;
  }
  throw new Error(`no algorithm for ${family}`);
}

/** For which families `choose` says `algorithm` whatever the call, so that it need not be asked. */
export function unconditional(
  algorithm: string,
  { size, crowded }: { readonly size: number; readonly crowded: boolean },
  has: number,
): Record<Family, boolean> {
  const families = Object.keys(builtIn) as Family[];
  return Object.fromEntries(
    families.map(family => {
      const [first] = candidatesFor(family, size, crowded);
      const free = first.minBytes === 0 && first.maxBytes === Number.POSITIVE_INFINITY;
      return [family, first.algorithm === algorithm && free && (first.needs & ~has) === 0];
    }),
  ) as Record<Family, boolean>;
}

function candidatesFor(family: Family, size: number, crowded: boolean): readonly Candidate[] {
  let known = candidates.get(family);
  if (known === undefined) candidates.set(family, (known = []));
  return (known[2 * size + Number(crowded)] ??= makeCandidates(family, size, crowded));
}

function makeCandidates(family: Family, size: number, isCrowded: boolean): Candidate[] {
  const isPowerOfTwo = (size & (size - 1)) === 0;
  return (joinRules(given, builtIn)[family] ?? [])
    .filter(
      ({
        minRanks = 0,
        maxRanks = Number.POSITIVE_INFINITY,
        crowded = isCrowded,
        powerOfTwo = isPowerOfTwo,
      }) => size >= minRanks && size <= maxRanks && crowded === isCrowded && powerOfTwo === isPowerOfTwo,
    )
    .map(({ algorithm, minBytes = 0, maxBytes = Number.POSITIVE_INFINITY }) => ({
      algorithm,
      needs: needsOf(family, algorithm)!,
      minBytes,
      maxBytes,
    }));
}
