/** tsmpi/random: random numbers, bit for bit those of NumPy and R, in streams for parallel work. */
export { BitGenerator, type BitGeneratorState } from "./bit-generator.ts";
export type { ChoiceOptions } from "./choice.ts";
export type { Drawn, Floats } from "./draws.ts";
export { defaultRng, Generator } from "./generator.ts";
export type { IntegerArray, IntegerArrayOf, IntegerOptions, IntegerType } from "./integers.ts";
export { MT19937 } from "./mt19937.ts";
export { PCG64, PCG64DXSM } from "./pcg64.ts";
export { Philox } from "./philox.ts";
export { type Entropy, type Seed, SeedSequence, type SeedSequenceOptions } from "./seed-sequence.ts";
export { SFC64 } from "./sfc64.ts";
export { Streams, streams } from "./streams.ts";
