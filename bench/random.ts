/**
 * Random numbers beside NumPy's, one core each: npx tsmpirun -n 1 bench/random.ts [--python PATH] [--only TEXT]
 *
 * Batches of both by turns; nanoseconds for one number, the fastest batch of each, and the median of the ratios of
 * neighbouring batches. Fills are of 10,000 numbers, into an array that is there where NumPy can do that.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { defaultRng, Generator, MT19937, PCG64DXSM, Philox, RandomState, SFC64 } from "tsmpi/random";

const { values } = parseArgs({
  options: { python: { type: "string", default: "python3" }, only: { type: "string", default: "" } },
});
const N = 10_000;
const ROUNDS = 21;
const BATCH_NANOSECONDS = 2e6;

const g = defaultRng(1);
const legacy = new RandomState(1);
const [twister, philox, sfc, dxsm] = [MT19937, Philox, SFC64, PCG64DXSM].map(
  Bits => new Generator(new Bits(1)),
);
const x = new Float64Array(N);
const x32 = new Float32Array(N);
const ints = new BigInt64Array(N);
const ints32 = new Int32Array(N);
const bytes = new Uint8Array(N);
const p = new Float64Array(1000).fill(1 / 1000);

/** What, how NumPy writes it, how it is written here, and how many numbers that draws. */
const rows: [string, string, () => unknown, number][] = [
  ["random", "g.random(out=x)", () => g.randomInto(x), N],
  ["random, single precision", "g.random(out=x32, dtype=np.float32)", () => g.randomInto(x32), N],
  ["uniform(2, 5)", "g.uniform(2, 5, n)", () => g.uniformInto(x, 2, 5), N],
  ["standardNormal", "g.standard_normal(out=x)", () => g.standardNormalInto(x), N],
  [
    "standardNormal, single",
    "g.standard_normal(out=x32, dtype=np.float32)",
    () => g.standardNormalInto(x32),
    N,
  ],
  ["normal(1, 2)", "g.normal(1, 2, n)", () => g.normalInto(x, 1, 2), N],
  ["standardExponential", "g.standard_exponential(out=x)", () => g.standardExponentialInto(x), N],
  [
    "standardExponential, single",
    "g.standard_exponential(out=x32, dtype=np.float32)",
    () => g.standardExponentialInto(x32),
    N,
  ],
  ["standardGamma(1)", "g.standard_gamma(1, out=x)", () => g.standardGammaInto(x, 1), N],
  ["standardGamma(2.5)", "g.standard_gamma(2.5, out=x)", () => g.standardGammaInto(x, 2.5), N],
  ["standardGamma(0.5)", "g.standard_gamma(0.5, out=x)", () => g.standardGammaInto(x, 0.5), N],
  ["gamma(2.5, 3)", "g.gamma(2.5, 3, n)", () => g.gammaInto(x, 2.5, 3), N],
  ["integers(1000), 64 bits", "g.integers(1000, size=n)", () => g.integersInto(ints, 0n, 1000n), N],
  [
    "integers(1000), 32 bits",
    "g.integers(1000, size=n, dtype=np.int32)",
    () => g.integersInto(ints32, 0, 1000),
    N,
  ],
  [
    "integers(100), 8 bits",
    "g.integers(100, size=n, dtype=np.uint8)",
    () => g.integersInto(bytes, 0, 100),
    N,
  ],
  ["integers(10^12)", "g.integers(10**12, size=n)", () => g.integersInto(ints, 0n, 10n ** 12n), N],
  ["poisson(3)", "g.poisson(3, n)", () => g.poissonInto(x, 3), N],
  ["poisson(100)", "g.poisson(100, n)", () => g.poissonInto(x, 100), N],
  ["binomial(20, 0.3)", "g.binomial(20, 0.3, n)", () => g.binomialInto(x, 20, 0.3), N],
  ["binomial(1000, 0.3)", "g.binomial(1000, 0.3, n)", () => g.binomialInto(x, 1000, 0.3), N],
  ["permutation(10^4)", "g.permutation(n)", () => g.permutation(N), N],
  ["shuffle", "g.shuffle(x)", () => g.shuffle(x), N],
  ["choiceInto, 10^6", "g.choice(10**6, n)", () => g.choiceInto(x, 1e6), N],
  ["choice(10^6, 10^4)", "g.choice(10**6, n)", () => g.choice(1e6, N), N],
  [
    "choice(10^6, 10^4), none twice",
    "g.choice(10**6, n, False)",
    () => g.choice(1e6, N, { replace: false }),
    N,
  ],
  [
    "choice(10^5, 10^4), none twice",
    "g.choice(10**5, n, False)",
    () => g.choice(1e5, N, { replace: false }),
    N,
  ],
  ["choice(1000, 10^4, p)", "g.choice(1000, n, p=p)", () => g.choice(1000, N, { p }), N],
  ["random, MT19937", "bits['MT19937'].random(out=x)", () => twister.randomInto(x), N],
  ["random, Philox", "bits['Philox'].random(out=x)", () => philox.randomInto(x), N],
  ["random, SFC64", "bits['SFC64'].random(out=x)", () => sfc.randomInto(x), N],
  ["random, PCG64DXSM", "bits['PCG64DXSM'].random(out=x)", () => dxsm.randomInto(x), N],
  ["standardNormal, SFC64", "bits['SFC64'].standard_normal(out=x)", () => sfc.standardNormalInto(x), N],
  ["RandomState.standardNormal", "legacy.standard_normal(n)", () => legacy.standardNormal(N), N],
  ["one random()", "g.random()", () => g.random(), 1],
  ["one standardNormal()", "g.standard_normal()", () => g.standardNormal(), 1],
  ["one standardGamma(2.5)", "g.standard_gamma(2.5)", () => g.standardGamma(2.5), 1],
  ["one integers(1000)", "g.integers(1000)", () => g.integers(1000), 1],
];

