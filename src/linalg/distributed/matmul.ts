import { ArgumentError } from "../../errors.ts";
import { min, world } from "../../index.ts";
import { type OptionNames, requireKnownOptions } from "../../known-options.ts";
import { checkAlike, type DistributedMatrix } from "./distributed-matrix.ts";
import { type Layers, memory, multiplyInLayers, type Sizes, traffic, waysOf } from "./layers.ts";
import { panelsOf, summa } from "./summa.ts";

export interface MatmulOptions {
  /**
   * Copies of the result that the ranks hold between them until they are added up, one for each layer of ranks. 1 is SUMMA,
   * and is taken also where the grid cannot be divided into so many layers. Chosen by traffic and memory unless said.
   */
  copies?: number;
}

const matmulOptions: OptionNames<MatmulOptions> = { copies: true };

/** Between hosts layers are chosen where they spare so much of SUMMA's traffic, and so many bytes for each rank. */
const SHARE = 0.1;
const BYTES = 1 << 20;

/** The way with the least traffic, of two alike the one with fewer layers. */
function least(ways: readonly Layers[], a: DistributedMatrix, sizes: Sizes): Layers {
  return ways.reduce((best, way) =>
    traffic(a.grid, way, sizes) < traffic(a.grid, best, sizes) ? way : best,
  );
}

/** Which layers to take: those that send least, if it is worth the trouble and no rank lacks the memory. Collective. */
async function choose(a: DistributedMatrix, sizes: Sizes): Promise<Layers> {
  const { grid, local } = a;
  const [flat, ...ways] = waysOf(grid);
  // In shared memory it costs as much to add copies up as it does to read panels.
  if (world.host.size === world.size) return flat;
  const usual = traffic(grid, flat, sizes);
  const bytes = local.data.BYTES_PER_ELEMENT;
  const worth = ways.filter(way => {
    const saved = usual - traffic(grid, way, sizes);
    return saved >= SHARE * usual && saved * bytes >= BYTES * grid.all.size;
  });
  if (worth.length === 0) return flat;
  // Half of what this rank's share of its host's memory has left.
  const free = await grid.all.allreduce(process.availableMemory() / world.host.size / 2, min);
  return least([flat, ...worth.filter(way => memory(grid, way, sizes) * bytes <= free)], a, sizes);
}

/**
 * The product a b, on the same grid. SUMMA (van de Geijn and Watts 1997) broadcasts panels of 512 columns of a and rows of b;
 * with several copies of the result (the 2.5D algorithm of Solomonik and Demmel 2011) layers of ranks do that for a part of
 * the inner dimension each, among fewer ranks. The next panel travels while this one is multiplied.
 *
 * Each rank needs memory for two panels of its rows of a and as many of its columns of b, and with several copies for its part
 * of each of these, and for twice its elements of a or b. In a job on several hosts they are chosen when that is at most half of
 * what each rank's share of its host has available, and when they spare a tenth of what SUMMA sends, and 1 MiB for each rank.
 * @throws {ArgumentError} when the columns of a are not as many as the rows of b, they are laid out differently, or `copies` is
 *   no whole number from 1.
 */
export async function matmul(
  a: DistributedMatrix,
  b: DistributedMatrix,
  options: MatmulOptions = {},
): Promise<DistributedMatrix> {
  requireKnownOptions("matmul", options, matmulOptions);
  const { copies } = options;
  checkAlike("matmul", a, b);
  if (a.columns !== b.rows) {
    throw new ArgumentError(
      `matmul: a is ${a.rows} x ${a.columns}, b is ${b.rows} x ${b.columns}; the columns of a must be as many as the rows of b`,
    );
  }
  if (copies !== undefined && !(Number.isSafeInteger(copies) && copies >= 1)) {
    throw new ArgumentError(`matmul: copies must be a whole number, at least 1, but is ${copies}`);
  }
  const { grid } = a;
  const sizes: Sizes = [a.rows, a.columns, b.columns];
  const [flat, ...ways] = waysOf(grid);
  const fitting = ways.filter(({ up, across }) => up * across === copies);
  const layers =
    copies === undefined ? await choose(a, sizes) : fitting.length === 0 ? flat : least(fitting, a, sizes);
  const c = a.zerosLike(a.rows, b.columns);
  if (layers.up * layers.across > 1) {
    await multiplyInLayers(layers, a, b, c);
    return c;
  }
  const panels = panelsOf(a.columnAxis, grid.rows, grid.columns, () => true);
  await summa(grid, panels, [a.local], [b.local], [[c.local.data]]);
  return c;
}
