import { expect } from "chai";
import { Gateway } from "../../src/gateway/gateway.ts";
import { LINK_HEADER, Link, type LinkOwner } from "../../src/gateway/link.ts";
import { SegmentAccess } from "../../src/gateway/segment-access.ts";
import type { Connection, ConnectionEvents, Wire, WireCard } from "../../src/gateway/wire.ts";
import { writeHeader } from "../../src/job/segment-header.ts";
import { THREAD_BELLS_BYTES, ThreadBell, ThreadWaits } from "../../src/job/thread-waits.ts";
import { distantRingBytesFor, Layout, type Places, ringBytesFor } from "../../src/transport/layout.ts";

const CARD: WireCard = { endpoints: ["a:1"], publicKey: "" };
const WINDOW = 100_000;

/** Says of each connection that it is open, and keeps what is sent. */
class OpenWire {
  readonly connections: { closed: boolean }[] = [];
  readonly frames: Uint8Array[] = [];

  get wire(): Wire {
    const connect = (_endpoint: string, _card: WireCard, events: ConnectionEvents): Connection => {
      const state = { closed: false };
      this.connections.push(state);
      queueMicrotask(() => events.opened());
      return {
        backlog: 0,
        send: frame => void this.frames.push(frame.slice()),
        close: () => void (state.closed = true),
      };
    };
    return { connect } as Partial<Wire> as Wire;
  }
}

/** The first frame that host 1 sends to this one. */
async function frameOfHost1(): Promise<Uint8Array> {
  const other = new OpenWire();
  const owner: LinkOwner = { host: 1, received() {}, roomy() {}, lost() {}, recycle() {} };
  const link = new Link(0, other.wire, CARD, owner, WINDOW, Number.POSITIVE_INFINITY);
  await Promise.resolve();
  link.close();
  return other.frames[0];
}

describe("a gateway", () => {
  function gateway(wire: Wire): Gateway {
    const places: Places = { host: 0, hosts: 2, ofRank: Int32Array.of(0, 1) };
    const layout = new Layout(places, ringBytesFor(1), distantRingBytesFor(places, 2 ** 20));
    const segment = new SharedArrayBuffer(layout.totalBytes);
    writeHeader(new Int32Array(segment), layout, places, 2, false);
    const bells = new Int32Array(new SharedArrayBuffer(THREAD_BELLS_BYTES));
    const waits = new ThreadWaits(new Int32Array(segment), bells);
    const access = new SegmentAccess({ segment, waits, firstDoorbell: ThreadBell.rank });
    const options = { window: WINDOW, timeout: Number.POSITIVE_INFINITY, patience: 0 };
    return new Gateway(access, wire, [CARD, CARD], options, { lost() {}, finished() {} });
  }

  it("should open a connection to a host of which a frame comes, and close it at the end", async () => {
    const open = new OpenWire();
    const here = gateway(open.wire);
    const frame = await frameOfHost1();
    expect(frame.length).to.be.at.least(LINK_HEADER);
    here.frame(frame);
    here.close();
    expect(open.connections).to.deep.equal([{ closed: true }]);
  });

  it("should open none when it is closed, and a frame comes that the wire had in hand", async () => {
    const open = new OpenWire();
    const here = gateway(open.wire);
    here.close();
    here.frame(await frameOfHost1());
    expect(open.connections).to.deep.equal([]);
  });
});
