/** A log-log plot of lines, each labelled at its end. Colours come from the style sheet, by the key of the series. */
import { logRange, logScale, logTicks, spreadLabels, tickLabel } from "./axes.ts";
import { formatBytes } from "./format.ts";
import { element, escapeXml, picture, text } from "./svg.ts";

export interface Point {
  bytes: number;
  value: number;
  /** Shown when the mouse rests on the point. */
  note: string;
}

export interface Series {
  key: string;
  title: string;
  points: Point[];
}

export interface PlotOptions {
  title: string;
  /** What the upward axis shows, with its unit. */
  axis: string;
  series: Series[];
  /** Markup put in first, such as a style sheet. */
  prelude?: string;
}

const WIDTH = 560;
const HEIGHT = 340;
const LEFT = 52;
const RIGHT = 112;
const TOP = 44;
const BOTTOM = 46;
const LABEL_HEIGHT = 15;
/** A size label is about so wide. */
const SIZE_WIDTH = 46;

export function linePlot({ title, axis, series, prelude = "" }: PlotOptions): string {
  const drawn = series.filter(({ points }) => points.length > 0);
  const points = drawn.flatMap(({ points: some }) => some);
  const [xLow, xHigh] = logRange(points.map(({ bytes }) => bytes));
  const [yLow, yHigh] = logRange(points.map(({ value }) => value));
  const right = WIDTH - RIGHT;
  const bottom = HEIGHT - BOTTOM;
  const x = logScale(xLow, xHigh, LEFT, right);
  const y = logScale(yLow, yHigh, bottom, TOP);

  const parts = [
    prelude,
    element("rect", { class: "ground", width: WIDTH, height: HEIGHT, rx: 6 }),
    text(title, { class: "title", x: 12, y: 22 }),
    text(axis, { class: "axis", x: 12, y: 37 }),
  ];
  for (const tick of logTicks(yLow, yHigh)) {
    parts.push(element("line", { class: "grid", x1: LEFT, x2: right, y1: y(tick), y2: y(tick) }));
    parts.push(text(tickLabel(tick), { class: "tick", x: LEFT - 6, y: y(tick) + 4, "text-anchor": "end" }));
  }
  let free = Number.NEGATIVE_INFINITY;
  for (const bytes of [...new Set(points.map(point => point.bytes))].toSorted((a, b) => a - b)) {
    parts.push(element("line", { class: "grid", x1: x(bytes), x2: x(bytes), y1: TOP, y2: bottom }));
    if (x(bytes) < free) continue;
    free = x(bytes) + SIZE_WIDTH;
    parts.push(
      text(formatBytes(bytes), { class: "tick", x: x(bytes), y: bottom + 17, "text-anchor": "middle" }),
    );
  }
  parts.push(text("size", { class: "axis", x: right, y: bottom + 34, "text-anchor": "end" }));

  const ends = drawn.map(({ points: some }) => some[some.length - 1]);
  const heights = spreadLabels(
    ends.map(({ value }) => y(value)),
    LABEL_HEIGHT,
    TOP,
    bottom,
  );
  // Ours last, so that it lies on top.
  for (const i of drawn.map((_, index) => index).toReversed()) {
    parts.push(drawSeries(drawn[i], x, y, right + 14, heights[i]));
  }
  return picture(WIDTH, HEIGHT, `${title}, ${axis}, by size`, ...parts);
}

function drawSeries(
  { key, title, points }: Series,
  x: (bytes: number) => number,
  y: (value: number) => number,
  labelX: number,
  labelY: number,
): string {
  const places = points.map(({ bytes, value }) => `${x(bytes).toFixed(1)},${y(value).toFixed(1)}`);
  const end = points[points.length - 1];
  return element(
    "g",
    { class: `series s-${key}` },
    element("polyline", { points: places.join(" ") }),
    ...points.map(({ bytes, value, note }) =>
      element(
        "circle",
        { cx: x(bytes), cy: y(value), r: 3.2 },
        element("title", {}, escapeXml(`${title}: ${note}`)),
      ),
    ),
    // A thin line to a label that had to move.
    element("path", {
      class: "leader",
      d: `M${(x(end.bytes) + 5).toFixed(1)} ${y(end.value).toFixed(1)} L${labelX - 3} ${labelY.toFixed(1)}`,
    }),
    text(title, { class: "label", x: labelX, y: labelY + 4 }),
  );
}
