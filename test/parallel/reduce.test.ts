import { onRanks } from "./run.ts";

const ranks = [1, 2, 3, 8];

describe("parallel: reductions", () => {
  onRanks(ranks, "reducers", "merges reducers over ranks");
  onRanks(ranks, "map-reduce", "maps, combines, shuffles and reduces");
});
