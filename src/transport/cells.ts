/** The memory of one communicator's board: board-layout.ts says how it is laid out. */
import type { Dtype, TypedArray } from "../codec/dtype.ts";
import {
  BULKS,
  bulkOffset,
  CELL_BYTES,
  CELL_HEADER_BYTES,
  CELLS,
  CellDouble,
  Place,
  RANK_CELLS_BYTES,
} from "./board-layout.ts";
import { LINE } from "./layout.ts";

/** The view last made over a cell or bulk buffer; the next call is often like the one before. */
interface Kept {
  code: number;
  first: number;
  length: number;
  view: TypedArray;
}

export class Cells {
  /** Over the whole segment, as `doubles` is. */
  readonly words: Int32Array;
  readonly doubles: Float64Array;
  private readonly bulkBytes: number;
  private readonly segment: ArrayBufferLike;
  private readonly start: number;
  private readonly firstCell: number;
  private readonly ranks: number;
  private readonly kept: (Kept | undefined)[] = [];

  /** @param ranks of the largest communicator that the board has room for */
  constructor(segment: ArrayBufferLike, words: Int32Array, start: number, ranks: number, bulkBytes: number) {
    this.segment = segment;
    this.words = words;
    this.doubles = new Float64Array(segment);
    this.start = start;
    this.ranks = ranks;
    this.bulkBytes = bulkBytes;
    this.firstCell = (start + 2 * LINE) >> 2;
  }

  /** Word that holds the last turn of the communicator that had the slot before. */
  get lastTurnWord(): number {
    return this.start >> 2;
  }

  /** Word that says how many turns a rank has read. */
  readWord(rank: number): number {
    return (this.start + LINE + rank * RANK_CELLS_BYTES) >> 2;
  }

  /** First word of a rank's cell for a turn. */
  cellWord(rank: number, turn: number): number {
    return this.firstCell + rank * (RANK_CELLS_BYTES / 4) + (turn & (CELLS - 1)) * (CELL_BYTES / 4);
  }

  /** First double of the payload of a rank's cell for a turn. */
  payloadDouble(rank: number, turn: number): number {
    return (this.cellWord(rank, turn) >> 1) + CellDouble.payload;
  }

  /** Elements `first` to `first + length` of what lies in a cell or bulk buffer. Valid until the next call for it. */
  view(rank: number, turn: number, place: number, dtype: Dtype, first: number, length: number): TypedArray {
    const inCell = place === Place.cell;
    const index = rank * (CELLS + BULKS) + (inCell ? turn & (CELLS - 1) : CELLS + (turn & (BULKS - 1)));
    const kept = this.kept[index];
    if (kept !== undefined && kept.length === length && kept.first === first && kept.code === dtype.code) {
      return kept.view;
    }
    const payload = inCell
      ? this.cellWord(rank, turn) * 4 + CELL_HEADER_BYTES
      : this.start + bulkOffset(this.ranks, this.bulkBytes, rank) + (turn & (BULKS - 1)) * this.bulkBytes;
    const view = new dtype.create(this.segment, payload + first * dtype.bytes, length);
    this.kept[index] = { code: dtype.code, first, length, view };
    return view;
  }
}
