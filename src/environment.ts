/** Environment variables that take one of a few words. An empty one counts as none. */
import { ArgumentError } from "./errors.ts";

const words = {
  TSMPI_CROSS_COPY: ["on", "off"],
  TSMPI_DEVICE: ["cpu", "cuda", "auto"],
  TSMPI_KERNELS: ["typescript", "native"],
  TSMPI_MAP_MEMORY: ["on", "off"],
  TSMPI_NCCL: ["on", "off"],
  // Read by native/simd.cc.
  TSMPI_SIMD: ["avx512", "avx2", "baseline"],
  TSMPI_STREAM: ["on", "off"],
} as const;

export type Variable = keyof typeof words;
type Word<V extends Variable> = (typeof words)[V][number];

export const variables = Object.keys(words) as Variable[];

/**
 * What a variable says; undefined where it says nothing.
 * @throws {ArgumentError} none of its words
 */
export function wordOf<V extends Variable>(
  variable: V,
  said: string | undefined = process.env[variable],
): Word<V> | undefined {
  if (said === undefined || said === "") return undefined;
  const known: readonly string[] = words[variable];
  if (known.includes(said)) return said as Word<V>;
  const quoted = known.map(word => JSON.stringify(word));
  const choice = `${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1)}`;
  throw new ArgumentError(`${variable} must be ${choice}, but is ${JSON.stringify(said)}`);
}
