/** What is compared with NumPy: how NumPy writes it, and how it is written here. */
import {
  Generator,
  MT19937,
  PCG64,
  PCG64DXSM,
  Philox,
  RandomState,
  SeedSequence,
  SFC64,
} from "../../src/random/index.ts";

export type Values = ArrayLike<number | bigint>;

export interface Call<G> {
  numpy: string;
  ours(g: G, n: number): Values;
}

/** Expressions that share a generator, one after the other. */
export interface Session<G> {
  make: string;
  ours(): G;
  calls: Call<G>[];
}

const GENERATORS = { PCG64, PCG64DXSM, MT19937, Philox, SFC64 };

function call<G>(numpy: string, ours: (g: G, n: number) => Values): Call<G> {
  return { numpy, ours };
}

function times<T>(n: number, draw: (i: number) => T): T[] {
  return Array.from({ length: n }, (_, i) => draw(i));
}

const g = (numpy: string, ours: (g: Generator, n: number) => Values) => call<Generator>(numpy, ours);

/** Of each bit generator. The odd sizes leave half words behind, and blocks that are partly used. */
const draws: Call<Generator>[] = [
  g("g.random(n)", (g, n) => g.random(n)),
  g("[g.random() for _ in range(n)]", (g, n) => times(n, () => g.random())),
  g("g.random(n - 1, dtype=np.float32)", (g, n) => g.randomInto(new Float32Array(n - 1))),
  g("g.uniform(-3, 7.5, n)", (g, n) => g.uniform(-3, 7.5, n)),
  g("[g.uniform(2, 3) for _ in range(9)]", g => times(9, () => g.uniform(2, 3))),
  g("g.standard_normal(n)", (g, n) => g.standardNormal(n)),
  g("[g.standard_normal() for _ in range(n)]", (g, n) => times(n, () => g.standardNormal())),
  g("g.standard_normal(n, dtype=np.float32)", (g, n) => g.standardNormalInto(new Float32Array(n))),
  g("g.normal(-1, 2.5, n)", (g, n) => g.normal(-1, 2.5, n)),
  g("[g.normal(5, 2) for _ in range(9)]", g => times(9, () => g.normal(5, 2))),
  g("g.standard_exponential(n)", (g, n) => g.standardExponential(n)),
  g("[g.standard_exponential() for _ in range(n)]", (g, n) => times(n, () => g.standardExponential())),
  g("g.standard_exponential(n - 1, dtype=np.float32)", (g, n) =>
    g.standardExponentialInto(new Float32Array(n - 1)),
  ),
  g("g.exponential(4, n)", (g, n) => g.exponential(4, n)),
  ...[0, 0.3, 1, 1.5, 20].map(shape =>
    g(`g.standard_gamma(${shape}, n)`, (g, n) => g.standardGamma(shape, n)),
  ),
  ...[0.5, 1, 2.5].map(shape =>
    g(`g.standard_gamma(np.float32(${shape}), n, dtype=np.float32)`, (g, n) =>
      g.standardGammaInto(new Float32Array(n), shape),
    ),
  ),
  g("g.gamma(2, 3, n)", (g, n) => g.gamma(2, 3, n)),
  g("[g.gamma(0.7, 3) for _ in range(9)]", g => times(9, () => g.gamma(0.7, 3))),

  g("g.integers(10, size=n)", (g, n) => g.integers(10, undefined, n)),
  g("g.integers(-5, 2**32 - 5, n)", (g, n) => g.integers(-5, 2 ** 32 - 5, n)),
  g("g.integers(-5, 2**32, n)", (g, n) => g.integers(-5, 2 ** 32, n)),
  g("g.integers(-2**52, 2**52, n)", (g, n) => g.integers(-(2 ** 52), 2 ** 52, n)),
  g("[g.integers(i + 1, 3 * 10**9) for i in range(n)]", (g, n) => times(n, i => g.integers(i + 1, 3e9))),
  g("[g.integers(1, 6, endpoint=True) for _ in range(9)]", g =>
    times(9, () => g.integers(1, 6, undefined, { endpoint: true })),
  ),
  g("[g.integers(0, 2**40) for _ in range(9)]", g => times(9, () => g.integers(0, 2 ** 40))),
  g("g.integers(7, 8, n)", (g, n) => g.integers(7, 8, n)),
  ...(["int8", "int16", "int32"] as const).flatMap(dtype => {
    const half = 2 ** (Number(dtype.slice(3)) - 1);
    return [
      g(`g.integers(-5, ${half}, n - 1, dtype=np.${dtype})`, (g, n) =>
        g.integers(-5, half, n - 1, { dtype }),
      ),
      g(`g.integers(${-half}, ${half}, 9, dtype=np.${dtype})`, g => g.integers(-half, half, 9, { dtype })),
      g(`g.integers(0, ${2 * half - 1}, n, dtype=np.u${dtype}, endpoint=True)`, (g, n) =>
        g.integers(0, 2 * half - 1, n, { dtype: `u${dtype}`, endpoint: true }),
      ),
      g(`g.integers(3, 100, n, dtype=np.u${dtype})`, (g, n) => g.integers(3, 100, n, { dtype: `u${dtype}` })),
    ];
  }),
  g("g.integers(-2**63, 2**63, n)", (g, n) => g.integers(-(2n ** 63n), 2n ** 63n, n)),
  g("g.integers(-2**62, 2**62 + 5, n)", (g, n) => g.integers(-(2n ** 62n), 2n ** 62n + 5n, n)),
  g("g.integers(2**63, 2**63 + 9, n, dtype=np.uint64)", (g, n) =>
    g.integers(2n ** 63n, 2n ** 63n + 9n, n, { dtype: "uint64" }),
  ),
  g("np.frombuffer(g.bytes(n + 1), np.uint8)", (g, n) => g.bytes(n + 1)),

  ...[0, 0.5, 9.9, 10, 1234.5].map(mean => g(`g.poisson(${mean}, n)`, (g, n) => g.poisson(mean, n))),
  ...[
    [0, 0.5],
    [20, 0],
    [20, 0.3],
    [20, 0.9],
    [200, 0.4],
    [200, 0.6],
    [100000, 0.37],
    [5, 1],
  ].map(([trials, p]) => g(`g.binomial(${trials}, ${p}, n)`, (g, n) => g.binomial(trials, p, n))),
  ...[0.05, 0.5, 1].map(p => g(`g.geometric(${p}, n)`, (g, n) => g.geometric(p, n))),
  g("g.negative_binomial(4.5, 0.3, n)", (g, n) => g.negativeBinomial(4.5, 0.3, n)),
  g("g.beta(0.5, 0.7, n)", (g, n) => g.beta(0.5, 0.7, n)),
  g("g.beta(2, 0.7, n)", (g, n) => g.beta(2, 0.7, n)),
  g("g.chisquare(3, n)", (g, n) => g.chisquare(3, n)),
  g("g.f(3, 7, n)", (g, n) => g.f(3, 7, n)),
  g("g.lognormal(1, 0.5, n)", (g, n) => g.lognormal(1, 0.5, n)),
  g("g.laplace(1, 2, n)", (g, n) => g.laplace(1, 2, n)),
  g("g.gumbel(1, 2, n)", (g, n) => g.gumbel(1, 2, n)),
  g("g.logistic(1, 2, n)", (g, n) => g.logistic(1, 2, n)),
  g("g.weibull(1.5, n)", (g, n) => g.weibull(1.5, n)),
  g("g.pareto(3, n)", (g, n) => g.pareto(3, n)),
  g("g.power(3, n)", (g, n) => g.power(3, n)),
  g("g.rayleigh(2, n)", (g, n) => g.rayleigh(2, n)),
  g("g.standard_cauchy(n)", (g, n) => g.standardCauchy(n)),
  g("g.standard_t(4, n)", (g, n) => g.standardT(4, n)),
  g("g.triangular(-1, 0, 3, n)", (g, n) => g.triangular(-1, 0, 3, n)),

  g("g.permutation(n)", (g, n) => g.permutation(n)),
  g("g.permutation(np.arange(5.0, 25.0))", g => g.permutation(times(20, i => i + 5))),
  g("g.choice(7, n)", (g, n) => g.choice(7, n)),
  g("[g.choice(7) for _ in range(9)]", g => times(9, () => g.choice(7))),
  g("g.choice(n, n // 2, replace=False)", (g, n) => g.choice(n, n >> 1, { replace: false })),
  g("g.choice(10**6, n, replace=False)", (g, n) => g.choice(10 ** 6, n, { replace: false })),
  g("g.choice(10**6, n, replace=False, shuffle=False)", (g, n) =>
    g.choice(10 ** 6, n, { replace: false, shuffle: false }),
  ),
  g("g.choice(20000, 900, replace=False)", g => g.choice(20_000, 900, { replace: false })),
  g("g.choice(20000, 20000, replace=False)", g => g.choice(20_000, 20_000, { replace: false })),
  g("g.choice(4, n, p=[0.1, 0.2, 0.3, 0.4])", (g, n) => g.choice(4, n, { p: [0.1, 0.2, 0.3, 0.4] })),
  g("g.choice([5, 6, 7, 8], 3, replace=False, p=[0.1, 0, 0.5, 0.4])", g =>
    g.choice([5, 6, 7, 8], 3, { replace: false, p: [0.1, 0, 0.5, 0.4] }),
  ),
  g("g.bit_generator.random_raw(n)", (g, n) => g.bitGenerator.randomRaw(n)),
  g("g.random(3)", g => g.random(3)),
];

