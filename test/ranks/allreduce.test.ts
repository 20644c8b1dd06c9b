import { onRanks, sizes } from "./run.ts";

describe("ranks: allreduce", () => {
  onRanks(sizes, "allreduce", "allreduce on both faces");
});
