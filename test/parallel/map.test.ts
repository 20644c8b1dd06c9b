import { onRanks } from "./run.ts";

describe("parallel: map", () => {
  onRanks([1, 2, 3, 8], "map", "map");
});
