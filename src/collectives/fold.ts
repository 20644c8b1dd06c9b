/**
 * How p ranks become the largest power of two, `count`, for algorithms over pairs [Thakur, Rabenseifner, Gropp
 * 2005]: of the first 2 (p - count) ranks the even ones give their part to the next rank and get the result from
 * it. The others are numbered by `index` and stand for neighbours, so rank order stays.
 */
export interface Fold {
  readonly count: number;
  /** Number of ranks folded away; the ranks below twice this are in such a pair. */
  readonly pairs: number;
  /** Undefined where the rank is folded away. */
  readonly index: number | undefined;
}

export function foldOf(rank: number, size: number): Fold {
  const count = 2 ** (31 - Math.clz32(size));
  const pairs = size - count;
  if (rank >= 2 * pairs) return { count, pairs, index: rank - pairs };
  return { count, pairs, index: rank % 2 === 0 ? undefined : (rank - 1) / 2 };
}

export function rankOf(index: number, { pairs }: Fold): number {
  return index < pairs ? 2 * index + 1 : index + pairs;
}