const peer = spawn(
  values.python,
  [fileURLToPath(new URL("peers/numpy-fills.py", import.meta.url)), String(N)],
  {
    stdio: ["pipe", "pipe", "inherit"],
  },
);
const lines = createInterface({ input: peer.stdout })[Symbol.asyncIterator]();
const answer = async () => (await lines.next()).value as string;

async function theirs(expression: string, calls: number): Promise<number> {
  peer.stdin.write(`${calls} ${expression}\n`);
  return Number(await answer());
}

function ours(draw: () => unknown, calls: number): number {
  const start = process.hrtime.bigint();
  for (let i = 0; i < calls; i++) draw();
  return Number(process.hrtime.bigint() - start) / calls;
}

const median = (list: number[]): number => list.toSorted((a, b) => a - b)[list.length >> 1];

console.log(`${"ns for one number".padEnd(34)}    here   NumPy ${await answer()}   ratio`);
for (const [name, expression, draw, numbers] of rows) {
  if (!name.includes(values.only)) continue;
  const fill = async (time: (calls: number) => number | Promise<number>) => {
    let calls = 1;
    for (let i = 0; i < 4; i++) calls = Math.max(1, Math.ceil(BATCH_NANOSECONDS / (await time(calls))));
    return calls;
  };
  const ourCalls = await fill(calls => ours(draw, calls));
  const theirCalls = await fill(calls => theirs(expression, calls));
  const rounds: [number, number][] = [];
  for (let i = 0; i < ROUNDS; i++) {
    rounds.push([ours(draw, ourCalls) / numbers, (await theirs(expression, theirCalls)) / numbers]);
  }
  const [here, there] = [0, 1].map(i => Math.min(...rounds.map(round => round[i])));
  const ratio = median(rounds.map(([a, b]) => b / a));
  console.log(
    `${name.padEnd(34)} ${here.toFixed(2).padStart(7)} ${there.toFixed(2).padStart(13)} ${ratio.toFixed(2).padStart(7)}`,
  );
}
peer.stdin.end();
