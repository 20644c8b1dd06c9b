/** Functions of distributed matrices, collective all of them; their arguments stay as they are. */
export { matmul } from "./matmul.ts";
