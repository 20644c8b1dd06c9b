import { expect } from "chai";
import type { TypedArray } from "../../src/codec/dtype.ts";
import { dtypes } from "../../src/codec/dtype.ts";
import { barrier as flatBarrier } from "../../src/collectives/barrier.ts";
import type { Algorithm, CollectiveContext } from "../../src/collectives/context.ts";
import * as flat from "../../src/collectives/index.ts";
import type { OperationName } from "../../src/collectives/operations.ts";
import { operator } from "../../src/collectives/operator.ts";
import { max, minLoc, sum } from "../../src/collectives/operators.ts";
import * as twoLevel from "../../src/collectives/two-level/index.ts";
import { Among, type HostPart, Levels } from "../../src/collectives/two-level/levels.ts";
import { Placement } from "../../src/collectives/two-level/placement.ts";
import { errorsOf, Simulator } from "./simulator.ts";
import { arrayOf, doubles, simulateAll, withLimits } from "./support.ts";

/** Hosts of ranks 0, 1, ...: even, uneven, a host of one rank, dealt out in turn, and in no order at all. */
const orderly = [
  [0, 0, 1, 1],
  [0, 0, 0, 0, 1, 1, 1, 1],
  [0, 0, 1, 1, 2, 2, 3, 3],
  [5, 5, 5, 2, 2, 7],
  [0, 1, 1, 1],
];
const scattered = [
  [0, 1, 0, 1],
  [0, 1, 2, 0, 1, 2, 0],
  [3, 1, 1, 3, 0, 1, 3, 3],
];
const all = [...orderly, ...scattered];

/** The collectives of a host, by messages of the same call. */
function partOf(context: CollectiveContext, placement: Placement): HostPart {
  const among = new Among(context, placement.hosts[placement.hostOf[context.rank]]);
  return {
    rank: among.rank,
    size: among.size,
    barrier: () => flatBarrier(among),
    broadcast: (value, root) => flat.broadcast(among, value, root),
    broadcastInto: (target, root) => flat.broadcastInto(among, target, root),
    scatterInto: (target, array, root) => flat.scatterInto(among, target, array, root),
    gather: (value, root) => flat.gather(among, value, root),
    gatherInto: (target, array, root) => flat.gatherInto(among, target, array, root),
    allgatherInto: (target, array) => flat.allgatherInto(among, target, array),
    reduce: (value, op, root) => flat.reduce(among, value, op, root),
    reduceInto: (target, array, op, root) => flat.reduceInto(among, target, array, op, root),
    reduceScatterInto: (target, array, op, counts) =>
      flat.reduceScatterInto(among, target, array, op, counts),
    scan: (value, op) => flat.scan(among, value, op),
    scanInto: (target, array, op) => flat.scanInto(among, target, array, op),
    exscan: (value, op) => flat.exscan(among, value, op),
    exscanInto: (target, array, op) => flat.exscanInto(among, target, array, op),
  };
}

function levelsOf(operation: OperationName, context: CollectiveContext, hosts: readonly number[]): Levels {
  const placement = new Placement(hosts);
  return new Levels(operation, context, placement, partOf(context, placement));
}

/** Runs `body` with limits so low that short arrays count as long. */
const short = { shared: 32, hostSegment: 24, announced: 16, scanSegment: 24 };
function asLong(body: () => void): void {
  withLimits(short, body);
}

function check<T>(
  operation: OperationName,
  hosts: readonly number[],
  program: (levels: Levels) => Algorithm<T>,
  expected: (rank: number) => T,
): void {
  simulateAll(
    hosts.length,
    context => program(levelsOf(operation, context, hosts)),
    got => {
      expect(got, `${operation} on hosts ${hosts}`).to.deep.equal(hosts.map((_, rank) => expected(rank)));
    },
    1,
  );
}

/** Each array as long as it is, and as if arrays of this length were long. */
function checkArrays(
  operation: OperationName,
  hosts: readonly number[],
  program: (levels: Levels) => Algorithm<TypedArray>,
  expected: (rank: number) => TypedArray,
): void {
  check(operation, hosts, program, expected);
  asLong(() => check(operation, hosts, program, expected));
}

/** Not commutative: keeps the order visible. */
const join = operator((left: string, right: string) => left + right, { name: "join" });
const lengths = [0, 1, 5, 24, 67];

