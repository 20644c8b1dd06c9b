import { expect } from "chai";
import { logRange, logScale, logTicks, spreadLabels, tickLabel } from "../../bench/harness/axes.ts";
import { heatColours } from "../../bench/harness/heat-map.ts";
import { linePlot } from "../../bench/harness/plot.ts";
import { element, escapeXml, text } from "../../bench/harness/svg.ts";

/** Checks that tags nest and attributes are quoted. Returns how often each element occurs. */
function parse(markup: string): Map<string, number> {
  const open: string[] = [];
  const counts = new Map<string, number>();
  const rest = markup.replace(
    /<(\/?)([a-z]+)((?: [\w:-]+="[^"<>]*")*)(\/?)>/g,
    (_, end, name: string, __, empty) => {
      if (end === "/") expect(open.pop(), `</${name}>`).to.equal(name);
      else {
        counts.set(name, (counts.get(name) ?? 0) + 1);
        if (empty === "") open.push(name);
      }
      return "";
    },
  );
  expect(open).to.deep.equal([]);
  expect(rest).not.to.match(/[<>]|&(?!amp;|lt;|gt;|quot;)/);
  return counts;
}

describe("plots of the benchmark", () => {
  it("should write elements whose text and attributes are escaped", () => {
    expect(escapeXml(`<a & "b">`)).to.equal("&lt;a &amp; &quot;b&quot;&gt;");
    expect(element("g", { class: 'a"b', x: 1.23456, y: undefined })).to.equal(
      '<g class="a&quot;b" x="1.2"/>',
    );
    expect(text("a < b", { x: 0 })).to.equal('<text x="0">a &lt; b</text>');
    expect(() => element("g", { x: Number.NaN })).to.throw(RangeError);
  });

  it("should set ticks at round values", () => {
    expect(logTicks(1, 100)).to.deep.equal([1, 2, 5, 10, 20, 50, 100]);
    expect(logTicks(0.15, 1.2)).to.deep.equal([0.2, 0.5, 1]);
    expect(logTicks(0.1, 10_000)).to.deep.equal([0.1, 1, 10, 100, 1000, 10_000]);
    expect(logTicks(1e-3, 1e12).length).to.be.within(4, 9);
    expect([0.2, 50, 20_000, 3e6].map(tickLabel)).to.deep.equal(["0.2", "50", "20k", "3M"]);
  });

  it("should place values logarithmically", () => {
    const y = logScale(1, 100, 300, 100);
    expect([1, 10, 100].map(y)).to.deep.equal([300, 200, 100]);
    expect(() => logScale(5, 5, 0, 1)).to.throw(RangeError);
    const [low, high] = logRange([7]);
    expect(low).to.be.below(7);
    expect(high).to.be.above(7);
  });

  it("should move labels apart, and no further than needed", () => {
    expect(spreadLabels([10, 50], 15, 0, 100)).to.deep.equal([10, 50]);
    expect(spreadLabels([52, 50], 15, 0, 100)).to.deep.equal([65, 50]);
    const crowded = spreadLabels([99, 100, 98], 15, 0, 100).toSorted((a, b) => a - b);
    expect(crowded).to.deep.equal([70, 85, 100]);
  });

  it("should draw a well-formed plot with a line, points and a label for each series", () => {
    const series = ["tsmpi", "openmpi"].map((key, i) => ({
      key,
      title: `${key} <&>`,
      points: [8, 1024, 1 << 20].map(bytes => ({ bytes, value: (i + 1) * bytes ** 0.7, note: `"${bytes}"` })),
    }));
    const plot = linePlot({
      title: "latency",
      axis: "µs",
      series: [...series, { key: "ipc", title: "", points: [] }],
    });
    const counts = parse(plot);
    expect(counts.get("svg")).to.equal(1);
    expect(counts.get("polyline")).to.equal(2);
    expect(counts.get("circle")).to.equal(6);
    expect(plot).to.include(">1 KiB</text>");
    expect(plot).to.include("tsmpi &lt;&amp;&gt;</text>");
  });

  it("should draw a single point", () => {
    const points = [{ bytes: 8, value: 0.2, note: "" }];
    parse(linePlot({ title: "t", axis: "a", series: [{ key: "tsmpi", title: "tsmpi", points }] }));
  });

  it("should colour ratios by their distance from 1, readable on either side", () => {
    expect(heatColours(1).ink).to.equal("#1c2430");
    expect(heatColours(8)).to.deep.equal(heatColours(4));
    expect(heatColours(0.25).ink).to.equal("#fff");
    expect(heatColours(0.5).background).not.to.equal(heatColours(2).background);
  });
});
