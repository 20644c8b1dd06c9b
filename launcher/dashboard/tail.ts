/** The last lines that each rank has printed. */
import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { stripVTControlCharacters } from "node:util";

/** Lines of a rank, and characters of a line; what is longer is cut. */
const KEPT = 50;
const LONGEST = 400;
/** Of a larger piece only the end is looked at. */
const PIECE = 64 * 1024;

const LINE_END = 10;

export interface Line {
  /** Counts up over all ranks. */
  number: number;
  rank: number;
  kind: "out" | "err";
  text: string;
}

export class Tail {
  private readonly lines: Line[][];
  private last = 0;

  constructor(ranks: number) {
    this.lines = Array.from({ length: ranks }, () => []);
  }

  follow(rank: number, kind: Line["kind"], stream: Readable): void {
    const decoder = new StringDecoder("utf8");
    let begun = "";
    stream.on("data", (bytes: Buffer) => {
      let text = begun + decoder.write(bytes.subarray(-PIECE));
      // The rest of a line whose beginning is too long to be kept.
      if (bytes.length > PIECE && bytes.indexOf(LINE_END) >= 0) text = text.slice(text.indexOf("\n") + 1);
      const lines = text.split("\n");
      begun = lines.pop()!.slice(-PIECE);
      for (const line of lines.slice(-KEPT)) this.add(rank, kind, line);
    });
    stream.on("end", () => {
      if (begun !== "") this.add(rank, kind, begun);
    });
  }

  /** Lines after that number, in the order printed. */
  since(number: number): Line[] {
    const found: Line[] = [];
    for (const ofRank of this.lines) {
      for (let i = ofRank.length - 1; i >= 0 && ofRank[i].number > number; i--) found.push(ofRank[i]);
    }
    return found.sort((a, b) => a.number - b.number);
  }

  private add(rank: number, kind: Line["kind"], line: string): void {
    // What a terminal would show: a bar is drawn over and over.
    const text = stripVTControlCharacters(line.replace(/\r$/, "").split("\r").pop()!).slice(0, LONGEST);
    const ofRank = this.lines[rank];
    ofRank.push({ number: ++this.last, rank, kind, text });
    if (ofRank.length > KEPT) ofRank.shift();
  }
}
