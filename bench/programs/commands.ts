/**
 * How the harness talks to what it measures; bench/peers/peer.c describes the lines. Every rank reads a fifo of its
 * own and blocks in the kernel meanwhile, so that it uses no core while another contender is measured.
 */
import { openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";

/** The commands for one rank, until the harness says quit or is gone. */
export function* commandsFor(rank: number, folder: string): Generator<string[]> {
  const fifo = openSync(join(folder, `rank-${rank}`), "r");
  if (rank === 0) answer("ready");
  const bytes = new Uint8Array(4096);
  let text = "";
  for (;;) {
    const end = text.indexOf("\n");
    if (end < 0) {
      const read = readSync(fifo, bytes);
      if (read === 0) return;
      text += Buffer.from(bytes.subarray(0, read)).toString("latin1");
      continue;
    }
    const words = text.slice(0, end).split(" ");
    text = text.slice(end + 1);
    if (words[0] === "quit") return;
    yield words;
  }
}

/** Only rank 0 answers. */
export function answer(line: string): void {
  writeSync(1, `${line}\n`);
}

/** Calls before the timed ones. */
export function warmUp(calls: number): number {
  return Math.max(1, Math.floor(calls / 10));
}
