import { expect } from "chai";
import fc from "fast-check";
import { MalformedFrameError, TsmpiError } from "../../src/errors.ts";
import { type MatchRequest, RecvRequest } from "../../src/p2p/request.ts";
import { ANY, Scope } from "../../src/p2p/scope.ts";
import { Source, type SourceOwner } from "../../src/p2p/source.ts";
import { HEADER_WORDS, Kind } from "../../src/transport/frame.ts";
import { LINE } from "../../src/transport/layout.ts";
import { InRing, OutRing } from "../../src/transport/ring.ts";

const RING = 64 * 1024;
const RUNS = Number(process.env.FUZZ_RUNS ?? 1000);

class Owner implements SourceOwner {
  readonly anyPosted: MatchRequest<unknown>[] = [];
  nextStamp = (): number => 0;
  settled(request: MatchRequest<unknown>, value: unknown, error?: unknown): void {
    request.settle(value, error);
  }
  acknowledge(): void {}
  acknowledged(): void {}
  see = (): boolean => true;
  accept(): void {}
  refuse(): void {}
  wake(): void {}
}

function pair(): { out: OutRing; source: Source } {
  const segment = new ArrayBuffer(LINE + RING);
  return {
    out: new OutRing(segment, 0, RING),
    source: new Source(1, new InRing(segment, 0, RING), new Owner()),
  };
}

function receive(context: number, tag = ANY): RecvRequest {
  return new RecvRequest(new Scope("world", context >> 1, 0, 2), context, 1, tag, undefined, undefined);
}

describe("frames read from a ring", () => {
  it("should give a value or say that the frame is malformed, whatever the header and payload hold", () => {
    const word = fc.oneof(
      fc.integer(),
      fc.integer({ min: -2, max: 70 }),
      fc.constantFrom(0, 8, 9, 33, 0x121, -1),
    );
    const frame = fc.record({
      header: fc.array(word, { minLength: HEADER_WORDS, maxLength: HEADER_WORDS }),
      payload: fc.uint8Array({ maxLength: 300 }),
      honest: fc.boolean(),
    });
    let values = 0;
    let refused = 0;
    fc.assert(
      fc.property(fc.array(frame, { minLength: 1, maxLength: 3 }), frames => {
        const { out, source } = pair();
        for (const { header, payload, honest } of frames) {
          const at = out.reserve(payload.length);
          for (let i = 1; i < HEADER_WORDS; i++) out.words[at + i] = header[i];
          out.words[at + 2] = 0;
          if (honest) {
            out.words[at + 4] = payload.length;
            out.words[at + 5] = 0;
            out.words[at + 7] = payload.length;
          }
          out.write(at * 4 + HEADER_WORDS * 4, payload, 0, payload.length);
          out.publish(at, payload.length, header[0] === 0 ? 1 : header[0]);
        }
        const request = receive(0);
        try {
          source.poll(request);
          if (request.done) request.result();
          values++;
        } catch (error) {
          expect(error, String((error as Error).stack)).to.be.instanceOf(TsmpiError);
          refused++;
        }
      }),
      { numRuns: RUNS },
    );
    expect(values, "some frames are good").to.be.greaterThan(RUNS / 100);
    expect(refused, "some are not").to.be.greaterThan(RUNS / 100);
  });

  it("should refuse a message longer than memory without trying to make room for it", () => {
    const { out, source } = pair();
    const at = out.reserve(8);
    out.words.set([0, 0, 0, 0, 8, 0x7fffffff, 0, 8], at);
    out.publish(at, 8, Kind.encoded);
    expect(() => source.poll(receive(0))).to.throw(MalformedFrameError, /rank 1 holds a message of/);
  });

  it("should carry messages of every size round the end of the ring unchanged", () => {
    const { out, source } = pair();
    for (let round = 0; round < 3000; round++) {
      const length = (round * 37) % 4000;
      const sent = Uint8Array.from({ length }, (_, i) => (i * 7 + round) & 255);
      const at = out.reserve(length);
      expect(at).to.be.at.least(0);
      out.words.set([0, round, 0, 1, length, 0, 0, length], at);
      out.write(at * 4 + HEADER_WORDS * 4, sent, 0, length);
      out.publish(at, length, 2);
      const request = receive(0, round);
      source.poll(request);
      expect(request.done).to.equal(true);
      expect(Buffer.compare(request.result() as Uint8Array, sent)).to.equal(0);
    }
  });

  it("should report a full ring instead of overwriting what has not been read", () => {
    const { out, source } = pair();
    let count = 0;
    for (;;) {
      const at = out.reserve(8);
      if (at < 0) break;
      out.words.set([0, count, 0, 1, 8, 0, 0, 8], at);
      out.doubles[at / 2 + 4] = count;
      out.publish(at, 8, Kind.number);
      count++;
    }
    expect(count).to.equal(RING / LINE - 1);
    for (let i = 0; i < count; i++) {
      const request = receive(0);
      source.poll(request);
      expect(request.result()).to.equal(i);
    }
    expect(out.reserve(8)).to.be.at.least(0);
  });
});
