/** The ratios of all rows as coloured cells: operations down, sizes across. */
import { formatBytes, formatRatio } from "./format.ts";
import type { Results, Row } from "./results.ts";
import { element, escapeXml } from "./svg.ts";

/** Beyond four times either way, colours stay the same. */
const FULL = 4;

/** Background and ink for a ratio: from red below 1 over near white to blue above. Both fixed, so both themes can read it. */
export function heatColours(ratio: number): { background: string; ink: string } {
  const strength = Math.min(1, Math.abs(Math.log(ratio)) / Math.log(FULL));
  const [hue, chroma] = ratio < 1 ? [18, 78] : [212, 72];
  const lightness = 95 - 55 * strength;
  return {
    background: `hsl(${hue} ${chroma}% ${lightness.toFixed(0)}%)`,
    ink: lightness < 52 ? "#fff" : "#1c2430",
  };
}

function cell(row: Row | undefined): string {
  if (row === undefined) return element("td", { class: "empty" }, "");
  if (Object.keys(row.failures).length > 0 && row.best === undefined) {
    return element("td", { class: "failed" }, "failed");
  }
  if (row.best === undefined) return element("td", { class: "empty" }, "");
  const { background, ink } = heatColours(row.best.ratio);
  const title = `${row.operation} ${row.label}: ${formatRatio(row.best.ratio)} against ${row.best.contender}`;
  return element(
    "td",
    { style: `background:${background};color:${ink}`, title },
    formatRatio(row.best.ratio),
  );
}

/** Empty when nothing was compared with C. */
export function heatMap({ rows }: Results): string {
  const compared = rows.filter(({ best }) => best !== undefined);
  if (compared.length === 0) return "";
  const names = [...new Set(compared.map(({ operation }) => operation))];
  const sizes = [...new Set(compared.flatMap(({ bytes }) => (bytes === undefined ? [] : [bytes])))].toSorted(
    (a, b) => a - b,
  );
  const plain = compared.some(({ bytes }) => bytes === undefined);
  const columns: (number | undefined)[] = plain ? [undefined, ...sizes] : sizes;
  const head = columns.map(bytes => element("th", {}, bytes === undefined ? "no size" : formatBytes(bytes)));
  const body = names.map(name => {
    const cells = columns.map(bytes => cell(rows.find(row => row.operation === name && row.bytes === bytes)));
    return element("tr", {}, element("th", { scope: "row" }, escapeXml(name)), ...cells);
  });
  const gradient = [1 / FULL, 0.5, 1, 2, FULL].map(ratio => heatColours(ratio).background).join(",");
  return [
    '<div class="scroll">',
    element(
      "table",
      { class: "heat" },
      element("thead", {}, element("tr", {}, element("th", {}, ""), ...head)),
      element("tbody", {}, ...body),
    ),
    "</div>",
    `<div class="key">slower than C, ${FULL}x <i style="background:linear-gradient(90deg,${gradient})"></i> ${FULL}x faster</div>`,
  ].join("");
}
