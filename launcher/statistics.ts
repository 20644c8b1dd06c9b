/** The table of `tsmpirun --stats`. */
import type { Statistics } from "../src/transport/statistics.ts";

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
}

const HEADINGS = ["rank", "sent", "bytes", "received", "bytes", "collectives", "waited", "peak memory"];

/** @param counted of each rank; undefined: it has left nothing, for it was killed, or did not load the library */
export function statisticsLines(counted: readonly (Statistics | undefined)[]): string[] {
  const rows = counted.map((each, rank) => {
    if (each === undefined) return [String(rank), ...HEADINGS.slice(1).map(() => "-")];
    return [
      String(rank),
      String(each.messagesSent),
      bytesText(each.bytesSent),
      String(each.messagesReceived),
      bytesText(each.bytesReceived),
      String(each.collectives),
      `${(each.waited / 1000).toFixed(3)} s`,
      bytesText(each.peakMemory),
    ];
  });
  const table = [HEADINGS, ...rows];
  const widths = HEADINGS.map((_, column) => Math.max(...table.map(row => row[column].length)));
  return table.map(row => row.map((cell, column) => cell.padStart(widths[column])).join("  "));
}
