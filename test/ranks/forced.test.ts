import { algorithms, families } from "../../src/collectives/algorithm-names.ts";
import { onRanks } from "./run.ts";

describe("ranks: forced algorithms", () => {
  // Every job forces one algorithm of each operation: the first, the second, ...
  const most = Math.max(...families.map(family => Object.keys(algorithms[family]).length));
  for (let index = 0; index < most; index++) {
    const forced = families.flatMap(family => {
      const name = Object.keys(algorithms[family])[index];
      return name === undefined ? [] : [`${family}=${name}`];
    });
    const env = { TSMPI_ALGORITHM: forced.join(",") };
    onRanks([2, 3, 5, 8], "forced", forced.join(" "), { env });
  }
});
