import { onRanks, sizes } from "./run.ts";

describe("ranks: shared", () => {
  onRanks(sizes, "shared", "gives arrays that all ranks share", { env: { NODE_OPTIONS: "--expose-gc" } });
  onRanks([1, 2, 5], "memory-of", "tells whose memory an array is");
});
