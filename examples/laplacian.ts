/**
 * The Laplacian of a square grid as a sparse matrix. Conjugate gradients solve for the deflection of a membrane under
 * even load, power iteration finds the highest frequency of the grid; both have known answers.
 */
import { max, world } from "tsmpi";
import { CsrMatrix, conjugateGradients, powerIteration } from "tsmpi/linalg";

/** The five-point Laplacian of m x m points, whose neighbours outside are held at zero. */
function laplacian(m: number): Promise<CsrMatrix> {
  return CsrMatrix.fromRows(world, m * m, m * m, i => {
    const [row, column] = [Math.floor(i / m), i % m];
    const elements: [number, number][] = [[i, 4]];
    if (row > 0) elements.push([i - m, -1]);
    if (row < m - 1) elements.push([i + m, -1]);
    if (column > 0) elements.push([i - 1, -1]);
    if (column < m - 1) elements.push([i + 1, -1]);
    return elements;
  });
}

const membrane = await laplacian(127);
const load = membrane.vector(() => 1 / 128 ** 2);
const { x } = await conjugateGradients(membrane, load, { tolerance: 1e-12 });
const deepest = await world.allreduce(
  Array.from(x).reduce((most, value) => Math.max(most, value), 0),
  max,
);

const m = 20;
const { eigenvalue } = await powerIteration(await laplacian(m), { tolerance: 1e-7, iterations: 100_000 });
const highest = 8 * Math.sin((m * Math.PI) / (2 * (m + 1))) ** 2;

if (world.rank === 0) {
  console.log(`deflection in the middle ${deepest.toFixed(6)}, of the continuum 0.073671`);
  console.log(`largest eigenvalue ${eigenvalue.toFixed(8)}, exactly ${highest.toFixed(8)}`);
}
