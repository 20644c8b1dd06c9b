import { onRanks } from "./run.ts";

const ranks = [1, 2, 3, 8];
/** No shared memory, as between hosts. */
const byMessages = { env: { TSMPI_MAP_MEMORY: "off" } };

describe("parallel: map", () => {
  onRanks(ranks, "map", "gives results in the order of items");
  onRanks(ranks, "schedules", "runs each item once, where the schedule says");
  onRanks(ranks, "task-errors", "tells every rank of tasks that throw");
  onRanks(ranks, "variants", "has scatterMap, gridMap, starmap and imap");
  onRanks([2, 5], "schedules", "hands out items by messages", byMessages);
  onRanks([3], "task-errors", "tells of errors by messages", byMessages);
  onRanks([3], "variants", "has variants that go by messages", byMessages);
});
