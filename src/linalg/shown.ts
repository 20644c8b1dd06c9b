/** A matrix as console.log shows it: its rows below one another, in columns, as far as they are worth reading. */
import { inspect } from "node:util";
import type { Element } from "./types.ts";

/** What it needs of a Matrix. */
interface Elements {
  readonly rows: number;
  readonly columns: number;
  readonly dtype: string;
  at(row: number, column: number): Element;
}

const MOST_ROWS = 10;
const MOST_COLUMNS = 8;
const DIGITS = 6;

/** "Matrix(2 x 2 of float64)", and below it the elements, to six digits; of a large one those at its upper left. */
export function shown(matrix: Elements): string {
  const { rows, columns, dtype } = matrix;
  const [height, width] = [Math.min(rows, MOST_ROWS), Math.min(columns, MOST_COLUMNS)];
  const texts = Array.from({ length: height }, (_, i) =>
    Array.from({ length: width }, (_, j) => shownElement(matrix.at(i, j))),
  );
  const widths = Array.from({ length: width }, (_, j) => Math.max(...texts.map(row => row[j].length)));
  const end = width < columns ? "  ..." : "";
  const lines = texts.map(row => row.map((text, j) => text.padStart(widths[j])).join("  ") + end);
  if (height < rows) lines.push("...");
  return [`Matrix(${rows} x ${columns} of ${dtype})`, ...lines].join("\n  ");
}

function shownElement(element: Element): string {
  return typeof element === "number" ? inspect(Number(element.toPrecision(DIGITS))) : inspect(element);
}
