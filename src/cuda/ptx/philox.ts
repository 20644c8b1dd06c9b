/**
 * Philox4x64-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011): each block of four words is a
 * function of its number, so that any thread can make any block.
 */
import { storeVectors } from "./element.ts";
import { f32, f64, Kernel } from "./kernel.ts";

export type PhiloxForm = "float64" | "float32" | "uint64";

const multipliers = ["0xD2E7470EE14C6C93", "0xCA5A826395121157"] as const;
const keySteps = ["0x9E3779B97F4A7C15", "0xBB67AE8584CAA73B"] as const;
const rounds = 10;

export function philoxName(form: PhiloxForm, vectors: boolean): string {
  return `philox_${form}${vectors ? "" : "_single"}`;
}

/** The words of block `counter`, in place. */
function encrypt(kernel: Kernel, counter: readonly string[], key: readonly string[]): string[] {
  let [a, b, c, d] = counter;
  let [first, second] = key;
  for (let round = 0; round < rounds; round++) {
    if (round > 0) {
      first = kernel.make("b64", "add.u64", first, keySteps[0]);
      second = kernel.make("b64", "add.u64", second, keySteps[1]);
    }
    const [highA, lowA] = ["hi", "lo"].map(half => kernel.make("b64", `mul.${half}.u64`, a, multipliers[0]));
    const [highC, lowC] = ["hi", "lo"].map(half => kernel.make("b64", `mul.${half}.u64`, c, multipliers[1]));
    const xor = (x: string, y: string): string => kernel.make("b64", "xor.b64", x, y);
    [a, b, c, d] = [xor(xor(highC, b), first), lowC, xor(xor(highA, d), second), lowA];
  }
  return [a, b, c, d];
}

/** counter + block: 256 bits, the lowest word first. */
function advanced(kernel: Kernel, counter: readonly string[], block: string): string[] {
  const words: string[] = [];
  let carry = block;
  for (const word of counter) {
    const sum = kernel.make("b64", "add.u64", word, carry);
    words.push(sum);
    const wrapped = kernel.make("pred", "setp.lt.u64", sum, word);
    carry = kernel.make("b64", "selp.b64", 1, 0, wrapped);
  }
  return words;
}

/** What NumPy makes of a word: 53 bits of it; or 24 of each half, the low one first. */
function elements(kernel: Kernel, form: PhiloxForm, word: string): string[] {
  if (form === "uint64") return [word];
  if (form === "float64") {
    const bits = kernel.make("b64", "shr.u64", word, 11);
    return [kernel.make("f64", "mul.rn.f64", kernel.make("f64", "cvt.rn.f64.u64", bits), f64(2 ** -53))];
  }
  const high = kernel.make("b64", "shr.u64", word, 32);
  return [word, high].map(half => {
    const bits = kernel.make("b32", "shr.u32", kernel.make("b32", "cvt.u32.u64", half), 8);
    return kernel.make("f32", "mul.rn.f32", kernel.make("f32", "cvt.rn.f32.u32", bits), f32(2 ** -24));
  });
}

/**
 * Fills elements from the stream of words that begins at word `skip` of block `counter`. Parameters: blocks to make,
 * number of elements, target, the four words of the counter, the two of the key, elements to skip. With `vectors` a
 * whole block is stored by vector instructions, for which its place must be a multiple of 16 bytes.
 */
export function philox(form: PhiloxForm, vectors: boolean): string {
  const kernel = new Kernel(philoxName(form, vectors));
  const blocks = kernel.parameter("blocks", "u64");
  const count = kernel.parameter("count", "u64");
  const target = kernel.parameter("target", "u64");
  const counter = [0, 1, 2, 3].map(i => kernel.parameter(`counter${i}`, "u64"));
  const key = [0, 1].map(i => kernel.parameter(`key${i}`, "u64"));
  const skip = kernel.parameter("skip", "u64");
  const bytes = form === "float32" ? 4 : 8;
  const type = form === "float32" ? "f32" : form === "float64" ? "f64" : "u64";
  kernel.stride(blocks, block => {
    const words = encrypt(kernel, advanced(kernel, counter, block), key);
    const made = words.flatMap(word => elements(kernel, form, word));
    // Before the first element the difference wraps round, and is far beyond the last one.
    const first = kernel.make("b64", "sub.u64", kernel.make("b64", "mul.lo.u64", block, made.length), skip);
    const address = kernel.at(target, first, bytes);
    const places = made.map((_, i) => kernel.make("b64", "add.u64", first, i));
    const [part, end] = [kernel.newLabel(), kernel.newLabel()];
    if (vectors) {
      for (const place of [places[0], places[made.length - 1]]) {
        const outside = kernel.make("pred", "setp.ge.u64", place, count);
        kernel.emit(`@${outside} bra ${part}`);
      }
      storeVectors(kernel, type, address, made);
      kernel.emit(`bra ${end}`);
    }
    kernel.label(part);
    for (const [i, value] of made.entries()) {
      const inside = kernel.make("pred", "setp.lt.u64", places[i], count);
      kernel.emit(`@${inside} st.global.${type} [${address}+${i * bytes}], ${value}`);
    }
    kernel.label(end);
  });
  return kernel.toString();
}
