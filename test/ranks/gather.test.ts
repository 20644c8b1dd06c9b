import { onRanks, sizes } from "./run.ts";

describe("ranks: gather", () => {
  onRanks(sizes, "gather", "gather on both faces");
});
