/** tsmpi/random: random numbers, bit for bit those of NumPy and R, in streams for parallel work. */
export { BitGenerator, type BitGeneratorState } from "./bit-generator.ts";
export type { ChoiceOptions } from "./choice.ts";
export type { Drawn, Floats } from "./draws.ts";
export { defaultRng, Generator } from "./generator.ts";
export type { IntegerArray, IntegerArrayOf, IntegerOptions, IntegerType } from "./integers.ts";
export { MRG32k3a } from "./mrg32k3a.ts";
export { MT19937, type Mt19937Core } from "./mt19937.ts";
export { PCG64, PCG64DXSM, type Pcg64Core } from "./pcg64.ts";
export { Philox, type PhiloxCore, type PhiloxState } from "./philox.ts";
export { RandomState, type RandomStateState } from "./random-state.ts";
export { type Entropy, type Seed, SeedSequence, type SeedSequenceOptions } from "./seed-sequence.ts";
export { SFC64, type Sfc64Core } from "./sfc64.ts";
export { Streams, streams } from "./streams.ts";
