/** What ranks of a host get of the link to another, when one of them has much more to send than its neighbour. */
import { expect } from "chai";
import { Gateway } from "../../src/gateway/gateway.ts";
import { LINK_HEADER, Link, type LinkOwner } from "../../src/gateway/link.ts";
import { Peer } from "../../src/gateway/peer.ts";
import { type GatewayRecord, RecordKind, RecordWriter, readRecords } from "../../src/gateway/records.ts";
import { SegmentAccess } from "../../src/gateway/segment-access.ts";
import { TcpWire } from "../../src/gateway/tcp-wire.ts";
import type { Connection, ConnectionEvents, Wire, WireCard } from "../../src/gateway/wire.ts";
import { ZeromqWire } from "../../src/gateway/zeromq-wire.ts";
import { writeHeader } from "../../src/job/segment-header.ts";
import { THREAD_BELLS_BYTES, ThreadBell, ThreadWaits } from "../../src/job/thread-waits.ts";
import { native } from "../../src/native.ts";
import { bulkBytesFor } from "../../src/transport/board-layout.ts";
import { HEADER_WORDS, Kind } from "../../src/transport/frame.ts";
import {
  distantRingBytesFor,
  Header,
  Layout,
  type Places,
  Rank,
  RankState,
  ringBytesFor,
  Transfer,
  TransferState,
} from "../../src/transport/layout.ts";
import { OutRing } from "../../src/transport/ring.ts";
import { until } from "../launcher/helpers.ts";

const MIB = 2 ** 20;
const CHUNK = 256 * 1024;
const RECORDS_FRAME = 128 * 1024;
/** Of rank 0, which has much, and of rank 1, which has little; the others are on the other host. */
const GREEDY = 0;
const MODEST = 1;
const LONG = 8 * MIB;
const MIDDLE = MIB;
const HERE = 2;
/** Only against hangs. */
const MOST_FRAMES = 100;
const LIMIT_MS = 50_000;

/** The segment of one of two hosts, whose ranks all are this process. */
class Host {
  readonly access: SegmentAccess;
  readonly words: Int32Array;
  private readonly rings = new Map<string, OutRing>();

  constructor(host: number, there: number) {
    const ofRank = Int32Array.from({ length: HERE + there }, (_, rank) => (rank < HERE ? 0 : 1));
    const places: Places = { host, hosts: 2, ofRank };
    const layout = new Layout(
      places,
      ringBytesFor(1),
      bulkBytesFor(1, 1),
      distantRingBytesFor(places, 256 * MIB),
    );
    const segment = new SharedArrayBuffer(layout.totalBytes);
    this.words = new Int32Array(segment);
    // As if it had cores to spare.
    writeHeader(this.words, layout, places, 64, false);
    const bells = new Int32Array(new SharedArrayBuffer(THREAD_BELLS_BYTES));
    const waits = new ThreadWaits(this.words, bells);
    // One doorbell for all ranks, which do not sleep, and then the gateway's.
    this.access = new SegmentAccess({ segment, waits, firstDoorbell: ThreadBell.gateway - layout.size });
    for (const rank of layout.ranks) this.words[layout.rankWord(rank) + Rank.pid] = process.pid;
  }

  /** As a rank does that writes to another for the first time. */
  connect(source: number, dest: number): OutRing {
    const { layout, segment } = this.access;
    const bit = layout.connectionOf(source, dest);
    const ring = new OutRing(segment, layout.ringStart(source, dest), layout.distantRingBytes);
    this.rings.set(`${source} ${dest}`, ring);
    Atomics.or(this.words, layout.connectionsWord + (bit >> 5), 1 << (bit & 31));
    Atomics.add(this.words, Header.connections, 1);
    return ring;
  }

  /** Writes messages of `bytes`, all in one frame, until there is no room. Returns how many. */
  write(source: number, dest: number, bytes: number, most = Number.POSITIVE_INFINITY): number {
    const ring = this.rings.get(`${source} ${dest}`)!;
    for (let count = 0; ; count++) {
      const at = count < most ? ring.reserve(bytes) : -1;
      if (at < 0) return count;
      this.header(ring, at, bytes, bytes);
      ring.publish(at, bytes, Kind.encoded);
    }
  }

  /** Offers an array of so many bytes, all of which lie in `memory`. */
  offer(source: number, dest: number, number: number, memory: Uint8Array): void {
    const { access, words } = this;
    const record = access.layout.transferWord(source, number);
    access.doubles[(record + Transfer.source) / 2] = native().addressOf(memory);
    Atomics.store(words, record + Transfer.state, TransferState.offered);
    const ring = this.rings.get(`${source} ${dest}`)!;
    const at = ring.reserve(4);
    this.header(ring, at, memory.length, 4);
    ring.words[at + HEADER_WORDS] = number;
    ring.publish(at, 4, Kind.encoded | Kind.offered);
  }

