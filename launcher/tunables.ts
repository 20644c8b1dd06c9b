/**
 * What a rank's C library should know. On AMD's Zen 3 and 4 `rep movsb` copies at 3 GB/s instead of 40 where the target
 * begins a few bytes further into its page than the source, as the memory of two fresh typed arrays often does; and
 * memmove of glibc uses it from 2 KiB on (https://sourceware.org/bugzilla/show_bug.cgi?id=30994). Its vector loops are
 * as fast as the best of the two for all sizes. bench/copies.ts shows both.
 */
const NAME = "glibc.cpu.x86_rep_movsb_threshold";

/** GLIBC_TUNABLES for ranks: what the user has set, and no `rep movsb` unless the user has said when. */
export function glibcTunables(set: string | undefined): string {
  if (set?.includes(NAME)) return set;
  const mine = `${NAME}=${2 ** 40}`;
  return set ? `${set}:${mine}` : mine;
}
