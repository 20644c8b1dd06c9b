import { onRanks, sizes } from "./run.ts";

describe("ranks: allgather", () => {
  onRanks(sizes, "gather", "allgather on both faces", { args: ["all"] });
});
