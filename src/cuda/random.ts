/** Random numbers made on the device, the same as those of `tsmpi/random`. */
import { describe } from "../describe.ts";
import { ArgumentError } from "../index.ts";
import { Philox } from "../random/index.ts";
import { type DeviceArray, requireDeviceArray } from "./array.ts";
import { vectorBytes } from "./ptx/groups.ts";
import { type PhiloxForm, philox, philoxName } from "./ptx/philox.ts";

/** Elements of each form in a 64-bit word. */
const perWord = { float64: 1, float32: 2, uint64: 1 } as const;

const wordsOfBlock = 4;
const counterMask = (1n << 256n) - 1n;

/**
 * Fills a dense array with what `generator` draws next, and leaves the generator behind it: bit for bit what
 * `new Generator(generator).random` gives for float32 and float64, evenly distributed in [0, 1), and `randomRaw` for
 * uint64. Does not wait.
 * @throws {ArgumentError} the array has another type or is a view with gaps; the generator is no Philox
 */
export function randomInto(target: DeviceArray, generator: Philox): void {
  requireDeviceArray("randomInto", "the target", target);
  const { device, dtype, size } = target;
  if (!(generator instanceof Philox)) {
    throw new ArgumentError(
      `randomInto: the generator must be a Philox of tsmpi/random, whose draws can be made apart; got ${describe(generator)}`,
    );
  }
  if (!(dtype in perWord) || !target.isDense) {
    throw new ArgumentError(
      `randomInto: ${target.toString()} must lie dense and be of ${Object.keys(perWord).join(", ")}`,
    );
  }
  const form = dtype as PhiloxForm;
  const to = target.writeAddress;
  if (size === 0) return;
  const { state, bufferPos, hasUint32, uinteger } = generator.state;
  // The half of a word that the last float32 left comes first, and may be of an older word than the last.
  const left = form === "float32" && hasUint32 === 1 ? 1 : 0;
  const count = size - left;
  const skip = bufferPos * perWord[form];
  const blocks = Math.ceil((skip + count) / (wordsOfBlock * perWord[form]));
  const [bytes, words] = [target.type.bytes, Math.ceil(count / perWord[form])];
  if (count > 0) {
    const first = to + left * bytes;
    // Where the first block would begin: the others are multiples of vectors away.
    const vectors = (first - skip * bytes) % vectorBytes === 0;
    const write = (): string => philox(form, vectors);
    device.modules.launch(philoxName(form, vectors), write, device.modules.blocksFor(blocks), [
      ["u64", blocks],
      ["u64", count],
      ["u64", first],
      ...[...state.counter, ...state.key].map(word => ["u64", word] as const),
      ["u64", skip],
    ]);
  }
  if (left === 1) {
    using flat = target.reshape([size]);
    using first = flat.slice([0, 1]);
    first.fill((uinteger >>> 8) * 2 ** -24);
  }
  pass(generator, words, form === "float32" ? (count % 2 === 1 ? "half" : "none") : "keep");
}

/** Brings the generator to where it had been, had it drawn so many words itself. */
function pass(generator: Philox, words: number, halves: "half" | "none" | "keep"): void {
  const before = generator.state;
  const drawn = before.bufferPos + words;
  // The block of the last word drawn, which makes the buffer; the words before it in that block are drawn again.
  const block = Math.max(0, Math.ceil(drawn / wordsOfBlock) - 1);
  const { counter, key } = before.state;
  const start = counter.reduceRight((sum, word) => (sum << 64n) | word, 0n) + BigInt(block) - 1n;
  const moved = new BigUint64Array(4).map((_, i) =>
    BigInt.asUintN(64, (start & counterMask) >> BigInt(64 * i)),
  );
  let last = 0n;
  if (words > 0) {
    generator.state = { ...before, state: { counter: moved, key }, bufferPos: wordsOfBlock };
    const again = generator.randomRaw(drawn - block * wordsOfBlock);
    last = BigInt(again[again.length - 1]);
  }
  if (halves === "keep") return;
  const uinteger = words > 0 ? Number(last >> 32n) : before.uinteger;
  generator.state = { ...generator.state, hasUint32: halves === "half" ? 1 : 0, uinteger };
}
