/** Number of single-letter edits (insert, delete, replace, swap neighbours) from `a` to `b`. */
function edits(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    rows.push([i]);
    for (let j = 1; j <= b.length; j++) {
      let best = Math.min(
        rows[i - 1][j] + 1,
        rows[i][j - 1] + 1,
        rows[i - 1][j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1),
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, rows[i - 2][j - 2] + 1);
      }
      rows[i].push(best);
    }
  }
  return rows[a.length][b.length];
}

/** The name most like the one that was typed, when one is like enough to be what was meant. */
export function nearest(typed: string, names: readonly string[]): string | undefined {
  const bare = typed.replace(/^-+/, "").toLowerCase();
  let found: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const name of names) {
    const candidate = name.replace(/^-+/, "");
    // One letter is like any other letter: only long names are worth a guess.
    if (candidate.length < 3) continue;
    // The begin of a long name, perhaps misspelt too, is enough: --threds for --threads-per-rank.
    const begin = candidate.slice(0, bare.length);
    const distance = Math.min(edits(bare, candidate), bare.length >= 3 ? edits(bare, begin) + 0.5 : 99);
    if (distance < least && distance <= Math.max(1.5, Math.min(bare.length, candidate.length) / 3 + 0.5)) {
      least = distance;
      found = name;
    }
  }
  return found;
}
