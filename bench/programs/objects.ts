/** The values of the operation `objects`; those of peer.py are the same. */

const record = (i: number) => ({ id: i, name: `alpha${i}`, value: i + 0.25, ok: true, tags: ["a", "b"] });

const makers: Record<string, () => unknown> = {
  record: () => record(17),
  list: () => Array.from({ length: 1000 }, (_, i) => i + 0.5),
  table: () => Array.from({ length: 10_000 }, (_, i) => record(i)),
};

export function makeObject(name: string): unknown {
  return makers[name]();
}
