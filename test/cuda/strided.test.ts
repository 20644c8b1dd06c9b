/** Dense copies of views: by tiles where they are transposed, otherwise element by element or by several at once. */
import { expect } from "chai";
import * as cuda from "../../src/cuda/index.ts";
import { type GatherForm, gather, gatherName } from "../../src/cuda/ptx/gather.ts";
import { copyStrided } from "../../src/cuda/strided.ts";
import { useFakeCuda } from "./fake.ts";

interface Held {
  readonly Type: new (length: number) => Uint8Array | Uint16Array | Uint32Array | Float64Array;
  readonly dtype: cuda.DtypeName;
}

const held: readonly Held[] = [
  { Type: Uint8Array, dtype: "uint8" },
  { Type: Uint16Array, dtype: "uint16" },
  { Type: Uint32Array, dtype: "uint32" },
  { Type: Float64Array, dtype: "float64" },
];

/** The elements of a view of these, in the order of their indices. */
function* along(shape: readonly number[], strides: readonly number[], from: number): Generator<number> {
  if (shape.length === 0) yield from;
  else {
    for (let i = 0; i < shape[0]; i++) yield* along(shape.slice(1), strides.slice(1), from + i * strides[0]);
  }
}

const product = (lengths: readonly number[]): number => lengths.reduce((size, length) => size * length, 1);

