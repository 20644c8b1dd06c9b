import { expect } from "chai";
import * as cuda from "../../src/cuda/index.ts";
import { ArgumentError } from "../../src/errors.ts";
import { Generator, PCG64, Philox } from "../../src/random/index.ts";
import { useFakeCuda } from "./fake.ts";
import { fails } from "./throws.ts";

describe("cuda: random numbers (on the fake driver)", function () {
  this.timeout(180_000);
  before(useFakeCuda);

  /** Draws before, so that the generator stands anywhere in a block, with or without half a word left. */
  const starts: readonly [string, (generator: Generator) => void][] = [
    ["fresh", () => {}],
    ["within a block", generator => void generator.random(3)],
    ["at the end of a block", generator => void generator.random(4)],
    ["with half a word left", generator => void generator.randomInto(new Float32Array(3))],
    [
      "with half of an older word left",
      generator => {
        generator.bitGenerator.next32();
        generator.random(2);
      },
    ],
  ];
  for (const [what, begin] of starts) {
    for (const n of [0, 1, 2, 5, 1000]) {
      it(`are those of the host's Philox, bit for bit: ${n} from a generator ${what}`, async () => {
        const seed = Math.floor(Math.random() * 2 ** 32);
        for (const dtype of ["float64", "float32", "uint64"] as const) {
          const [here, there] = [new Philox(seed), new Philox(seed)];
          begin(new Generator(here));
          begin(new Generator(there));
          const { used } = cuda.device().memoryInfo();
          const array = cuda.empty(n, { dtype });
          cuda.randomInto(array, there);
          let expected: Float64Array | Float32Array | BigUint64Array | Uint32Array;
          if (dtype === "uint64") expected = here.randomRaw(n);
          else if (dtype === "float64") expected = new Generator(here).random(n);
          else expected = new Generator(here).randomInto(new Float32Array(n));
          expect(await array.download(), `${dtype}, seed ${seed}`).to.deep.equal(expected);
          expect(there.state, `the generator after ${dtype}, seed ${seed}`).to.deep.equal(here.state);
          array.free();
          // Less where arrays that other tests have left have been collected meanwhile.
          expect(cuda.device().memoryInfo().used, "views that hold the memory").to.be.at.most(used);
        }
      });
    }
  }

  it("carry into the upper words of the counter", async () => {
    const [here, there] = [new Philox(1), new Philox(1)];
    const { state } = here;
    for (const generator of [here, there]) {
      generator.state = {
        ...state,
        state: {
          counter: new BigUint64Array([2n ** 64n - 3n, 2n ** 64n - 1n, 5n, 7n]),
          key: state.state.key,
        },
      };
    }
    using array = cuda.empty(64, { dtype: "uint64" });
    cuda.randomInto(array, there);
    expect(await array.download()).to.deep.equal(here.randomRaw(64));
    expect(there.state).to.deep.equal(here.state);
  });

  it("refuse other generators and other types", async () => {
    using array = cuda.empty(4);
    await fails(() => cuda.randomInto(array, new PCG64(1) as never), ArgumentError, /must be a Philox/);
    await fails(
      () => cuda.randomInto(null as never, new Philox(1)),
      ArgumentError,
      /the target must be a device array/,
    );
    using bytes = cuda.empty(4, { dtype: "int8" });
    await fails(
      () => cuda.randomInto(bytes, new Philox(1)),
      ArgumentError,
      /must lie dense and be of float64, float32, uint64/,
    );
  });
});
