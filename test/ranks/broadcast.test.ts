import { onRanks, sizes } from "./run.ts";

describe("ranks: broadcast", () => {
  onRanks(sizes, "broadcast", "broadcast on both faces");
});
