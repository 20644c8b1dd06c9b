import { onRanks, sizes } from "./run.ts";

describe("ranks: alltoall", () => {
  onRanks(sizes, "alltoall", "alltoall on both faces");
});
