const HALF_LOG_2_PI = 0.9189385332046727;
const C1 = 1 / 12;
const C2 = 1 / 360;
const C3 = 1 / 1260;
const C4 = 1 / 1680;
const C5 = 1 / 1188;

/** log Γ(x) for x >= 8 by Stirling's series (Abramowitz and Stegun 6.1.41). */
function stirling(x: number): number {
  const inverse = 1 / x;
  const z = inverse * inverse;
  const series = inverse * (C1 - z * (C2 - z * (C3 - z * (C4 - z * C5))));
  return (x - 0.5) * Math.log(x) - x + HALF_LOG_2_PI + series;
}

/** log Γ(x) for x > 0; below 8 by Γ(x + 8) = x (x + 1) ... (x + 7) Γ(x). */
export function logGamma(x: number): number {
  if (x >= 8) return stirling(x);
  const product = x * (x + 1) * ((x + 2) * (x + 3)) * ((x + 4) * (x + 5)) * ((x + 6) * (x + 7));
  return stirling(x + 8) - Math.log(product);
}
