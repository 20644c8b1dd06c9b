/**
 * A hash of what a value holds, however the engine keeps it, which `v8.serialize` would show. FNV-1a, 32 bits, G. Fowler,
 * L. C. Noll and K.-P. Vo, 1991. Of functions the text counts.
 */
export class Hash {
  private state = 0x811c9dc5;
  private readonly seen = new Map<object, number>();
  private readonly double = new Float64Array(1);

  static of(value: unknown): number {
    const hash = new Hash();
    hash.add(value);
    return hash.state >>> 0;
  }

  private add(value: unknown): void {
    this.text(typeof value);
    if (typeof value === "number") {
      // One NaN is as good as another.
      this.double[0] = Number.isNaN(value) ? Number.NaN : value;
      this.bytes(this.double);
    } else if (typeof value === "object" && value !== null) {
      this.object(value);
    } else {
      this.text(String(value));
    }
  }

  private object(value: object): void {
    const before = this.seen.get(value);
    if (before !== undefined) {
      this.text(`again ${before}`);
      return;
    }
    this.seen.set(value, this.seen.size);
    this.text(Object.prototype.toString.call(value));
    if (ArrayBuffer.isView(value)) this.bytes(value);
    else if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer)
      this.bytes(new Uint8Array(value));
    else if (value instanceof Date) this.add(value.getTime());
    else if (value instanceof RegExp || value instanceof Error) this.text(String(value));
    else if (value instanceof Map || value instanceof Set) for (const each of value) this.add(each);
    else {
      const entries = Object.entries(value);
      this.add(entries.length);
      for (const [key, each] of entries) {
        this.text(key);
        this.add(each);
      }
    }
  }

  private text(text: string): void {
    this.word(text.length);
    for (let i = 0; i < text.length; i++) this.word(text.charCodeAt(i));
  }

  private bytes({ buffer, byteOffset, byteLength }: ArrayBufferView): void {
    const bytes = new Uint8Array(buffer, byteOffset, byteLength);
    this.word(bytes.length);
    for (let i = 0; i < bytes.length; i++) this.word(bytes[i]);
  }

  private word(word: number): void {
    this.state = Math.imul(this.state ^ word, 0x01000193);
  }
}