  private header(ring: OutRing, at: number, total: number, chunk: number): void {
    ring.words.fill(0, at + 1, at + HEADER_WORDS);
    ring.words[at + 4] = total;
    ring.words[at + HEADER_WORDS - 1] = chunk;
  }

  /** As a receiver does that has seen the offer of an array. */
  want(source: number, number: number, memory: Uint8Array): void {
    const { access, words } = this;
    const record = access.layout.transferWord(source, number);
    access.doubles[(record + Transfer.target) / 2] = native().addressOf(memory);
    Atomics.store(words, record + Transfer.state, TransferState.open);
  }

  stateOf(source: number, number: number): number {
    return Atomics.load(this.words, this.access.layout.transferWord(source, number) + Transfer.state);
  }

  /** What a rank does last that makes sure of its gateway's attention. */
  ring(): void {
    this.access.waits.ringDoorbell(this.access.doorbell);
  }
}

/** What of a record matters here. */
interface Passed {
  kind: number;
  source: number;
  dest: number;
  bytes: number;
}

function passedIn(frame: Uint8Array): Passed[] {
  return Array.from(readRecords(frame, LINK_HEADER), ({ kind, source, dest, payload }) => {
    return { kind, source, dest, bytes: payload.length };
  });
}

/** Bytes of each of the two ranks. */
function bytesOf(passed: readonly Passed[]): number[] {
  return [GREEDY, MODEST].map(rank =>
    passed.filter(({ source }) => source === rank).reduce((sum, { bytes }) => sum + bytes, 0),
  );
}

/** All that goes from host 0 to host 1, over a link that has room for a frame only when the last has been taken. */
class Narrow {
  readonly host: Host;
  private readonly peer: Peer;
  private readonly frames: Uint8Array[] = [];

  private constructor(there: number) {
    this.host = new Host(0, there);
    this.peer = new Peer(1, this.host.access, bytes => new Uint8Array(bytes));
  }

