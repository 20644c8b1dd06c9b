/** Pictures of graphs: as text for Graphviz's dot, and as SVG that any browser shows. */
import { layOut } from "./layout.ts";
import { Plan } from "./plan.ts";

const FONT_PX = 13;
/** Of a letter, about. */
const LETTER_PX = 7.5;
const NODE_HEIGHT = 28;
const LAYER_HEIGHT = 72;
const GAP = 24;
const MARGIN = 16;
const SHOWN_LETTERS = 28;

/** The graph of what `compute` would be given, in the language of Graphviz. Nodes asked for have a bold frame. */
export function toDot(target: unknown): string {
  const { steps, outputs } = planOf(target);
  const wanted = new Set(outputs);
  const lines = ["digraph {", "  node [shape=box, style=rounded];"];
  for (const [step, { node }] of steps.entries()) {
    const bold = wanted.has(step) ? ', style="rounded,bold"' : "";
    lines.push(
      `  n${step} [label=${JSON.stringify(shorten(node.name))}, tooltip=${JSON.stringify(node.key)}${bold}];`,
    );
  }
  for (const [step, { inputs }] of steps.entries()) {
    for (const input of inputs) lines.push(`  n${input} -> n${step};`);
  }
  return `${lines.join("\n")}\n}\n`;
}

/** The same as an SVG document, inputs above what wants them. Pointing at a node shows its key. */
export function toSvg(target: unknown): string {
  const { steps, outputs } = planOf(target);
  const { layers, edges } = layOut(steps);
  const wanted = new Set(outputs);
  const widthOf = (step: number | undefined): number =>
    step === undefined ? 0 : Math.max(40, shorten(steps[step].node.name).length * LETTER_PX + 16);
  const widths = layers.map(layer => layer.reduce((sum: number, step) => sum + widthOf(step) + GAP, -GAP));
  const width = Math.max(0, ...widths);
  // Middles of what stands in each layer, which is centred.
  const middles = layers.map((layer, i) => {
    let left = MARGIN + (width - widths[i]) / 2;
    return layer.map(step => {
      const middle = left + widthOf(step) / 2;
      left += widthOf(step) + GAP;
      return middle;
    });
  });
  const topOf = (layer: number): number => MARGIN + layer * LAYER_HEIGHT;

  const parts: string[] = [];
  for (const edge of edges) {
    const path = edge.map(([layer, place], i) => {
      const x = round(middles[layer][place]);
      const top = topOf(layer);
      if (i === 0) return `M ${x} ${top + NODE_HEIGHT}`;
      const [layerBefore, placeBefore] = edge[i - 1];
      const from = topOf(layerBefore) + NODE_HEIGHT;
      const half = (from + top) / 2;
      const curve = `C ${round(middles[layerBefore][placeBefore])} ${half} ${x} ${half} ${x} ${top}`;
      return i === edge.length - 1 ? curve : `${curve} V ${top + NODE_HEIGHT}`;
    });
    parts.push(`<path d="${path.join(" ")}"/>`);
  }
  for (const [i, layer] of layers.entries()) {
    for (const [place, step] of layer.entries()) {
      if (step === undefined) continue;
      const { node } = steps[step];
      const left = round(middles[i][place] - widthOf(step) / 2);
      const stroke = wanted.has(step) ? ' stroke-width="2.5"' : "";
      parts.push(
        `<g><title>${escaped(node.key)}</title>` +
          `<rect x="${left}" y="${topOf(i)}" width="${round(widthOf(step))}" height="${NODE_HEIGHT}" rx="6"${stroke}/>` +
          `<text x="${round(middles[i][place])}" y="${topOf(i) + NODE_HEIGHT / 2 + FONT_PX / 3}">` +
          `${escaped(shorten(node.name))}</text></g>`,
      );
    }
  }
  const size = [width + 2 * MARGIN, topOf(Math.max(1, layers.length) - 1) + NODE_HEIGHT + MARGIN].map(round);
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${size[0]}" height="${size[1]}" ` +
    `viewBox="0 0 ${size[0]} ${size[1]}" font-family="sans-serif" font-size="${FONT_PX}">\n` +
    '<defs><marker id="tip" markerWidth="8" markerHeight="8" refX="7" refY="4" orient="auto">' +
    '<path d="M 0 0 L 8 4 L 0 8 z"/></marker></defs>\n' +
    "<style>path{fill:none;stroke:#555;marker-end:url(#tip)}marker path{fill:#555;stroke:none;marker-end:none}" +
    "rect{fill:#f4f7fb;stroke:#345}text{text-anchor:middle;fill:#123}</style>\n" +
    `${parts.join("\n")}\n</svg>\n`
  );
}

function planOf(target: unknown): Plan {
  return new Plan(target, () => false);
}

function shorten(name: string): string {
  return name.length > SHOWN_LETTERS ? `${name.slice(0, SHOWN_LETTERS - 3)}...` : name;
}

function round(x: number): number {
  return Math.round(10 * x) / 10;
}

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
