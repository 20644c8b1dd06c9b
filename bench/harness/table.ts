/** The aligned table on the terminal, row by row as they are measured. */
import { formatFigure, formatRatio, unitTitle } from "./format.ts";
import { type Operation, operationNamed } from "./operations.ts";
import type { Means, Row } from "./results.ts";

export interface Column {
  key: string;
  title: string;
  /** Whether it takes part in an operation at all. */
  does(operation: Operation): boolean;
}

const LABEL = 9;
const FIGURE = 11;
const SPREAD = 6;
const PEER = 19;
const BEST = 9;

export class Table {
  private readonly peers: readonly Column[];
  private readonly hasC: boolean;
  private shown: string | undefined;
  private columns: readonly Column[] = [];

  /** @param peers in the order of their columns; ours, which comes first, is not among them */
  constructor(peers: readonly Column[], hasC: boolean) {
    this.peers = peers;
    this.hasC = hasC;
  }

  /** The lines for one row, with a heading where a new operation begins. */
  lines(row: Row): string[] {
    const operation = operationNamed(row.operation);
    const lines: string[] = [];
    if (this.shown !== row.operation) {
      this.columns = this.peers.filter(peer => peer.does(operation));
      lines.push("", `${row.operation} (${unitTitle(operation)}): ${operation.meaning}`, this.heading());
      this.shown = row.operation;
    }
    lines.push(this.line(row, operation));
    for (const [key, reason] of Object.entries(row.failures)) lines.push(`  FAILED: ${key}: ${reason}`);
    return lines;
  }

  private heading(): string {
    const titles = this.columns.map(({ title }) => title.padStart(PEER)).join("");
    const best = this.hasC ? "best C".padStart(BEST) : "";
    return "".padEnd(LABEL) + "tsmpi".padStart(FIGURE) + "".padStart(SPREAD) + titles + best;
  }

  private line({ label, bytes, contenders, ratios, best, failures }: Row, operation: Operation): string {
    const ours = contenders.tsmpi;
    let text = label.padEnd(LABEL);
    if (ours === undefined) text += "failed".padStart(FIGURE + SPREAD);
    else {
      text += formatFigure(operation, ours.median, bytes).padStart(FIGURE);
      text += `±${(ours.spread * 100).toFixed(0)}%`.padStart(SPREAD);
    }
    for (const { key } of this.columns) {
      const peer = contenders[key];
      if (peer === undefined) text += (failures[key] === undefined ? "-" : "failed").padStart(PEER);
      else {
        const ratio = ratios[key] === undefined ? "" : `(${formatRatio(ratios[key].ratio)})`;
        text += `${formatFigure(operation, peer.median, bytes)} ${ratio.padStart(8)}`.padStart(PEER);
      }
    }
    if (this.hasC) text += (best === undefined ? "-" : formatRatio(best.ratio)).padStart(BEST);
    return text;
  }
}

/** Geometric means at the end. */
export function meanLines(means: Record<string, Means>): string[] {
  const names = Object.keys(means);
  if (names.length === 0) return [];
  const lines = names.map(name => {
    const { ratio, least, slowest, rows } = means[name];
    const figures = [ratio, least, slowest].map(figure => formatRatio(figure).padStart(9)).join("");
    return `${name.padEnd(16)}${figures}${String(rows).padStart(6)}`;
  });
  const title = "best C peer / tsmpi (higher is better), geometric means";
  const heading = `${"".padEnd(16)}${"mean".padStart(9)}${"least".padStart(9)}${"slowest".padStart(9)}${"rows".padStart(6)}`;
  return [
    "",
    title,
    heading,
    ...lines,
    "slowest: the mean by the clock of the slowest rank instead of rank 0's",
  ];
}