describe("collectives in two levels", () => {
  it("numbers hosts by their first ranks", () => {
    const placement = new Placement([4, 2, 2, 4]);
    expect(placement.hosts).to.deep.equal([
      [0, 3],
      [1, 2],
    ]);
    expect(placement).to.include({ isOrdered: false, fewest: 2, hasLevels: true });
    expect(new Placement([1, 1, 0]).isOrdered).to.equal(true);
    expect(new Placement([0, 0]).hasLevels).to.equal(false);
    expect(new Placement([0, 1]).hasLevels).to.equal(false);
  });

  it("barrier lets nobody through before everybody came", () => {
    for (const hosts of all) {
      let arrived = 0;
      const late = function* (context: CollectiveContext): Algorithm<number> {
        arrived++;
        yield* twoLevel.barrier(levelsOf("barrier", context, hosts));
        return arrived;
      };
      simulateAll(hosts.length, late, counts => {
        expect(counts).to.deep.equal(hosts.map(() => hosts.length));
        arrived = 0;
      });
    }
  });

  it("broadcast gives every rank root's value", () => {
    for (const hosts of all) {
      for (let root = 0; root < hosts.length; root++) {
        const value = { from: root, list: [1, 2, 3] };
        check(
          "broadcast",
          hosts,
          levels => twoLevel.broadcast(levels, levels.context.rank === root ? value : undefined, root),
          () => value,
        );
      }
    }
  });

  it("broadcastInto fills every rank's array, also in many segments", () => {
    for (const hosts of all) {
      for (let root = 0; root < hosts.length; root++) {
        for (const length of [0, 1, 5, 67]) {
          const program = function* (levels: Levels): Algorithm<TypedArray> {
            const target = doubles(length, i => (levels.context.rank === root ? i + 0.5 : -1));
            yield* twoLevel.broadcastInto(levels, target, root);
            return target;
          };
          checkArrays("broadcastInto", hosts, program, () => doubles(length, i => i + 0.5));
        }
      }
    }
  });

  it("reduce and allreduce combine values of all kinds, in rank order where hosts are", () => {
    for (const hosts of all) {
      const last = hosts.length - 1;
      const total = (last * (last + 1)) / 2;
      check(
        "allreduce",
        hosts,
        levels => twoLevel.allreduce(levels, levels.context.rank, sum),
        () => total,
      );
      for (const root of [0, 1, last]) {
        const atRoot =
          <T>(value: T) =>
          (rank: number) =>
            rank === root ? value : undefined;
        check(
          "reduce",
          hosts,
          levels => twoLevel.reduce(levels, [levels.context.rank, 1], sum, root),
          atRoot([total, hosts.length]),
        );
        if (!orderly.includes(hosts as number[])) continue;
        const word = hosts.map((_, rank) => `${rank},`).join("");
        check(
          "reduce",
          hosts,
          levels => twoLevel.reduce(levels, `${levels.context.rank},`, join, root),
          atRoot(word),
        );
        check(
          "allreduce",
          hosts,
          levels => twoLevel.allreduce(levels, `${levels.context.rank},`, join),
          () => word,
        );
      }
    }
  });

  it("reduceInto and allreduceInto combine arrays of all types, in place or not", () => {
    const types = dtypes.filter(dtype => dtype !== undefined);
    for (const hosts of all) {
      for (const length of lengths) {
        for (const inPlace of [false, true]) {
          const dtype = types[(length + hosts.length) % types.length];
          const given = (rank: number) => arrayOf(dtype, length, i => (rank * 3 + i) % 5);
          const expected = arrayOf(dtype, length, i =>
            hosts.reduce((most, _, rank) => Math.max(most, (rank * 3 + i) % 5), 0),
          );
          const program = function* (levels: Levels): Algorithm<TypedArray> {
            const array = given(levels.context.rank);
            const target = inPlace ? array : arrayOf(dtype, length, () => 0);
            yield* twoLevel.allreduceInto(levels, target, array, max);
            return target;
          };
          checkArrays("allreduceInto", hosts, program, () => expected);
          for (const root of [0, hosts.length - 1]) {
            const toRoot = function* (levels: Levels): Algorithm<TypedArray> {
              const { rank } = levels.context;
              const array = given(rank);
              const target = rank === root ? (inPlace ? array : arrayOf(dtype, length, () => 0)) : undefined;
              yield* twoLevel.reduceInto(levels, target, array, max, root);
              if (target === undefined) expect(array).to.deep.equal(given(rank));
              return target ?? given(rank);
            };
            checkArrays("reduceInto", hosts, toRoot, rank => (rank === root ? expected : given(rank)));
          }
        }
      }
    }
  });

  it("never cuts apart what an operator keeps together", () => {
    for (const hosts of all) {
      const length = 42;
      const program = function* (levels: Levels): Algorithm<TypedArray> {
        const { rank } = levels.context;
        const array = doubles(length, i => (i % 2 === 0 ? (rank + i) % hosts.length : rank));
        yield* twoLevel.allreduceInto(levels, array, array, minLoc);
        return array;
      };
      checkArrays("allreduceInto", hosts, program, () =>
        doubles(length, i => (i % 2 === 0 ? 0 : (hosts.length - ((i - 1) % hosts.length)) % hosts.length)),
      );
    }
  });

  it("reduceScatterInto gives every rank its block, even or counted, in the array or not", () => {
    for (const hosts of all) {
      const { length: size } = hosts;
      const counts = hosts.map((_, rank) => (rank * 5) % 7);
      const length = counts.reduce((a, b) => a + b, 0);
      const program = function* (levels: Levels): Algorithm<TypedArray> {
        const { rank } = levels.context;
        const array = doubles(length, i => rank + i);
        const target = array.subarray(1, 1 + counts[rank]);
        yield* twoLevel.reduceScatterInto(levels, target, array, sum, counts);
        return target.slice();
      };
      const from = (rank: number) => counts.slice(0, rank).reduce((a, b) => a + b, 0);
      const combined = (rank: number) =>
        doubles(counts[rank], i => (size * (size - 1)) / 2 + size * (from(rank) + i));
      checkArrays("reduceScatterInto", hosts, program, combined);
    }
  });

  it("reductions of arrays keep rank order where hosts are in order", () => {
    // Associative, not commutative: the first of two.
    const first = operator((left: number, _right: number) => left, { name: "first" });
    for (const hosts of orderly) {
      const length = 24;
      const program = function* (levels: Levels): Algorithm<TypedArray> {
        const target = new Float64Array(length);
        yield* twoLevel.allreduceInto(
          levels,
          target,
          doubles(length, i => levels.context.rank * 100 + i),
          first,
        );
        return target;
      };
      checkArrays("allreduceInto", hosts, program, () => doubles(length, i => i));
    }
  });

  it("allgather gives every rank the values of all", () => {
    for (const hosts of all) {
      const item = (rank: number) => (rank % 2 === 0 ? { rank } : doubles(rank, i => i));
      check(
        "allgather",
        hosts,
        levels => twoLevel.allgather(levels, item(levels.context.rank)),
        () => hosts.map((_, rank) => item(rank)),
      );
    }
  });

  it("allgatherInto fills every rank's target with arrays of any lengths, in place or not", () => {
    for (const hosts of all) {
      for (const lengthOf of [() => 4, (rank: number) => (rank * 3) % 5, () => 1]) {
        const counts = hosts.map((_, rank) => lengthOf(rank));
        const from = (rank: number) => counts.slice(0, rank).reduce((a, b) => a + b, 0);
        const total = from(hosts.length);
        for (const inPlace of [false, true]) {
          const program = function* (levels: Levels): Algorithm<TypedArray> {
            const { rank } = levels.context;
            const target = new Float64Array(total);
            const place = target.subarray(from(rank), from(rank) + counts[rank]);
            const array = inPlace ? place : new Float64Array(counts[rank]);
            array.forEach((_, i) => {
              array[i] = rank * 10 + i;
            });
            yield* twoLevel.allgatherInto(levels, target, array);
            return target;
          };
          const expected = Float64Array.from(
            hosts.flatMap((_, rank) => [...doubles(counts[rank], i => rank * 10 + i)]),
          );
          checkArrays("allgatherInto", hosts, program, () => expected);
        }
      }
    }
  });

  it("alltoallInto exchanges equal blocks, in place or not", () => {
    for (const hosts of all) {
      const { length: size } = hosts;
      for (const length of [0, 1, 3]) {
        for (const inPlace of [false, true]) {
          const program = function* (levels: Levels): Algorithm<TypedArray> {
            const array = doubles(length * size, i => levels.context.rank * 1000 + i);
            const target = inPlace ? array : new Float64Array(length * size);
            yield* twoLevel.alltoallInto(levels, target, array);
            return target;
          };
          checkArrays("alltoallInto", hosts, program, rank =>
            doubles(length * size, i => Math.floor(i / length) * 1000 + rank * length + (i % length)),
          );
        }
      }
    }
  });

  it("scan and exscan give prefixes in rank order", () => {
    for (const hosts of orderly) {
      const words = (count: number) => Array.from({ length: count }, (_, rank) => `${rank},`).join("");
      check(
        "scan",
        hosts,
        levels => twoLevel.scan(levels, `${levels.context.rank},`, join),
        rank => words(rank + 1),
      );
      check(
        "exscan",
        hosts,
        levels => twoLevel.exscan(levels, `${levels.context.rank},`, join),
        rank => (rank === 0 ? undefined : words(rank)),
      );
      check(
        "scan",
        hosts,
        levels => twoLevel.scan(levels, 1, sum),
        rank => rank + 1,
      );
      check(
        "exscan",
        hosts,
        levels => twoLevel.exscan(levels, 1, sum),
        rank => (rank === 0 ? undefined : rank),
      );
    }
  });

  it("scanInto and exscanInto do so for arrays, in place or not", () => {
    for (const hosts of orderly) {
      for (const length of [0, 1, 24]) {
        for (const inPlace of [false, true]) {
          const program = (scan: typeof twoLevel.scanInto) =>
            function* (levels: Levels): Algorithm<TypedArray> {
              const array = doubles(length, i => levels.context.rank + i);
              const target = inPlace ? array : doubles(length, () => -1);
              yield* scan(levels, target, array, sum);
              return target;
            };
          const sumTo = (count: number, i: number) => (count * (count - 1)) / 2 + count * i;
          checkArrays("scanInto", hosts, program(twoLevel.scanInto), rank =>
            doubles(length, i => sumTo(rank + 1, i)),
          );
          checkArrays("exscanInto", hosts, program(twoLevel.exscanInto), rank =>
            doubles(length, i => (rank > 0 ? sumTo(rank, i) : inPlace ? i : -1)),
          );
        }
      }
    }
  });

  it("say whom they mean when ranks do not agree", () => {
    const hosts = [0, 0, 1, 1];
    const errors = errorsOf(4, context => {
      const levels = levelsOf("allreduceInto", context, hosts);
      const array = new Float64Array(context.rank < 2 ? 4 : 5);
      return twoLevel.allreduceInto(levels, array, array, sum);
    });
    expect(errors[0]?.message).to.match(/number 1 is rank 2/);
    expect(errors[2]?.message).to.match(/number 0 is rank 0/);
  });

  it("send every byte to another host once", () => {
    const hosts = [0, 0, 0, 0, 1, 1, 1, 1];
    const length = 64 * 1024;
    const bytes = length * 8;
    const crossing = (program: (levels: Levels) => Algorithm<unknown>, operation: OperationName): number => {
      let crossed = 0;
      new Simulator(8).run(context => {
        const counting: CollectiveContext = {
          rank: context.rank,
          size: context.size,
          crowded: false,
          recv: source => context.recv(source),
          recvInto: (target, source) => context.recvInto(target, source),
          send: (value, dest) => {
            if (hosts[dest] !== hosts[context.rank]) crossed += (value as TypedArray).byteLength ?? 0;
            return context.send(value, dest);
          },
        };
        return program(levelsOf(operation, counting, hosts));
      });
      return crossed;
    };
    const array = (): Float64Array => new Float64Array(length);
    expect(crossing(levels => twoLevel.broadcastInto(levels, array(), 5), "broadcastInto")).to.equal(bytes);
    // Half of the array each way to be combined, and half back.
    expect(
      crossing(levels => twoLevel.allreduceInto(levels, array(), array(), sum), "allreduceInto"),
    ).to.equal(2 * bytes);
    expect(
      crossing(
        levels => twoLevel.reduceScatterInto(levels, new Float64Array(length / 8), array(), sum),
        "reduceScatterInto",
      ),
    ).to.equal(bytes);
    const gather = (levels: Levels) => twoLevel.allgatherInto(levels, array(), new Float64Array(length / 8));
    // With the type and the length of each array before it.
    expect(crossing(gather, "allgatherInto")).to.equal(bytes + 8 * 16);
  });
});
