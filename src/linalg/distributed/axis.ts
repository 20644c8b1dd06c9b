/**
 * One dimension of a block-cyclic layout: index i is in block floor(i / block), and block b belongs to part
 * b % parts, where it follows block b - parts. These are numroc, indxg2p, indxg2l and indxl2g of ScaLAPACK's TOOLS with
 * source process 0.
 */
export class Axis {
  readonly size: number;
  readonly block: number;
  readonly parts: number;
  /** Number of blocks, the last of which may be short. */
  readonly blocks: number;

  constructor(size: number, block: number, parts: number) {
    this.size = size;
    this.block = block;
    this.parts = parts;
    this.blocks = Math.ceil(size / block);
  }

  /** Indices in block b. */
  widthOf(b: number): number {
    return Math.min(this.block, this.size - b * this.block);
  }

  /** The part that has index i. */
  ownerOf(i: number): number {
    return Math.floor(i / this.block) % this.parts;
  }

  /** Where index i lies in its part. */
  localOf(i: number): number {
    return this.startOf(Math.floor(i / this.block)) + (i % this.block);
  }

  /** Where block b begins in its part. */
  startOf(b: number): number {
    return Math.floor(b / this.parts) * this.block;
  }

  /** The index that lies at `local` in a part. */
  globalOf(part: number, local: number): number {
    const b = Math.floor(local / this.block) * this.parts + part;
    return b * this.block + (local % this.block);
  }

  /** How many indices a part has. */
  lengthOf(part: number): number {
    return this.before(part, this.blocks);
  }

  /** How many of a part's indices lie before block b. */
  before(part: number, b: number): number {
    const whole = Math.ceil((b - part) / this.parts);
    if (whole <= 0) return 0;
    const last = (whole - 1) * this.parts + part;
    return (whole - 1) * this.block + this.widthOf(last);
  }

  /** The blocks of a part, from block `from` on. */
  *blocksOf(part: number, from = 0): Generator<number, void, void> {
    const first = part + Math.max(0, Math.ceil((from - part) / this.parts)) * this.parts;
    for (let b = first; b < this.blocks; b += this.parts) yield b;
  }
}
