/** What programs/reproducible.ts must find, as the hexadecimal digits of a double: its first argument. */
import { referenceSum } from "../collectives/exact-reference.ts";

const element = (i: number): number =>
  Math.sin(i * 97 + 3) * 2 ** (((i * 7 + 15) % 23) - 11) * 10 ** ((i % 601) - 300);

export function exactSum(): string {
  const sum = Buffer.alloc(8);
  sum.writeDoubleBE(referenceSum(Float64Array.from({ length: 1_000_000 }, (_, i) => element(i))));
  return sum.toString("hex");
}
