/** The binary digits of 2 / pi, for the reduction of any angle to a quadrant (Payne and Hanek, 1983). */

/** 2^bits arctan(1 / n), from its series. */
function arctanOfInverse(n: bigint, bits: bigint): bigint {
  let power = (1n << bits) / n;
  let sum = 0n;
  for (let k = 1n; power > 0n; k += 4n) {
    sum += power / k;
    power /= n * n;
    sum -= power / (k + 2n);
    power /= n * n;
  }
  return sum;
}

/** One word of zeros, then the first words after the binary point. */
export function twoOverPi(words: number): bigint[] {
  const bits = BigInt(64 * words);
  const guard = 64n;
  const precision = bits + guard;
  // Machin, 1706: pi / 4 = 4 arctan(1/5) - arctan(1/239)
  const quarter = 4n * arctanOfInverse(5n, precision) - arctanOfInverse(239n, precision);
  const digits = ((1n << (2n * precision - 1n)) / quarter) >> guard;
  return [
    0n,
    ...Array.from({ length: words }, (_, i) => BigInt.asUintN(64, digits >> BigInt(64 * (words - 1 - i)))),
  ];
}