describe("cuda: copies of views (on the fake driver)", function () {
  this.timeout(240_000);
  before(useFakeCuda);

  for (const { Type, dtype } of held) {
    const source = new Type(70_000).map((_, i) => i * 7 + (i >> 8));

    /** Copies a view to where the target begins so many elements into its memory, and compares. */
    async function copied(
      shape: readonly number[],
      strides: readonly number[],
      from: number,
      into: number,
    ): Promise<void> {
      const size = product(shape);
      using all = await cuda.upload(source, undefined, { dtype });
      using target = cuda.full(size + into + 5, 99, { dtype });
      const expected = new Type(size + into + 5).fill(99);
      const { bytes } = all.type;
      copyStrided(cuda.device().modules, target.writeAddress + into * bytes, {
        address: all.readAddress + from * bytes,
        bytes,
        shape,
        strides,
      });
      let at = into;
      for (const place of along(shape, strides, from)) expected[at++] = source[place];
      expect(await target.download(), `${shape} by ${strides}, ${from} to ${into}`).to.deep.equal(expected);
    }

    it(`have every element at its place: ${dtype}`, async () => {
      const views: readonly (readonly [shape: readonly number[], strides: readonly number[]])[] = [
        // One axis, and axes that are none.
        [[9], [3]],
        [
          [1, 300, 1],
          [0, 2, 5],
        ],
        [
          [20, 30],
          [60, 2],
        ],
        // Parts of rows, of all lengths that go by several bytes at once, or do not.
        ...[1, 2, 3, 4, 6, 8, 16, 24, 32, 33].map(
          length =>
            [
              [7, length],
              [64, 1],
            ] as const,
        ),
        ...[36, 38, 39, 40].map(
          stride =>
            [
              [5, 4, 16],
              [400, stride, 1],
            ] as const,
        ),
        // Three and four axes in any order.
        [
          [3, 4, 5],
          [1, 15, 3],
        ],
        [
          [3, 4, 5],
          [20, 1, 4],
        ],
        [
          [2, 3, 4, 5],
          [1, 2, 6, 24],
        ],
        [
          [4, 3, 5, 2],
          [60, 1, 12, 3],
        ],
        // Rows of which each is the same.
        [
          [5, 8],
          [0, 1],
        ],
        [
          [5, 8],
          [0, 3],
        ],
      ];
      for (const [shape, strides] of views) {
        for (const [from, into] of [
          [0, 0],
          [1, 0],
          [0, 1],
          [2, 2],
          [8, 4],
        ] as const) {
          await copied(shape, strides, from, into);
        }
      }
    });

    it(`are transposed: ${dtype}`, async () => {
      for (const rows of [2, 15, 16, 31, 32, 33, 100]) {
        for (const columns of [2, 15, 16, 31, 32, 33, 64, 129])
          await copied([rows, columns], [1, rows], 1, 3);
      }
      // Of a part of a matrix, and stacks, some with gaps.
      await copied([40, 50], [1, 70], 5, 0);
      await copied([3, 33, 40], [1320, 1, 33], 0, 1);
      await copied([3, 20, 40], [2000, 1, 35], 2, 0);
      await copied([2, 3, 20, 30], [6000, 1800, 1, 25], 0, 0);
      // More tiles than a launch has blocks.
      await copied([300, 16, 20], [10, 1, 25], 0, 0);
      using all = await cuda.upload(source.slice(0, 6000), [2, 50, 60], { dtype });
      using turned = all.transpose().copy();
      expect(turned.shape).to.deep.equal([2, 60, 50]);
      using back = turned.transpose().copy();
      expect(await back.download()).to.deep.equal(await all.download());
    });

    it(`are the same by numbers of 64 bits, which sizes from 2^32 on take: ${dtype}`, async () => {
      using all = await cuda.upload(source, undefined, { dtype });
      const { bytes } = all.type;
      for (const axes of [1, 2, 3, 4]) {
        const shape = [3, 4, 5, 6].slice(0, axes);
        const strides = [1, 300, 7, 40].slice(0, axes);
        const size = product(shape);
        using target = cuda.empty(size, { dtype });
        const form: GatherForm = { bytes, axes, wide: true };
        cuda
          .device()
          .modules.launch(gatherName(form), () => gather(form), 1, [
            ["u64", size],
            ["u64", target.writeAddress],
            ["u64", all.readAddress],
            ...strides.map(stride => ["u64", stride * bytes] as const),
            ...shape.slice(1).map(length => ["u64", length] as const),
          ]);
        const expected = new Type(size);
        let at = 0;
        for (const place of along(shape, strides, 0)) expected[at++] = source[place];
        expect(await target.download(), `${axes} axes`).to.deep.equal(expected);
      }
    });
  }

  it("count in 64 bits where a size or a step takes them", () => {
    const launched: [string, number[]][] = [];
    const modules = {
      blocksFor: () => 1,
      launch: (
        name: string,
        _write: unknown,
        _blocks: number,
        values: readonly (readonly [string, number])[],
      ) => {
        launched.push([name, values.map(([, value]) => value)]);
      },
    };
    const copy = (shape: number[], strides: number[], bytes = 8): void =>
      copyStrided(modules as never, 0, { address: 0, bytes, shape, strides });
    copy([2 ** 31, 3], [10, 3]);
    copy([2 ** 16, 2 ** 16], [2 ** 18, 3]);
    copy([2, 3], [2 ** 29 - 1, 3]);
    copy([2, 3], [2 ** 29, 3]);
    copy([2 ** 20, 2 ** 20], [1, 2 ** 20], 1);
    expect(launched.map(([name]) => name)).to.deep.equal([
      "gather_b64_2_wide",
      "gather_b64_2_wide",
      "gather_b64_2",
      "gather_b64_2_wide",
      "transpose_b8",
    ]);
    expect(launched[4][1].slice(0, 3)).to.deep.equal([2 ** 30, 2 ** 15, 2 ** 15]);
  });

  it("have gaps on as many axes as they like", async () => {
    const axes = 7;
    using whole = await cuda.upload(Float32Array.from({ length: 3 ** axes }, (_, i) => i));
    using shaped = whole.reshape(new Array<number>(axes).fill(3));
    using view = shaped.slice(...Array.from({ length: axes }, () => [0, 2] as const));
    const strides = Array.from({ length: axes }, (_, axis) => 3 ** (axes - 1 - axis));
    const expected = Float32Array.from(along(new Array<number>(axes).fill(2), strides, 0));
    expect(await view.download()).to.deep.equal(expected);
  });
});
