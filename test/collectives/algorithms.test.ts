import { expect } from "chai";
import type { TypedArray } from "../../src/codec/dtype.ts";
import {
  alltoall,
  alltoallBruck,
  alltoallInto,
  alltoallIntoOperation,
} from "../../src/collectives/alltoall.ts";
import { barrier } from "../../src/collectives/barrier.ts";
import { broadcast, broadcastCut, broadcastInto, broadcastTree } from "../../src/collectives/broadcast.ts";
import type { Algorithm, CollectiveContext } from "../../src/collectives/context.ts";
import { operationName, operations } from "../../src/collectives/operations.ts";
import { scatter, scatterInto } from "../../src/collectives/scatter.ts";
import { Simulator, simulate } from "./simulator.ts";
import { doubles, evenBlock, rootsOf, simulateAll, sizes } from "./support.ts";

describe("moving data", () => {
  describe("barrier", () => {
    it("lets nobody through before everybody came", () => {
      for (const size of sizes) {
        let arrived = 0;
        const late = function* (context: CollectiveContext): Algorithm<number> {
          arrived++;
          yield* barrier(context);
          return arrived;
        };
        simulateAll(size, late, counts => {
          expect(counts).to.deep.equal(new Array(size).fill(size));
          arrived = 0;
        });
      }
    });
  });

  describe("broadcast", () => {
    it("gives every rank root's value", () => {
      for (const size of sizes) {
        for (const root of rootsOf(size)) {
          const value = { from: root, list: [1, 2, 3], array: doubles(3, i => i) };
          simulateAll(
            size,
            context => broadcast(context, context.rank === root ? value : undefined, root),
            got => {
              for (const item of got) expect(item).to.deep.equal(value);
              expect(got[root]).to.equal(value);
            },
          );
        }
      }
    });

    for (const [name, algorithm] of Object.entries({ broadcastInto, broadcastTree, broadcastCut })) {
      it(`${name} fills every rank's array`, () => {
        for (const size of sizes) {
          for (const root of rootsOf(size)) {
            for (const length of [0, 1, size - 1, 40]) {
              const program = function* (context: CollectiveContext): Algorithm<TypedArray> {
                const target = doubles(length, i => (context.rank === root ? i + 0.5 : -1));
                yield* algorithm(context, target, root);
                return target;
              };
              simulateAll(
                size,
                program,
                got => {
                  for (const array of got) expect(array).to.deep.equal(doubles(length, i => i + 0.5));
                },
                1,
              );
            }
          }
        }
      });
    }

    it("cuts long arrays, so that no rank sends much more than twice the array", () => {
      const bytes = 512 * 1024;
      const simulator = new Simulator(8);
      simulator.run(context => broadcastInto(context, new Uint8Array(bytes), 3));
      for (const traffic of simulator.traffic) expect(traffic.bytes).to.be.at.most(2 * bytes);
    });
  });

  describe("scatter", () => {
    it("cuts a typed array evenly, the first blocks being longer", () => {
      for (const size of sizes) {
        for (const root of rootsOf(size)) {
          for (const length of [0, 1, 3 * size, 3 * size + 2]) {
            const array = doubles(length, i => i);
            simulateAll(
              size,
              context => scatter(context, context.rank === root ? array : undefined, root),
              got =>
                got.forEach((block, rank) => {
                  expect(block).to.deep.equal(array.slice(...evenBlock(length, size, rank)));
                  expect(block.buffer).not.to.equal(array.buffer);
                }),
              1,
            );
          }
        }
      }
    });

    it("follows counts, also those of zero", () => {
      const array = Uint8Array.of(1, 2, 3, 4, 5);
      const got = simulate(4, c =>
        scatter(c, c.rank === 2 ? array : undefined, 2, c.rank === 2 ? [0, 3, 0, 2] : undefined),
      );
      expect(got).to.deep.equal([[], [1, 2, 3], [], [4, 5]].map(list => Uint8Array.from(list)));
    });

    it("gives each rank its item of a list", () => {
      for (const size of sizes) {
        const list = Array.from({ length: size }, (_, i) => (i % 2 === 0 ? { item: i } : doubles(i, j => j)));
        simulateAll(
          size,
          context => scatter<unknown[]>(context, context.rank === 0 ? list : undefined, 0),
          got => expect(got).to.deep.equal(list),
        );
      }
    });

    it("copies Buffers too, whose slice() would be a view", () => {
      const array = Buffer.from([1, 2, 3, 4]);
      const [own] = simulate(2, context => scatter<Uint8Array>(context, array, 0));
      array[0] = 9;
      expect([...own]).to.deep.equal([1, 2]);
    });

    it("fills targets of any lengths", () => {
      for (const size of sizes) {
        for (const root of rootsOf(size)) {
          const lengths = Array.from({ length: size }, (_, rank) => (rank * 7) % 4);
          const total = lengths.reduce((a, b) => a + b, 0);
          const array = doubles(total, i => i);
          const program = function* (context: CollectiveContext): Algorithm<TypedArray> {
            const target = new Float64Array(lengths[context.rank]);
            yield* scatterInto(context, target, context.rank === root ? array : undefined, root);
            return target;
          };
          simulateAll(
            size,
            program,
            got => expect(got.flatMap(block => [...(block as Float64Array)])).to.deep.equal([...array]),
            1,
          );
        }
      }
    });

    it("fills a target that lies in root's array", () => {
      const program = function* (context: CollectiveContext): Algorithm<TypedArray> {
        const array = doubles(6, i => i);
        const target = array.subarray(4);
        yield* scatterInto(context, target, array, 0);
        return target;
      };
      simulateAll(3, program, got =>
        expect(got.map(array => [...(array as Float64Array)])).to.deep.equal([
          [0, 1],
          [2, 3],
          [4, 5],
        ]),
      );
    });
  });

  describe("alltoall", () => {
    it("exchanges items of any kind and length", () => {
      const item = (from: number, to: number) =>
        from % 2 === 0 ? doubles(to, i => from + i) : `${from} to ${to}`;
      for (const size of sizes) {
        simulateAll(
          size,
          context =>
            alltoall(
              context,
              Array.from({ length: size }, (_, to) => item(context.rank, to)),
            ),
          got =>
            got.forEach((list, to) => {
              expect(list).to.deep.equal(Array.from({ length: size }, (_, from) => item(from, to)));
            }),
        );
      }
    });

    for (const [name, algorithm] of Object.entries({ alltoallInto, alltoallBruck })) {
      it(`${name} exchanges equal blocks, in place or not`, () => {
        for (const size of sizes) {
          for (const length of [0, 1, 3]) {
            for (const inPlace of [false, true]) {
              const program = function* (context: CollectiveContext): Algorithm<TypedArray> {
                const array = doubles(length * size, i => context.rank * 1000 + i);
                const target = inPlace ? array : new Float64Array(length * size);
                yield* algorithm(context, target, array);
                return target;
              };
              simulateAll(
                size,
                program,
                got =>
                  got.forEach((target, rank) => {
                    const expected = doubles(
                      length * size,
                      i => Math.floor(i / length) * 1000 + rank * length + (i % length),
                    );
                    expect(target).to.deep.equal(expected);
                  }),
                1,
              );
            }
          }
        }
      });
    }

    it("exchanges uneven blocks, also empty ones", () => {
      const count = (from: number, to: number) => (from * to) % 3;
      for (const size of sizes) {
        const program = function* (context: CollectiveContext): Algorithm<TypedArray> {
          const { rank } = context;
          const ranks = Array.from({ length: size }, (_, r) => r);
          const sendCounts = ranks.map(to => count(rank, to));
          const recvCounts = ranks.map(from => count(from, rank));
          const array = Int32Array.from(
            ranks.flatMap(to => new Array<number>(count(rank, to)).fill(rank * 100 + to)),
          );
          const target = new Int32Array(recvCounts.reduce((a, b) => a + b, 0));
          yield* alltoallInto(context, target, array, { sendCounts, recvCounts });
          return target;
        };
        simulateAll(size, program, got =>
          got.forEach((target, rank) => {
            const expected = got.flatMap((_, from) =>
              new Array<number>(count(from, rank)).fill(from * 100 + rank),
            );
            expect([...(target as Int32Array)]).to.deep.equal(expected);
          }),
        );
      }
    });

    it("with counts is another operation", () => {
      expect(alltoallIntoOperation({})).to.equal(operations.alltoallInto);
      expect(operationName(alltoallIntoOperation({ sendCounts: [] }))).to.equal("alltoallInto with counts");
    });
  });
});
