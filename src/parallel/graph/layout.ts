/**
 * Places the nodes of a graph in layers, every node below its inputs: layers by the longest way from a beginning,
 * order within layers by the mean place of neighbours, after K. Sugiyama, S. Tagawa and M. Toda, "Methods for Visual
 * Understanding of Hierarchical System Structures" (1981).
 */
import type { Step } from "./plan.ts";

/** A point of a layer: a node, or where a long edge passes. */
interface Point {
  /** Undefined where an edge passes. */
  readonly step: number | undefined;
  readonly above: Point[];
  readonly below: Point[];
  place: number;
}

export interface Layout {
  /** Steps of each layer in their order; undefined where an edge passes. */
  readonly layers: readonly (readonly (number | undefined)[])[];
  /** Places along each edge, from input to consumer: layer and place within it. */
  readonly edges: readonly (readonly (readonly [layer: number, place: number])[])[];
}

const SWEEPS = 8;

export function layOut(steps: readonly Step[]): Layout {
  const depths: number[] = [];
  for (const { inputs } of steps) depths.push(1 + Math.max(-1, ...inputs.map(input => depths[input])));
  const layers: Point[][] = Array.from({ length: Math.max(-1, ...depths) + 1 }, () => []);
  const add = (layer: number, step: number | undefined): Point => {
    const point: Point = { step, above: [], below: [], place: layers[layer].length };
    layers[layer].push(point);
    return point;
  };
  const points = steps.map((_, step) => add(depths[step], step));
  const ways: Point[][] = [];
  for (const [step, { inputs }] of steps.entries()) {
    for (const input of inputs) {
      const way = [points[input]];
      for (let layer = depths[input] + 1; layer < depths[step]; layer++) way.push(add(layer, undefined));
      way.push(points[step]);
      for (let i = 1; i < way.length; i++) {
        way[i - 1].below.push(way[i]);
        way[i].above.push(way[i - 1]);
      }
      ways.push(way);
    }
  }
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const down = sweep % 2 === 0;
    for (const layer of down ? layers : [...layers].reverse()) {
      arrange(layer, point => (down ? point.above : point.below));
    }
  }
  const layerOf = new Map(layers.flatMap((layer, i) => layer.map(point => [point, i] as const)));
  return {
    layers: layers.map(layer => layer.map(({ step }) => step)),
    edges: ways.map(way => way.map(point => [layerOf.get(point)!, point.place] as const)),
  };
}

/** Orders a layer by the mean place of each point's neighbours in the one beside it; who has none stays. */
function arrange(layer: Point[], neighbours: (point: Point) => readonly Point[]): void {
  const means = new Map(
    layer.map(point => {
      const places = neighbours(point).map(({ place }) => place);
      const mean = places.reduce((left, right) => left + right, 0) / places.length;
      return [point, places.length === 0 ? point.place : mean] as const;
    }),
  );
  layer.sort((left, right) => means.get(left)! - means.get(right)! || left.place - right.place);
  for (const [place, point] of layer.entries()) point.place = place;
}
