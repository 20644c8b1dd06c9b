/**
 * What two gateways tell each other. The body of a frame on a link is records, one behind the other; each has a header
 * of 32 bytes and a payload, rounded up to 8 bytes:
 *
 *     word 0      kind
 *     word 1, 2   world ranks: where a message comes from, where it goes
 *     word 3      a number
 *     word 4, 5   an amount, as a double
 *     word 6      bytes of payload
 */

export const RecordKind = {
  /** Lines of a ring, from line `number` on: whole frames. */
  lines: 1,
  /** The receiver has read a ring up to line `number`. */
  credit: 2,
  /** The lines that follow offer an array of `amount` bytes by record `number`; an amount of -1: not any more. */
  offer: 3,
  /** The receiver wants the array of record `number`. */
  open: 4,
  /** Bytes of that array, from byte `amount` on. */
  bytes: 5,
  /** The receiver has no use for record `number` any more. */
  release: 6,
  /** The array of record `number` cannot be copied. */
  failure: 7,
  /** The state of the source is now `number`; the payload is what it called last, as JSON. */
  state: 8,
} as const;

export const RECORD_BYTES = 32;

export interface GatewayRecord {
  kind: number;
  source: number;
  dest: number;
  number: number;
  amount: number;
  payload: Uint8Array;
}

export function recordBytes(payload: number): number {
  return RECORD_BYTES + ((payload + 7) & ~7);
}

export class RecordWriter {
  private readonly view: DataView;
  readonly bytes: Uint8Array;
  /** Where the next record will lie. */
  at: number;

  /** @param start bytes at the front that are not for records */
  constructor(bytes: Uint8Array, start: number) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.at = start;
  }

  get room(): number {
    return this.bytes.length - this.at - RECORD_BYTES;
  }

  /** Writes a header. Returns where its payload belongs. */
  add(kind: number, source: number, dest: number, number: number, amount: number, payload: number): number {
    const { view, at } = this;
    view.setInt32(at, kind, true);
    view.setInt32(at + 4, source, true);
    view.setInt32(at + 8, dest, true);
    view.setInt32(at + 12, number, true);
    view.setFloat64(at + 16, amount, true);
    view.setInt32(at + 24, payload, true);
    view.setInt32(at + 28, 0, true);
    this.at = at + recordBytes(payload);
    return at + RECORD_BYTES;
  }
}

/**
 * The records of a frame from byte `start` on. One object serves them all.
 * @throws {RangeError} when they do not fill it
 */
export function* readRecords(frame: Uint8Array, start: number): Generator<GatewayRecord, void, void> {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  const record = { kind: 0, source: 0, dest: 0, number: 0, amount: 0, payload: frame };
  for (let at = start; at < frame.length; ) {
    const payload = view.getInt32(at + 24, true);
    const next = at + recordBytes(payload);
    if (payload < 0 || next > frame.length) throw new RangeError(`a record of ${payload} bytes at ${at}`);
    record.kind = view.getInt32(at, true);
    record.source = view.getInt32(at + 4, true);
    record.dest = view.getInt32(at + 8, true);
    record.number = view.getInt32(at + 12, true);
    record.amount = view.getFloat64(at + 16, true);
    record.payload = frame.subarray(at + RECORD_BYTES, at + RECORD_BYTES + payload);
    yield record;
    at = next;
  }
}