export const generatorSessions: Session<Generator>[] = Object.entries(GENERATORS).map(([name, Bits]) => ({
  make: `np.random.Generator(np.random.${name}(12345))`,
  ours: () => new Generator(new Bits(12345)),
  calls: draws,
}));

const s = (numpy: string, ours: (g: RandomState, n: number) => Values) => call<RandomState>(numpy, ours);

const legacyDraws: Call<RandomState>[] = [
  s("g.random_sample(n)", (g, n) => g.randomSample(n)),
  s("[g.random_sample() for _ in range(n)]", (g, n) => times(n, () => g.randomSample())),
  s("g.standard_normal(n + 1)", (g, n) => g.standardNormal(n + 1)),
  s("g.randn(n)", (g, n) => g.standardNormal(n)),
  s("[g.normal(1, 2) for _ in range(9)]", g => times(9, () => g.normal(1, 2))),
  s("g.normal(3, 2, n)", (g, n) => g.normal(3, 2, n)),
  s("g.uniform(-1, 4, n)", (g, n) => g.uniform(-1, 4, n)),
  s("g.standard_exponential(n)", (g, n) => g.standardExponential(n)),
  s("g.exponential(3, n)", (g, n) => g.exponential(3, n)),
  ...[0, 0.4, 1, 3].map(shape => s(`g.standard_gamma(${shape}, n)`, (g, n) => g.standardGamma(shape, n))),
  s("g.gamma(2.5, 3, n)", (g, n) => g.gamma(2.5, 3, n)),
  s("g.poisson(4, n)", (g, n) => g.poisson(4, n)),
  s("g.binomial(100, 0.4, n)", (g, n) => g.binomial(100, 0.4, n)),
  s("g.randint(10, size=n)", (g, n) => g.randint(10, undefined, n)),
  s("[g.randint(-3, 10**6) for _ in range(9)]", g => times(9, () => g.randint(-3, 10 ** 6))),
  s("g.randint(0, 2**40, n)", (g, n) => g.randint(0, 2 ** 40, n)),
  s("g.randint(0, 2**32, n)", (g, n) => g.randint(0, 2 ** 32, n)),
  s("g.randint(0, 100, n - 1, dtype=np.uint8)", (g, n) => g.randintInto(new Uint8Array(n - 1), 0, 100)),
  s("g.permutation(n)", (g, n) => g.permutation(n)),
  s("g.choice(9, n)", (g, n) => g.choice(9, n)),
  s("g.choice(n, n // 3, replace=False)", (g, n) => g.choice(n, Math.floor(n / 3), { replace: false })),
  s("g.choice(3, n, p=[0.2, 0.5, 0.3])", (g, n) => g.choice(3, n, { p: [0.2, 0.5, 0.3] })),
  s("g.choice(3, 3, replace=False, p=[0.2, 0.5, 0.3])", g =>
    g.choice(3, 3, { replace: false, p: [0.2, 0.5, 0.3] }),
  ),
  s("g.get_state()[1]", g => g.state.state.key),
  s("[g.get_state()[2], g.get_state()[3], g.get_state()[4]]", g => {
    const { state, hasGauss, gauss } = g.state;
    return [state.pos, hasGauss, gauss];
  }),
];

