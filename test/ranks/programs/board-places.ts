/** Bytes that a cell and a bulk buffer of the board hold in this job, and whether its ranks outnumber the cores. */
import { world } from "tsmpi";
import { usableCores } from "../../../launcher/cores.ts";
import { bulkBytesFor, CELL_PAYLOAD_BYTES } from "../../../src/transport/board-layout.ts";

export const CELL = CELL_PAYLOAD_BYTES;
export const BULK = bulkBytesFor(world.host.size, usableCores());
export const crowded = world.host.size > usableCores();
