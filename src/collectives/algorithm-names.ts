/**
 * The names of all algorithms, by the families of operations that share them: `allreduce` stands for `allreduce` and
 * `allreduceInto`. Rules (rules.ts) speak of algorithms by these names, and each operation's file says which function has
 * which. The launcher reads this without loading the algorithms themselves.
 */

/** What an algorithm can ask of a call; a call has some of these bits, and an algorithm needs some. */
export const Need = {
  nothing: 0,
  /** An array with at least two elements for each rank, to be cut into blocks. */
  blocks: 1,
  /** An operator that commutes. */
  commuting: 2,
  /** An operator that combines partial results: one that is not reproducible. */
  partial: 4,
  /** Blocks of one length on all ranks. */
  equal: 8,
  /** The memory that the ranks of a host share: such algorithms are not among those of messages, but in `src/comm`. */
  host: 16,
  /** Ranks on several hosts, and several on some of them: such algorithms are in `two-level/`. */
  hosts: 32,
} as const;

const { nothing, blocks, commuting, partial, equal, host, hosts } = Need;
const scans = {
  board: host | partial,
  "two-level": hosts | partial,
  "recursive-doubling": partial,
  gather: nothing,
  chain: blocks | partial,
  exchange: blocks,
};

export const algorithms = {
  barrier: { board: host, counter: host, "two-level": hosts, dissemination: nothing },
  broadcast: { board: host, "two-level": hosts, binomial: nothing, "scatter-ring": blocks },
  scatter: { board: host, direct: nothing },
  gather: { board: host, direct: nothing },
  allgather: { board: host, "two-level": hosts, direct: nothing, bruck: nothing },
  alltoall: { board: host, "two-level": hosts | equal, pairwise: nothing, bruck: equal },
  reduce: {
    board: host | partial,
    "two-level": hosts | partial,
    binomial: partial,
    gather: nothing,
    rabenseifner: blocks | partial,
    exchange: blocks,
  },
  allreduce: {
    board: host | partial,
    "two-level": hosts | partial,
    "recursive-doubling": partial,
    gather: nothing,
    rabenseifner: blocks | partial,
    ring: blocks | commuting | partial,
    exchange: blocks,
  },
  reduceScatter: {
    board: host | partial,
    "two-level": hosts | partial,
    pairwise: partial,
    exchange: nothing,
  },
  scan: scans,
  exscan: scans,
} as const;

export type Family = keyof typeof algorithms;
export type AlgorithmOf<F extends Family> = keyof (typeof algorithms)[F];

export const families = Object.keys(algorithms) as Family[];

export function isFamily(name: string): name is Family {
  return Object.hasOwn(algorithms, name);
}

/** The bits of `Need` that an algorithm has; undefined when there is none of that name. */
export function needsOf(family: Family, algorithm: string): number | undefined {
  const known: Readonly<Record<string, number>> = algorithms[family];
  return Object.hasOwn(known, algorithm) ? known[algorithm] : undefined;
}
