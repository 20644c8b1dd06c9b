import { sizes } from "../ranks/run.ts";
import { onRanks } from "./run.ts";

describe("parallel: compute", () => {
  onRanks(sizes, "compute", "graphs");
});
