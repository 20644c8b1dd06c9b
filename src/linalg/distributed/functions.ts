/** Functions of distributed matrices, collective all of them; their arguments stay as they are. */
export { cholesky, choleskySolve } from "./cholesky.ts";
export { lu, luSolve, solve } from "./lu.ts";
export { matmul } from "./matmul.ts";
export { matvec } from "./matvec.ts";
export { norm } from "./norm.ts";
export { transpose } from "./transpose.ts";
export { solveTriangular } from "./triangular.ts";
