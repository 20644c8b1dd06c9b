import { onRanks, sizes } from "./run.ts";

describe("ranks: reduce", () => {
  onRanks(sizes, "reduce", "reduce on both faces");
});
