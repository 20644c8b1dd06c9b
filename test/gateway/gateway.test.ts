import { expect } from "chai";
import { Gateway } from "../../src/gateway/gateway.ts";
import { LINK_HEADER, Link, type LinkOwner } from "../../src/gateway/link.ts";
import { SegmentAccess } from "../../src/gateway/segment-access.ts";
import type { Connection, ConnectionEvents, Wire, WireCard } from "../../src/gateway/wire.ts";
import { writeHeader } from "../../src/job/segment-header.ts";
import { THREAD_BELLS_BYTES, ThreadBell, ThreadWaits } from "../../src/job/thread-waits.ts";
import { bulkBytesFor } from "../../src/transport/board-layout.ts";
import { distantRingBytesFor, Layout, type Places, ringBytesFor } from "../../src/transport/layout.ts";
import { sleep, until } from "../launcher/helpers.ts";

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
    return { connect, poll: () => false } as Partial<Wire> as Wire;
  }
}

/** The first frames that another host sends to this one: one that says nothing, and one with no records. */
async function framesOf(host: number): Promise<Uint8Array[]> {
  const other = new OpenWire();
  const owner: LinkOwner = { host, received() {}, roomy() {}, lost() {}, recycle() {} };
  const link = new Link(0, other.wire, CARD, owner, WINDOW, Number.POSITIVE_INFINITY);
  await Promise.resolve();
  link.send(new Uint8Array(LINK_HEADER));
  link.close();
  return other.frames;
}

describe("a gateway", () => {
  function gateway(wire: Wire, hosts = 2): Gateway {
    const places: Places = { host: 0, hosts, ofRank: Int32Array.from({ length: hosts }, (_, host) => host) };
    const layout = new Layout(
      places,
      ringBytesFor(1),
      bulkBytesFor(1, 1),
      distantRingBytesFor(places, 2 ** 20),
    );
    const segment = new SharedArrayBuffer(layout.totalBytes);
    writeHeader(new Int32Array(segment), layout, places, hosts, false);
    const bells = new Int32Array(new SharedArrayBuffer(THREAD_BELLS_BYTES));
    const waits = new ThreadWaits(new Int32Array(segment), bells);
    const access = new SegmentAccess({ segment, waits, firstDoorbell: ThreadBell.rank });
    const options = { window: WINDOW, timeout: Number.POSITIVE_INFINITY, patience: 0 };
    const cards = new Array<WireCard>(hosts).fill(CARD);
    return new Gateway(access, wire, cards, options, { lost() {}, finished() {} });
  }

  it("should open a connection to a host of which a frame comes, and close it at the end", async () => {
    const open = new OpenWire();
    const here = gateway(open.wire);
    const [frame] = await framesOf(1);
    expect(frame.length).to.be.at.least(LINK_HEADER);
    here.frame(frame);
    here.close();
    expect(open.connections).to.deep.equal([{ closed: true }]);
  });

  it("should open none when it is closed, and a frame comes that the wire had in hand", async () => {
    const open = new OpenWire();
    const here = gateway(open.wire);
    here.close();
    here.frame((await framesOf(1))[0]);
    expect(open.connections).to.deep.equal([]);
  });

  it("should say that it is alive while others talk to it all the time", async () => {
    const open = new OpenWire();
    const hosts = 9;
    const here = gateway(open.wire, hosts);
    const others = Array.from({ length: hosts - 1 }, (_, host) => host + 1);
    const frames = await Promise.all(others.map(async host => (await framesOf(host))[0]));
    let turn = 0;
    const talking = setInterval(() => here.frame(frames[turn++ % frames.length]), 15);
    // Each link says something when it opens, and then nothing for a second.
    const said = await until(() => open.frames.length > frames.length);
    clearInterval(talking);
    here.close();
    expect(said).to.equal(true);
  });

  it("should acknowledge a frame soon after a time of silence", async () => {
    const open = new OpenWire();
    const here = gateway(open.wire);
    const [header, first] = await framesOf(1);
    here.frame(header);
    // Of two timers the one that is due later never comes first: the next tick is one of an idle gateway, then.
    await sleep(60);
    const before = open.frames.length;
    here.frame(first);
    await sleep(250);
    here.close();
    expect(before).to.equal(1);
    expect(open.frames).to.have.length(2);
    // The number of the last frame that has come.
    expect(new DataView(open.frames[1].buffer).getFloat64(16, true)).to.equal(1);
  });
});
