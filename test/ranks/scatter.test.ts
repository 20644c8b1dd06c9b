import { onRanks, sizes } from "./run.ts";

describe("ranks: scatter", () => {
  onRanks(sizes, "scatter", "scatter on both faces");
});
