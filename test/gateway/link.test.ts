/** A link over connections that lose what they carry, break, or fall silent. */
import { expect } from "chai";
import { hostOf, LINK_HEADER, Link, type LinkOwner } from "../../src/gateway/link.ts";
import type { Connection, ConnectionEvents, Wire, WireCard } from "../../src/gateway/wire.ts";

const CARD: WireCard = { endpoints: ["a:1"], publicKey: "" };
const WINDOW = 100_000;

/** Pseudo-random numbers below 1, alike in every run (Numerical Recipes, ranqd1). */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Carries frames with a delay, for as long as it lives, from where they lie. */
class FlakyConnection implements Connection {
  backlog = 0;
  readonly under: Uint8Array[] = [];
  readonly events: ConnectionEvents;
  alive = true;

  constructor(events: ConnectionEvents) {
    this.events = events;
  }

  send(frame: Uint8Array): void {
    this.under.push(frame);
  }

  close(): void {
    this.alive = false;
  }
}

class Side implements LinkOwner {
  readonly host: number;
  readonly came: number[] = [];
  readonly lostHosts: string[] = [];
  recycled = 0;
  connection: FlakyConnection | undefined;
  readonly old: FlakyConnection[] = [];
  readonly link: Link;

  constructor(host: number, timeout = 1e9) {
    this.host = host;
    const wire = {
      connect: (_endpoint: string, _card: WireCard, events: ConnectionEvents): Connection => {
        if (this.connection !== undefined) this.old.push(this.connection);
        this.connection = new FlakyConnection(events);
        return this.connection;
      },
    } as Partial<Wire> as Wire;
    this.link = new Link(1 - host, wire, CARD, this, WINDOW, timeout);
  }

  received(host: number, frame: Uint8Array, start: number): void {
    expect(host).to.equal(1 - this.host);
    this.came.push(new DataView(frame.buffer, frame.byteOffset).getFloat64(start));
  }

  roomy(): void {}

  lost(_host: number, sentence: string): void {
    this.lostHosts.push(sentence);
  }

  /** As if it were used again at once: nobody may read it any more. */
  recycle(frame: Uint8Array): void {
    frame.fill(0xee);
    this.recycled++;
  }

  send(value: number): void {
    const frame = new Uint8Array(LINK_HEADER + 8);
    new DataView(frame.buffer).setFloat64(LINK_HEADER, value);
    this.link.send(frame);
  }
}

