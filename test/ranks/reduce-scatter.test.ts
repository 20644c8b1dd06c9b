import { onRanks, sizes } from "./run.ts";

describe("ranks: reduceScatter", () => {
  onRanks(sizes, "reduce-scatter", "reduceScatter on both faces");
});
