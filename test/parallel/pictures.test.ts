import { expect } from "chai";
import { delayed, toDot, toSvg } from "../../src/parallel/graph/index.ts";
import { layOut } from "../../src/parallel/graph/layout.ts";
import { Plan } from "../../src/parallel/graph/plan.ts";

const load = delayed((x: number) => x, { name: "load" });
const add = delayed((x: number, y: number) => x + y, { name: 'a < b & "c"' });
const long = delayed((x: number) => x, { name: "a name that is far too long for a small box" });

function graph(): { target: unknown; keys: string[] } {
  const loads = [0, 1, 2, 3].map(i => load(i));
  const sums = [add(loads[3], loads[0]), add(loads[1], loads[2])];
  const end = long(add(sums[0], loads[1]));
  const nodes = [...loads, ...sums, end.inputs[0], end];
  return { target: { end, sums }, keys: nodes.map(({ key }) => key) };
}

describe("parallel: pictures of graphs", () => {
  it("dot: every node and every edge, bold for those asked for", () => {
    const { target, keys } = graph();
    const text = toDot(target);
    expect(text.match(/^ {2}n\d+ \[/gm)).to.have.length(8);
    expect(text.match(/^ {2}n\d+ -> n\d+;$/gm)).to.have.length(7);
    for (const key of keys) expect(text).to.include(`tooltip=${JSON.stringify(key)}`);
    expect(text.match(/bold/g)).to.have.length(3);
    expect(text).to.include('label="a < b & \\"c\\""');
    expect(text).to.include('label="a name that is far too lo..."');
  });

  it("svg: the same, well formed", () => {
    const { target, keys } = graph();
    const text = toSvg(target);
    expect(text.match(/<rect /g)).to.have.length(8);
    expect(text.match(/marker-end|<path d="M [\d.]+ [\d.]+ C /g)).to.have.length(7 + 2);
    for (const key of keys) {
      const escaped = key.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
      expect(text).to.include(`<title>${escaped}</title>`);
    }
    expect(text.match(/stroke-width="2.5"/g)).to.have.length(3);
    const open: string[] = [];
    for (const [, end, name, empty] of text.matchAll(/<(\/?)(\w+)(?:\s[^<>]*?)?(\/?)>/g)) {
      if (end) expect(open.pop()).to.equal(name);
      else if (!empty) open.push(name);
    }
    expect(open).to.deep.equal([]);
    expect(text).to.not.match(/NaN|undefined|Infinity/);
    const [, width, height] = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(text)!.map(Number);
    for (const [, x, y, w] of text.matchAll(/<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)"/g)) {
      expect(Number(x) + Number(w)).to.be.at.most(width);
      expect(Number(y)).to.be.at.most(height);
    }
  });

  it("layers: inputs above, edges through every layer, no crossing where none is needed", () => {
    const pairs = [0, 1, 2, 3, 4, 5, 6, 7].map(i => load(i));
    // Joined the wrong way round, so that the order in which they were made would cross.
    const sums = [0, 1, 2, 3].map(i => add(pairs[i], pairs[7 - i]));
    const { steps } = new Plan(sums, () => false);
    const { layers, edges } = layOut(steps);
    expect(layers.map(layer => layer.length)).to.deep.equal([8, 4]);
    for (const one of edges) {
      expect(one.map(([layer]) => layer)).to.deep.equal([0, 1]);
      for (const other of edges) {
        const before = one[0][1] - other[0][1];
        const after = one[1][1] - other[1][1];
        expect(before * after).to.be.at.least(0);
      }
    }
    const chain = load(add(load(pairs[0] as never), pairs[0]) as never);
    const through = layOut(new Plan(chain, () => false).steps);
    expect(through.layers.map(layer => layer.length)).to.deep.equal([1, 2, 1, 1]);
    expect(through.edges.map(edge => edge.length).sort()).to.deep.equal([2, 2, 2, 3]);
  });

  it("nothing to draw", () => {
    expect(toDot([])).to.equal("digraph {\n  node [shape=box, style=rounded];\n}\n");
    expect(toSvg([])).to.not.match(/NaN|undefined|Infinity|<rect |"-/);
  });
});