describe("link", () => {
  const clock = performance.now.bind(performance);
  let now = 0;

  beforeEach(() => {
    performance.now = () => now;
  });

  afterEach(() => {
    performance.now = clock;
  });

  it("should deliver everything once and in order, whatever becomes of its connections", () => {
    for (let seed = 1; seed <= 30; seed++) {
      const next = random(seed);
      const sides = [new Side(0), new Side(1)];
      const total = 400;
      const sent = [0, 0];
      const finished = (): boolean => sides.every(({ came }) => came.length === total);
      for (let step = 0; step < 200_000 && !finished(); step++) {
        now += 7;
        const which = next() < 0.5 ? 0 : 1;
        const side = sides[which];
        const other = sides[1 - which];
        const connection = side.connection!;
        const what = next();
        if (what < 0.35 && side.link.room > 0 && sent[which] < total) {
          side.send(sent[which]++);
        } else if (what < 0.45 && connection.alive) {
          // Opens once; a second time changes nothing that matters.
          if (side.link.room === 0) connection.events.opened();
        } else if (what < 0.85) {
          // Also what an old connection was still carrying may arrive.
          const from =
            next() < 0.2 && side.old.length > 0 ? side.old[Math.floor(next() * side.old.length)] : connection;
          const frame = from.under.shift();
          if (frame === undefined) continue;
          expect(hostOf(frame), "a frame that was free again").to.equal(which);
          other.link.take(frame);
        } else if (what < 0.87 && connection.alive) {
          // Breaks, with part of what was under way.
          connection.under.length = Math.floor(connection.under.length * next());
          connection.alive = false;
          connection.events.closed("it broke");
        } else {
          side.link.tick(now);
        }
      }
      const expected = Array.from({ length: total }, (_, index) => index);
      for (const side of sides) {
        expect(side.came, `seed ${seed}`).to.deep.equal(expected);
        expect(side.recycled).to.be.within(1, total);
      }
    }
  });

  it("should replace a connection that carries nothing, and give up a host that stays silent", () => {
    const side = new Side(0, 20_000);
    const first = side.connection!;
    first.events.opened();
    side.send(1);
    const pass = (milliseconds: number): void => {
      for (const end = now + milliseconds; now < end; ) side.link.tick((now += 100));
    };
    pass(4000);
    expect(first.alive).to.equal(false);
    const second = side.connection!;
    expect(second).to.not.equal(first);
    second.events.opened();
    expect(second.under.some(frame => frame.length === LINK_HEADER + 8)).to.equal(true);
    pass(40_000);
    expect(side.lostHosts).to.have.length(1);
    expect(side.lostHosts[0]).to.equal(" (a:1: it did not answer)");
  });

  it("should get long frames across a network on which each takes longer than a connection may be silent", () => {
    const LONG = 256 * 1024;
    const frames = 16;
    /** Carries so many bytes a millisecond; what is on its way when it is closed is lost. */
    const speed = 62.5;
    const lines: { to: Link; queue: { frame: Uint8Array; left: number }[]; open: () => void; age: number }[] =
      [];
    let connections = 0;
    let came = 0;
    const sides: Link[] = [];
    for (const host of [0, 1]) {
      const connect = (_endpoint: string, _card: WireCard, events: ConnectionEvents): Connection => {
        const queue: { frame: Uint8Array; left: number }[] = [];
        connections++;
        lines[host] = { to: sides[1 - host], queue, open: events.opened, age: 0 };
        return {
          backlog: 0,
          send: frame => void queue.push({ frame: frame.slice(), left: frame.length }),
          close: () => void (queue.length = 0),
        };
      };
      const wire = { connect } as Partial<Wire> as Wire;
      const received = (): void => void came++;
      const owner: LinkOwner = { host, received, roomy() {}, lost() {}, recycle() {} };
      sides.push(new Link(1 - host, wire, CARD, owner, 8 * 1024 * 1024, 60_000));
    }
    lines[0].to = sides[1];
    lines[1].to = sides[0];
    let sent = 0;
    for (const end = now + 600_000; now < end && came < frames; ) {
      now += 20;
      for (const line of lines) {
        line.age += 20;
        if (line.age === 40) line.open();
        for (let budget = 20 * speed; budget > 0 && line.queue.length > 0; ) {
          const [first] = line.queue;
          const part = Math.min(budget, first.left);
          budget -= part;
          first.left -= part;
          if (first.left > 0) continue;
          line.queue.shift();
          line.to.take(first.frame);
        }
      }
      while (sent < frames && sides[0].room > 0) {
        sides[0].send(new Uint8Array(LINK_HEADER + LONG));
        sent++;
      }
      for (const side of sides) side.tick(now);
    }
    expect(came).to.equal(frames);
    // Two for the frames. More for the other way, whose echoes wait behind all of them.
    expect(connections).to.be.at.most(10);
  });

  it("should try the next endpoint where the system refuses to connect, and say so at last", () => {
    const tried: string[] = [];
    const lost: string[] = [];
    const card = { endpoints: ["[::1]:1", "a:2"], publicKey: "" };
    const connect = (endpoint: string): never => {
      tried.push(endpoint);
      throw new Error(`no socket for ${endpoint}`);
    };
    const wire = { connect } as Partial<Wire> as Wire;
    const owner: LinkOwner = {
      host: 0,
      received() {},
      roomy() {},
      lost: (_host, sentence) => void lost.push(sentence),
      recycle() {},
    };
    const link = new Link(1, wire, card, owner, WINDOW, 1000);
    for (const end = now + 2000; now < end; ) link.tick((now += 20));
    expect(tried.slice(0, 3)).to.deep.equal(["[::1]:1", "a:2", "[::1]:1"]);
    expect(lost).to.deep.equal([" ([::1]:1: no socket for [::1]:1; a:2: no socket for a:2)"]);
  });

  it("should stop at its window until it hears", () => {
    const side = new Side(0);
    expect(side.link.room, "not open yet").to.equal(0);
    side.connection!.events.opened();
    let sent = 0;
    while (side.link.room > 0) side.send(sent++);
    expect(sent).to.equal(Math.ceil(WINDOW / (LINK_HEADER + 8)));
  });

  it("should not take what is no frame for one", () => {
    expect(hostOf(new Uint8Array(10))).to.equal(-1);
    expect(hostOf(new Uint8Array(100))).to.equal(-1);
  });
});