export const legacySessions: Session<RandomState>[] = [
  ["1", 1],
  ["2**32 - 1", 2 ** 32 - 1],
  ["[5, 6, 7]", [5, 6, 7]],
  ["np.arange(700)", times(700, i => i)],
].map(([numpy, seed]) => ({
  make: `np.random.RandomState(${numpy})`,
  ours: () => new RandomState(seed as number | number[]),
  calls: legacyDraws,
}));

const wordsOf = (state: bigint) => BigUint64Array.of(state & (2n ** 64n - 1n), state >> 64n);
const halves = "(lambda x: np.array([x % 2**64, x // 2**64], np.uint64))";

/** Seeds and states, each from nothing. */
const seeds: Call<undefined>[] = [
  ...(
    [
      ["0", 0],
      ["1", 1],
      ["2**31", 2 ** 31],
      ["2**32", 2 ** 32],
      ["2**53 - 1", 2 ** 53 - 1],
      ["2**100 + 7", 2n ** 100n + 7n],
      ["[1, 2, 3]", [1, 2, 3]],
      ["[0, 2**40, 5, 6, 7, 8]", [0, 2n ** 40n, 5, 6n, 7, 8]],
    ] as const
  ).map(([seed, entropy]) =>
    call<undefined>(`np.random.SeedSequence(${seed}).generate_state(n)`, (_, n) =>
      new SeedSequence(entropy).generateState(n),
    ),
  ),
  call("np.random.SeedSequence(5).generate_state(9, np.uint64)", () =>
    new SeedSequence(5).generateState(9, "uint64"),
  ),
  call("np.random.SeedSequence(5, pool_size=8).generate_state(n)", (_, n) =>
    new SeedSequence(5, { poolSize: 8 }).generateState(n),
  ),
  call("np.random.SeedSequence([1, 2, 3, 4, 5, 6], spawn_key=(7, 2**40)).generate_state(n)", (_, n) =>
    new SeedSequence([1, 2, 3, 4, 5, 6], { spawnKey: [7, 2n ** 40n] }).generateState(n),
  ),
  call("[x.generate_state(1)[0] for x in np.random.SeedSequence(5).spawn(3)[1].spawn(9)]", () =>
    new SeedSequence(5)
      .spawn(3)[1]
      .spawn(9)
      .map(child => child.generateState(1)[0]),
  ),
  ...(
    [
      ["PCG64", PCG64],
      ["PCG64DXSM", PCG64DXSM],
    ] as const
  ).flatMap(([name, Bits]) => [
    call<undefined>(`${halves}(np.random.${name}(3).state["state"]["state"])`, () =>
      wordsOf(new Bits(3).state.state.state),
    ),
    call<undefined>(`${halves}(np.random.${name}(3).state["state"]["inc"])`, () =>
      wordsOf(new Bits(3).state.state.inc),
    ),
    ...(
      [
        ["1", 1],
        ["12345", 12345],
        ["2**127 + 3", 2n ** 127n + 3n],
        ["-5", -5],
        ["2**130", 2n ** 130n],
      ] as const
    ).map(([text, delta]) =>
      call<undefined>(`np.random.${name}(3).advance(${text}).random_raw(5)`, () =>
        new Bits(3).advance(delta).randomRaw(5),
      ),
    ),
  ]),
  call("np.random.Philox(3).state['state']['key']", () => new Philox(3).state.state.key),
  ...(
    [
      ["1", 1],
      ["2**64 - 1", 2n ** 64n - 1n],
      ["2**200", 2n ** 200n],
      ["-1", -1],
    ] as const
  ).map(([text, delta]) =>
    call<undefined>(`np.random.Philox(3).advance(${text}).random_raw(9)`, () =>
      new Philox(3).advance(delta).randomRaw(9),
    ),
  ),
  call("np.random.SFC64(3).state['state']['state']", () => new SFC64(3).state.state.state),
  call("np.random.MT19937(3).state['state']['key']", () => new MT19937(3).state.state.key),
  ...(
    [
      ["PCG64", PCG64],
      ["PCG64DXSM", PCG64DXSM],
      ["Philox", Philox],
      ["MT19937", MT19937],
    ] as const
  ).flatMap(([name, Bits]) =>
    [1, 3].map(jumps =>
      call<undefined>(`np.random.${name}(3).jumped(${jumps}).random_raw(700)`, () =>
        new Bits(3).jumped(jumps).randomRaw(700),
      ),
    ),
  ),
  // From the middle of a block, and of a key.
  call("(lambda g: (g.random_raw(701), g.jumped().random_raw(700))[1])(np.random.MT19937(3))", () => {
    const bits = new MT19937(3);
    for (let i = 0; i < 701; i++) bits.next32();
    return bits.jumped().randomRaw(700);
  }),
];

export const seedSessions: Session<undefined>[] = [{ make: "None", ours: () => undefined, calls: seeds }];
