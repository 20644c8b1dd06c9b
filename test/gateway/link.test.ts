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

/** Carries frames with a delay, for as long as it lives. */
class FlakyConnection implements Connection {
  backlog = 0;
  readonly under: Uint8Array[] = [];
  readonly events: ConnectionEvents;
  alive = true;

  constructor(events: ConnectionEvents) {
    this.events = events;
  }

  send(frame: Uint8Array): void {
    this.under.push(frame.slice());
  }

  close(): void {
    this.alive = false;
  }
}

class Side implements LinkOwner {
  readonly host: number;
  readonly came: number[] = [];
  readonly lostHosts: string[] = [];
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

  recycle(): void {}

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
          if (frame !== undefined && hostOf(frame) === which) other.link.take(frame);
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
      for (const side of sides) expect(side.came, `seed ${seed}`).to.deep.equal(expected);
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
