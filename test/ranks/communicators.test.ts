import { onRanks, sizes } from "./run.ts";

describe("ranks: communicators", () => {
  onRanks(sizes, "split", "divides, copies and frees communicators");
});
