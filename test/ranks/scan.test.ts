import { onRanks, sizes } from "./run.ts";

describe("ranks: scan", () => {
  onRanks(sizes, "scan", "scan on both faces");
});
