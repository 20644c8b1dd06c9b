import { onRanks, sizes } from "./run.ts";

describe("ranks: exscan", () => {
  onRanks(sizes, "exscan", "exscan on both faces");
});
