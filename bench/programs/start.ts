/** A job that does nothing, for the operation `start`. */
import { world } from "tsmpi";

if (world.size < 1) throw new Error("a world has at least one rank");
