/** The report: one page that needs nothing else. */
import { formatFigure, formatRatio, unitTitle } from "./format.ts";
import { heatMap } from "./heat-map.ts";
import { BUSY, isBusy } from "./machine.ts";
import { type Operation, operationNamed } from "./operations.ts";
import { pageStyle } from "./page-style.ts";
import { plotStyle } from "./plot-style.ts";
import type { Means, Results, Row } from "./results.ts";
import { plotOf, plottable } from "./row-plots.ts";
import { element, escapeXml } from "./svg.ts";

const TILES: [name: string, title: string][] = [
  ["p2p", "point to point"],
  ["collectives", "collectives"],
  ["all", "all rows"],
];

function tiles(means: Record<string, Means>): string {
  const shown = TILES.flatMap(([name, title]) => {
    const mean = means[name];
    if (mean === undefined) return [];
    return [
      element(
        "div",
        { class: mean.ratio < 1 ? "tile below" : "tile" },
        `<b>${formatRatio(mean.ratio)}</b>${title}<br><span class="faint">${mean.rows} rows, least ${formatRatio(mean.least)}</span>`,
      ),
    ];
  });
  if (shown.length === 0) return "";
  return `<p>Geometric means of the time of the fastest C peer divided by that of tsmpi: above 1, tsmpi is faster.</p>
<div class="tiles">${shown.join("")}</div>`;
}

function plots(results: Results, names: readonly string[]): string {
  return `<div class="plots">${names.map(name => plotOf(results, name) ?? "").join("\n")}</div>`;
}

function tableRow(row: Row, operation: Operation, { contenders }: Results): string {
  const cells = contenders.map(({ key }) => {
    const found = row.contenders[key];
    if (found === undefined) {
      const reason = row.failures[key];
      return reason === undefined
        ? '<td>–</td><td class="ratio"></td>'
        : element("td", { class: "failed", colspan: 2, title: reason }, "failed");
    }
    const figure = formatFigure(operation, found.median, row.bytes);
    const ratio = row.ratios[key];
    const extra = ratio === undefined ? `±${(found.spread * 100).toFixed(0)} %` : formatRatio(ratio.ratio);
    return `<td>${figure}</td><td class="ratio">${extra}</td>`;
  });
  return `<tr><td>${escapeXml(row.label)}</td>${cells.join("")}</tr>`;
}

function tables(results: Results): string {
  const names = [...new Set(results.rows.map(({ operation }) => operation))];
  return names
    .map(name => {
      const operation = operationNamed(name);
      const head = results.contenders.map(({ title }) => `<th colspan="2">${escapeXml(title)}</th>`).join("");
      const rows = results.rows.filter(row => row.operation === name);
      const failures = rows.flatMap(row =>
        Object.entries(row.failures).map(
          ([key, reason]) => `<p class="failed">${escapeXml(`${row.label} ${key}: ${reason}`)}</p>`,
        ),
      );
      return `<h3>${escapeXml(name)}, ${unitTitle(operation)}</h3><p class="faint">${escapeXml(operation.meaning)}</p>
<div class="scroll"><table><thead><tr><th></th>${head}</tr></thead><tbody>
${rows.map(row => tableRow(row, operation, results)).join("\n")}
</tbody></table></div>${failures.join("")}`;
    })
    .join("\n");
}

function facts({ command, date, machine, contenders, left, rounds }: Results): string {
  const lines: [string, string][] = [
    ["command", command],
    ["date", date],
    ["rounds", String(rounds)],
    ...Object.entries(machine).map(([name, value]): [string, string] => [name, String(value)]),
    ...contenders.map(({ title, version }): [string, string] => [title, version]),
    ...left.map(({ name, reason }): [string, string] => [name, `left out: ${reason}`]),
  ];
  const rows = lines.map(
    ([name, value]) => `<tr><td>${escapeXml(name)}</td><td>${escapeXml(value)}</td></tr>`,
  );
  return `<div class="scroll"><table class="facts"><tbody>${rows.join("\n")}</tbody></table></div>`;
}

export function pageOf(results: Results): string {
  const names = plottable(results);
  const first = names.filter(name => ["latency", "bandwidth", "bibandwidth"].includes(name));
  const rest = names.filter(name => !first.includes(name));
  const heat = heatMap(results);
  const sections = [
    tiles(results.means),
    heat === "" ? "" : `<h2>The fastest C peer divided by tsmpi</h2>${heat}`,
    first.length === 0 ? "" : `<h2>Point to point</h2>${plots(results, first)}`,
    rest.length === 0 ? "" : `<h2>Collectives</h2>${plots(results, rest)}`,
    `<h2>Tables</h2><p>Medians; beside tsmpi's the spread (half the distance of the quartiles), beside the others' how
many times longer they take than tsmpi: the median of the ratios of batches that were measured one after the other.</p>`,
    tables(results),
    `<h2>Machine and run</h2>${facts(results)}`,
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>tsmpi bench, ${results.ranks} ranks</title>
<style>
${pageStyle}
${plotStyle}
</style>
</head>
<body>
<main>
<h1>tsmpi bench</h1>
<p class="faint">${results.ranks} ranks on ${escapeXml(String(results.machine.cpu))}, ${results.machine.cores} cores, ${results.date.slice(0, 10)}</p>
${isBusy(results.machine) ? `<p class="failed">${BUSY}</p>` : ""}
${sections.filter(section => section !== "").join("\n")}
</main>
</body>
</html>
`;
}
