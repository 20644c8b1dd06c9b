import { onRanks, sizes } from "./run.ts";

describe("ranks: barrier", () => {
  onRanks(sizes, "barrier", "barrier on both faces");
});
