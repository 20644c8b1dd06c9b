import { expect } from "chai";
import { barrier } from "../../src/collectives/barrier.ts";
import type { Algorithm, CollectiveContext } from "../../src/collectives/context.ts";
import { simulate } from "./simulator.ts";

describe("the simulator of collectives", () => {
  it("finds a deadlock", () => {
    const program = function* (context: CollectiveContext): Algorithm<void> {
      const arrival = context.recv(1 - context.rank);
      yield arrival;
    };
    expect(() => simulate(2, program)).to.throw("deadlock of ranks 0, 1");
  });

  const unasked = function* (context: CollectiveContext): Algorithm<void> {
    yield* barrier(context);
    if (context.rank === 0) context.send(1, 1);
  };

  it("finds a rank that returns before its sends are done", () => {
    expect(() => simulate(2, unasked, { mode: "rendezvous" })).to.throw("before its sends were done");
  });

  it("finds a message that nobody takes", () => {
    expect(() => simulate(2, unasked, { mode: "eager" })).to.throw(
      "a message that nobody took, from rank 0 to 1",
    );
  });

  it("finds an array that changes while it is sent", () => {
    const program = function* (context: CollectiveContext): Algorithm<unknown> {
      if (context.rank === 1) {
        const arrival = context.recv(0);
        if (!arrival.done) yield arrival;
        return arrival.result();
      }
      const array = Int8Array.of(1);
      const sent = context.send(array, 1);
      array[0] = 2;
      if (!sent.done) yield sent;
      return sent.result();
    };
    const received = Array.from(
      { length: 8 },
      (_, seed) => simulate(2, program, { mode: "rendezvous", seed })[1],
    );
    expect(received).to.deep.include(Int8Array.of(2));
  });

  it("finds an array that is read while it is received into", () => {
    const program = function* (context: CollectiveContext): Algorithm<unknown> {
      const array = Int8Array.of(1);
      const arrival = context.recvInto(array, 1 - context.rank);
      const sent = context.send(array, 1 - context.rank);
      if (!arrival.done) yield arrival;
      if (!sent.done) yield sent;
      return array;
    };
    expect(simulate(2, program)).not.to.deep.equal([Int8Array.of(1), Int8Array.of(1)]);
  });
});