  static async open(there: number): Promise<Narrow> {
    const narrow = new Narrow(there);
    const { peer, frames } = narrow;
    const connection: Connection = {
      get backlog() {
        return frames.length * 2 * MIB;
      },
      send: frame => void frames.push(frame),
      close() {},
    };
    const wire = {
      connect(_endpoint: string, _card: WireCard, events: ConnectionEvents): Connection {
        queueMicrotask(() => events.opened());
        return connection;
      },
    } as Partial<Wire> as Wire;
    const owner: LinkOwner = { host: 0, received() {}, roomy() {}, lost() {}, recycle() {} };
    const card = { endpoints: ["a:1"], publicKey: "" };
    peer.link = new Link(1, wire, card, owner, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
    await Promise.resolve();
    // The greeting of the link.
    frames.length = 0;
    return narrow;
  }

  connect(source: number, dest: number): void {
    this.host.connect(source, dest);
    this.peer.connect(source, dest);
  }

  /** The next frame. The other host's ranks read at once what comes in rings. */
  next(): Passed[] {
    this.peer.send();
    const frame = this.frames.shift();
    expect(this.frames).to.deep.equal([]);
    if (frame === undefined) return [];
    for (const { kind, source, dest, number, payload } of readRecords(frame, LINK_HEADER)) {
      if (kind === RecordKind.lines)
        this.answer(RecordKind.credit, source, dest, number + payload.length / 64);
    }
    return passedIn(frame);
  }

  /** A record of the other host. */
  answer(kind: GatewayRecord["kind"], source: number, dest: number, number: number): void {
    const writer = new RecordWriter(new Uint8Array(64), 0);
    writer.add(kind, source, dest, number, 0, 0);
    this.peer.received(writer.bytes.subarray(0, writer.at), 0);
  }

  /** Offers `count` arrays to rank `dest`, and lets it want them all. */
  stream(source: number, dest: number, count: number, memory: Uint8Array): void {
    for (let number = 0; number < count; number++) this.host.offer(source, dest, number, memory);
    while (this.host.stateOf(source, count - 1) !== TransferState.seen) this.next();
    for (let number = 0; number < count; number++) this.answer(RecordKind.open, source, dest, number);
  }
}

describe("the link of two hosts, of which one rank has much", () => {
  it("should give ranks turns, not their long arrays", async () => {
    const link = await Narrow.open(2);
    link.connect(GREEDY, 2);
    link.connect(MODEST, 3);
    link.stream(GREEDY, 2, 40, new Uint8Array(LONG));
    link.stream(MODEST, 3, 1, new Uint8Array(MIDDLE));
    const passed: Passed[] = [];
    for (let frame = 0; frame < MOST_FRAMES && bytesOf(passed)[MODEST] < MIDDLE; frame++) {
      passed.push(...link.next());
    }
    expect(bytesOf(passed)[GREEDY]).to.be.within(MIDDLE - CHUNK, MIDDLE + CHUNK);
    // And there is more, which goes on.
    expect(link.next()).to.deep.equal([{ kind: RecordKind.bytes, source: GREEDY, dest: 2, bytes: CHUNK }]);
  });

  it("should give a rank's own arrays turns", async () => {
    const link = await Narrow.open(2);
    link.connect(GREEDY, 2);
    link.stream(GREEDY, 2, 3, new Uint8Array(3 * CHUNK));
    const passed: Passed[] = [];
    for (let frame = 0; frame < 7; frame++) passed.push(...link.next());
    // All three have come to their last chunk.
    expect(passed.map(({ bytes }) => bytes)).to.deep.equal(new Array(7).fill(CHUNK));
    const done = [0, 1, 2].map(number => {
      const record = link.host.access.layout.transferWord(GREEDY, number);
      return link.host.words[record + Transfer.done];
    });
    expect(done.filter(pieces => pieces > 0)).to.have.length(1);
  });

  for (const bytes of [1000, 20_000, 65_500]) {
    it(`should give ranks turns, not their rings (messages of ${bytes} bytes)`, async () => {
      const there = 9;
      const link = await Narrow.open(there);
      const dests = Array.from({ length: there - 1 }, (_, index) => HERE + index);
      for (const dest of dests) link.connect(GREEDY, dest);
      link.connect(MODEST, HERE + there - 1);
      const passed: Passed[] = [];
      for (let frame = 0; frame < MOST_FRAMES && bytesOf(passed)[MODEST] < MIB; frame++) {
        for (const dest of dests) link.host.write(GREEDY, dest, bytes);
        link.host.write(MODEST, HERE + there - 1, bytes);
        passed.push(...link.next());
      }
      const [greedy, modest] = bytesOf(passed);
      expect(greedy).to.be.within(modest - 2 * RECORDS_FRAME, modest + 2 * RECORDS_FRAME);
      // Its rings have turns among themselves.
      for (const dest of dests) {
        const its = passed.filter(record => record.source === GREEDY && record.dest === dest);
        expect(bytesOf(its)[GREEDY]).to.be.at.least(greedy / dests.length - RECORDS_FRAME);
      }
    });
  }

  it("should let through what is longer than the room that others leave in a frame", async () => {
    const link = await Narrow.open(9);
    const dests = Array.from({ length: 8 }, (_, index) => HERE + index);
    for (const dest of dests) link.connect(GREEDY, dest);
    link.connect(MODEST, 10);
    const passed: Passed[] = [];
    for (let frame = 0; frame < 20; frame++) {
      for (const dest of dests) link.host.write(GREEDY, dest, 20_000);
      link.host.write(MODEST, 10, 65_500);
      passed.push(...link.next());
    }
    expect(passed.filter(({ source }) => source === MODEST).length).to.be.at.least(10);
  });

  it("should let a short message pass long arrays", async () => {
    const link = await Narrow.open(2);
    link.connect(GREEDY, 2);
    link.connect(MODEST, 3);
    link.stream(GREEDY, 2, 40, new Uint8Array(LONG));
    for (let message = 0; message < 5; message++) {
      link.host.write(MODEST, 3, 8, 1);
      const passed = [...link.next(), ...link.next()];
      expect(passed.filter(({ source }) => source === MODEST)).to.have.length(1);
    }
  });

  it("should let a long array pass any number of short messages", async () => {
    const there = 8;
    const link = await Narrow.open(there);
    for (let dest = HERE; dest < HERE + there; dest++) link.connect(GREEDY, dest);
    link.connect(MODEST, 3);
    link.stream(MODEST, 3, 1, new Uint8Array(MIDDLE));
    let frames = 0;
    for (const passed: Passed[] = []; bytesOf(passed)[MODEST] < MIDDLE; frames++) {
      for (let dest = HERE; dest < HERE + there; dest++) link.host.write(GREEDY, dest, 1000);
      passed.push(...link.next());
      expect(frames).to.be.below(MOST_FRAMES);
    }
    expect(frames).to.be.at.most((2 * MIDDLE) / CHUNK + 1);
  });

  it("should let the end of a rank pass any number of short messages", async () => {
    const link = await Narrow.open(8);
    const dests = Array.from({ length: 8 }, (_, index) => HERE + index);
    for (const dest of dests) link.connect(GREEDY, dest);
    const { access, words } = link.host;
    const last = { text: "barrier on world".padEnd(300), context: -1, sequence: -1, signature: -1 };
    access.records.write(MODEST, last);
    words[access.layout.rankWord(MODEST) + Rank.state] = RankState.finished;
    access.endedRanks = [MODEST];
    const passed: Passed[] = [];
    for (let frame = 0; frame < 3; frame++) {
      for (const dest of dests) link.host.write(GREEDY, dest, 8);
      passed.push(...link.next());
    }
    expect(passed.filter(({ kind }) => kind === RecordKind.state).map(({ source }) => source)).to.deep.equal([
      MODEST,
    ]);
  });

  const wires: [name: string, make: () => Wire][] = [
    ["zeromq", () => new ZeromqWire()],
    ["tcp", () => new TcpWire()],
  ];
  for (const [name, make] of wires) {
    it(`should be fair from end to end, too (${name})`, async function () {
      this.timeout(4 * LIMIT_MS);
      const hosts = [new Host(0, 2), new Host(1, 2)];
      const ends = hosts.map(() => make());
      const gateways: Gateway[] = [];
      const passed: Passed[] = [];
      /** Of what had passed when rank 1 wrote something short, and when it came. */
      let writtenAt = -1;
      let cameAt = -1;
      const cards = await Promise.all(
        ends.map((wire, host) =>
          wire.listen(["127.0.0.1"], frame => {
            if (host === 1) note(passedIn(frame));
            gateways[host].frame(frame);
          }),
        ),
      );
      const chunksOf = (rank: number): number =>
        passed.filter(({ kind, source }) => kind === RecordKind.bytes && source === rank).length;
      const note = (records: Passed[]): void => {
        passed.push(...records);
        if (writtenAt < 0 && chunksOf(GREEDY) > 0) {
          hosts[0].write(MODEST, 3, 8, 1);
          writtenAt = chunksOf(GREEDY);
        } else if (cameAt < 0 && writtenAt >= 0) {
          const isIt = ({ kind, source }: Passed): boolean => kind === RecordKind.lines && source === MODEST;
          if (records.some(isIt)) cameAt = chunksOf(GREEDY);
        }
      };
      const window = MIB;
      for (const [host, wire] of ends.entries()) {
        wire.admit(cards);
        const options = { window, timeout: Number.POSITIVE_INFINITY };
        const events = { lost() {}, finished() {} };
        gateways.push(new Gateway(hosts[host].access, wire, cards, options, events));
      }
      hosts[0].connect(GREEDY, 2);
      hosts[0].connect(MODEST, 3);
      const memory = new Uint8Array(LONG);
      const count = 40;
      for (let number = 0; number < count; number++) hosts[0].offer(GREEDY, 2, number, memory);
      hosts[0].offer(MODEST, 3, 0, memory.subarray(0, MIDDLE));
      hosts[0].ring();
      await until(() => hosts[1].stateOf(MODEST, 0) === TransferState.offered, LIMIT_MS);
      await until(() => hosts[1].stateOf(GREEDY, count - 1) === TransferState.offered, LIMIT_MS);
      // Nothing comes in between: the other host hears of all of them at once.
      const target = new Uint8Array(LONG);
      for (let number = 0; number < count; number++) hosts[1].want(GREEDY, number, target);
      hosts[1].want(MODEST, 0, target);
      hosts[1].ring();
      await until(() => chunksOf(MODEST) === MIDDLE / CHUNK && cameAt >= 0, LIMIT_MS);
      const ofModest = (record: Passed): boolean =>
        record.kind === RecordKind.bytes && record.source === MODEST;
      const before = passed.slice(0, passed.findLastIndex(ofModest));
      for (const gateway of gateways) gateway.close();
      await Promise.all(ends.map(wire => wire.close()));
      const greedyBefore = before.filter(record => record.kind === RecordKind.bytes && !ofModest(record));
      expect(greedyBefore.length).to.be.within(MIDDLE / CHUNK - 1, MIDDLE / CHUNK + 1);
      expect(writtenAt).to.be.at.least(1);
      // All that was under way, and one turn.
      expect(cameAt - writtenAt).to.be.within(0, window / CHUNK + 2);
    });
  }
});
