/** What becomes of a long array from another host when the memory of its receiver cannot be written. */
import { spawnSync } from "node:child_process";
import { expect } from "chai";
import { IncomingArrays } from "../../src/gateway/arrays.ts";
import { RecordKind } from "../../src/gateway/records.ts";
import { SegmentAccess } from "../../src/gateway/segment-access.ts";
import { writeHeader } from "../../src/job/segment-header.ts";
import { THREAD_BELLS_BYTES, ThreadBell, ThreadWaits } from "../../src/job/thread-waits.ts";
import { bulkBytesFor } from "../../src/transport/board-layout.ts";
import {
  distantRingBytesFor,
  Layout,
  type Places,
  Rank,
  ringBytesFor,
  Transfer,
  TransferState,
} from "../../src/transport/layout.ts";

const CHUNK = 4096;
const NUMBER = 5;

/** Rank 0 is here, and receives from rank 1. */
function receiver(pid: number) {
  const places: Places = { host: 0, hosts: 2, ofRank: Int32Array.of(0, 1) };
  const layout = new Layout(
    places,
    ringBytesFor(1),
    bulkBytesFor(1, 1),
    distantRingBytesFor(places, 2 ** 20),
  );
  const segment = new SharedArrayBuffer(layout.totalBytes);
  const words = new Int32Array(segment);
  writeHeader(words, layout, places, 2, false);
  words[layout.rankWord(0) + Rank.pid] = pid;
  const waits = new ThreadWaits(words, new Int32Array(new SharedArrayBuffer(THREAD_BELLS_BYTES)));
  const access = new SegmentAccess({ segment, waits, firstDoorbell: ThreadBell.rank });
  const told: number[] = [];
  const arrays = new IncomingArrays(access, kind => void told.push(kind));
  const state = layout.transferWord(1, NUMBER) + Transfer.state;
  const record = { source: 1, dest: 0, number: NUMBER, payload: new Uint8Array(0) };
  return {
    told,
    state: (): number => words[state],
    /** An array of three chunks is offered, and the rank wants it, at an address where it has no memory. */
    begin(): void {
      arrays.offer({ ...record, kind: RecordKind.offer, amount: 3 * CHUNK });
      words[state] = TransferState.open;
      arrays.look();
    },
    chunk(index: number): void {
      const payload = new Uint8Array(CHUNK);
      arrays.write({ ...record, kind: RecordKind.bytes, amount: index * CHUNK, payload });
    },
    look: (): boolean => arrays.look(),
    /** The rank has seen that it failed. */
    release: (): void => void (words[state] = TransferState.free),
  };
}

describe("a long array from another host", () => {
  it("should be dropped when its receiver has died, with all that is still on its way", () => {
    const { pid } = spawnSync(process.execPath, ["--version"]);
    const here = receiver(pid);
    here.begin();
    for (const index of [0, 1, 2]) here.chunk(index);
    expect(here.look()).to.equal(false);
    expect(here.told).to.deep.equal([RecordKind.open]);
  });

  it("should fail when its receiver's memory cannot be written, and make way for the next of its number", () => {
    const here = receiver(process.pid);
    here.begin();
    here.chunk(0);
    expect(here.state()).to.equal(TransferState.failed);
    here.chunk(1);
    here.release();
    // The sender's number may be that of another array already: it is not to be told of this one again.
    expect(here.look()).to.equal(false);
    here.chunk(2);
    expect(here.told).to.deep.equal([RecordKind.open, RecordKind.failure]);
    here.begin();
    expect(here.told).to.deep.equal([RecordKind.open, RecordKind.failure, RecordKind.open]);
    expect(() => here.chunk(1)).to.throw(RangeError, "that nobody has asked for");
    here.chunk(0);
    expect(here.state()).to.equal(TransferState.failed);
  });
});
