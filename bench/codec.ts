/**
 * The codec beside v8.serialize and JSON: `npx tsx bench/codec.ts`. Each figure is one encode and one decode; the
 * ratio says how many times longer the peer takes. JSON is left out where it cannot keep the value.
 * v8.deserialize returns typed arrays that lie over its input; ours have memory of their own, which is the copy
 * that makes it slower there.
 */

import v8 from "node:v8";
import Benchmark from "benchmark";
import { decodeValue } from "../src/codec/decode.ts";
import { encodedLength, encodeValue } from "../src/codec/encode.ts";

const record = (i: number) => ({ id: i, name: `alpha${i}`, value: i + 0.25, ok: true, tags: ["a", "b"] });

const cases: { name: string; value: unknown; json: boolean }[] = [
  {
    name: "small record",
    value: { id: 17, name: "alpha", value: 3.25, ok: true, tags: ["a", "b"] },
    json: true,
  },
  { name: "1000 integers", value: Array.from({ length: 1000 }, (_, i) => i * 1000), json: true },
  { name: "1000 doubles", value: Array.from({ length: 1000 }, (_, i) => i * 1.5), json: true },
  { name: "10,000-row table", value: Array.from({ length: 10_000 }, (_, i) => record(i)), json: true },
  {
    name: "Float64Array of 1 MiB in an object",
    value: { step: 3, x: new Float64Array(131_072) },
    json: false,
  },
  {
    name: "Map, Set and Date",
    value: {
      when: new Date(1e12),
      ids: new Set([1, 2, 3]),
      by: new Map([
        ["a", { n: 1 }],
        ["b", { n: 2 }],
      ]),
    },
    json: false,
  },
];

// As a message crosses: its chunks are copied to one place, from which the receiver decodes.
const wire = new Uint8Array(16 << 20);

function tsmpi(value: unknown): unknown {
  const chunks = encodeValue(value);
  let at = 0;
  for (const chunk of chunks) {
    wire.set(chunk, at);
    at += chunk.length;
  }
  return decodeValue(wire, 0, at);
}

const microseconds = (bench: Benchmark) => (bench.stats.mean * 1e6).toFixed(2).padStart(11);

console.log(
  `${"encode + decode, µs".padEnd(36)}${"bytes".padStart(10)}      tsmpi         v8       JSON   v8/tsmpi JSON/tsmpi`,
);
for (const { name, value, json } of cases) {
  const run = (work: () => unknown) => new Benchmark(work, { maxTime: 1, minSamples: 5 }).run();
  const own = run(() => tsmpi(value));
  const v8s = run(() => v8.deserialize(v8.serialize(value)));
  const text = json ? run(() => JSON.parse(JSON.stringify(value))) : undefined;
  const ratio = (bench: Benchmark) => (bench.stats.mean / own.stats.mean).toFixed(1).padStart(11);
  const bytes = String(encodedLength(encodeValue(value))).padStart(10);
  const times =
    microseconds(own) + microseconds(v8s) + (text === undefined ? "-".padStart(11) : microseconds(text));
  console.log(name.padEnd(36) + bytes + times + ratio(v8s) + (text === undefined ? "" : ratio(text)));
}
