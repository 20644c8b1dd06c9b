/** How a value becomes the payload of a message, and a message's bytes a value again. */
import { decodeValue } from "../codec/decode.ts";
import { hasDetached } from "../codec/detached.ts";
import { bytesOf, dtypeOf, dtypes, type TypedArray, WINDOW_BYTES, windowOf } from "../codec/dtype.ts";
import { encodeValue } from "../codec/encode.ts";
import { MalformedFrameError } from "../errors.ts";
import { Kind } from "../transport/frame.ts";

export interface Payload {
  kind: number;
  chunks: Uint8Array[];
  total: number;
  /** Whether the chunks are the caller's memory, to be read before the send is done. */
  borrowed: boolean;
}

/** All bytes of an array, in as many views as that takes. */
function windowsOf(array: TypedArray): Uint8Array[] {
  if (array.byteLength <= WINDOW_BYTES) return [bytesOf(array)];
  const count = Math.ceil(array.byteLength / WINDOW_BYTES);
  return Array.from({ length: count }, (_, i) => windowOf(array, i * WINDOW_BYTES));
}

const numberScratch = new Float64Array(1);

/** The chunks of objects alias library memory that the next call reuses: copy or write them at once. */
export function payloadOf(value: unknown): Payload {
  if (typeof value === "number") {
    numberScratch[0] = value;
    return { kind: Kind.number, chunks: [bytesOf(numberScratch)], total: 8, borrowed: false };
  }
  const dtype = dtypeOf(value);
  // Detached memory is refused as it is anywhere in an object.
  if (dtype !== undefined && !hasDetached(value as TypedArray)) {
    const array = value as TypedArray;
    return { kind: dtype.code, chunks: windowsOf(array), total: array.byteLength, borrowed: true };
  }
  const chunks = encodeValue(value);
  let total = 0;
  for (const chunk of chunks) total += chunk.length;
  return { kind: Kind.encoded, chunks, total, borrowed: false };
}

/** The memory into which a message of a kind and length is gathered, and how it becomes a value. */
export class Holder {
  readonly kind: number;
  /** An array of the message's kind, or the bytes of another value. */
  readonly memory: TypedArray;

  constructor(kind: number, total: number) {
    this.kind = kind;
    const dtype = dtypes[kind];
    try {
      if (dtype === undefined) {
        this.memory = new Uint8Array(total);
      } else {
        this.memory = new dtype.create(total / dtype.bytes);
      }
    } catch (error) {
      throw new MalformedFrameError(`no memory for a message of ${total} bytes`, { cause: error });
    }
  }

  value(): unknown {
    const { memory } = this;
    if (dtypes[this.kind] !== undefined) return memory;
    if (this.kind === Kind.number) return new Float64Array(memory.buffer, memory.byteOffset, 1)[0];
    return decodeValue(memory as Uint8Array);
  }
}
