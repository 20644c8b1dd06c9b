/**
 * The worth of 300,000 European options by the formula of Black and Scholes, written as element-wise expressions: each
 * rank prices its share in one pass over its arrays, and only sums travel.
 */
import { max, sum, world } from "tsmpi";
import { erfc, evaluate, exp, expr, log, sqrt } from "tsmpi/linalg";

const OPTIONS = 300_000;
const RATE = 0.03;

// The share of this rank; what an option is like depends on its number only.
const first = Math.floor((OPTIONS * world.rank) / world.size);
const end = Math.floor((OPTIONS * (world.rank + 1)) / world.size);
const spread = (step: number, low: number, high: number) =>
  new Float64Array(end - first).map((_, index) => low + (high - low) * (((first + index) * step) % 1));
const spot = spread(0.618033988749895, 50, 150);
const strike = spread(0.414213562373095, 50, 150);
const years = spread(0.732050807568877, 0.1, 2);
const volatility = spread(0.23606797749979, 0.1, 0.5);

const width = sqrt(years).mul(volatility);
const d1 = log(expr`${spot} / ${strike}`).add(expr`(${RATE} + ${volatility} ** 2 / 2) * ${years}`).div(width);
const d2 = d1.sub(width);
const discounted = exp(expr`-${RATE} * ${years}`).mul(strike);
/** The standard normal distribution function. */
const normal = (x: typeof d1) => erfc(x.mul(-Math.SQRT1_2)).div(2);

const call = expr`${spot} * ${normal(d1)} - ${discounted} * ${normal(d2)}`;
const put = expr`${discounted} * ${normal(d2.neg())} - ${spot} * ${normal(d1.neg())}`;
// Whoever holds the call and owes the put has the share, and owes the strike.
const parity = expr`abs(${call} - ${put} - ${spot} + ${discounted})`;

const mine = await evaluate({
  calls: call.sum(),
  puts: put.sum(),
  dear: call.gt(put).sum(),
  parity: parity.max(),
});

const calls = await world.reduce(mine.calls, sum);
const puts = await world.reduce(mine.puts, sum);
const dear = await world.reduce(mine.dear, sum);
const worst = await world.reduce(mine.parity, max);
if (calls !== undefined && puts !== undefined) {
  console.log(`${OPTIONS} calls are worth ${calls.toFixed(4)}, the puts ${puts.toFixed(4)}`);
  console.log(`${dear} calls are worth more than their puts`);
  console.log(`Calls and puts differ by share less strike, to ${worst! < 1e-12 ? "1e-12" : worst}`);
}
