import { onRanks, sizes } from "./run.ts";

describe("ranks: shared", () => {
  onRanks(sizes, "shared", "gives arrays that all ranks share", { env: { NODE_OPTIONS: "--expose-gc" } });
});
