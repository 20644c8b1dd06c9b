/** Plots of the measured rows. */
import { formatBytes, formatFigure, inUnit, unitTitle } from "./format.ts";
import { operationNamed } from "./operations.ts";
import { linePlot, type Series } from "./plot.ts";
import { plotStyle } from "./plot-style.ts";
import type { Results } from "./results.ts";

/** Operations with sizes that were measured, in order. */
export function plottable({ rows }: Results): string[] {
  return [...new Set(rows.filter(({ bytes }) => bytes !== undefined).map(({ operation }) => operation))];
}

/** One operation's figures by size, a line for each contender; undefined when there are none. */
export function plotOf(results: Results, name: string, prelude = ""): string | undefined {
  const operation = operationNamed(name);
  const rows = results.rows.filter(row => row.operation === name);
  const series: Series[] = results.contenders.map(({ key, title }) => ({
    key,
    title,
    points: rows.flatMap(({ bytes, contenders }) => {
      const found = contenders[key];
      if (bytes === undefined || found === undefined) return [];
      const figure = formatFigure(operation, found.median, bytes);
      const note = `${figure} ${unitTitle(operation)} at ${formatBytes(bytes)}`;
      return [{ bytes, value: inUnit(operation, found.median, bytes), note }];
    }),
  }));
  if (series.every(({ points }) => points.length === 0)) return undefined;
  const better = operation.unit === "MB/s" ? "higher is better" : "lower is better";
  return linePlot({
    title: `${name}, ${results.ranks} ranks`,
    axis: `${unitTitle(operation)}, ${better}`,
    series,
    prelude,
  });
}

/** The picture of --svg: latency, or the first operation that has sizes. */
export function standalonePlot(results: Results): string {
  const names = plottable(results);
  const chosen = names.includes("latency") ? "latency" : names[0];
  const plot = plotOf(results, chosen, `<style>${plotStyle}</style>`);
  if (plot === undefined)
    throw new Error(`nothing of ${chosen} could be measured, so there is nothing to draw`);
  return `${plot}\n`;
}
