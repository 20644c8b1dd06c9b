import { onRanks, run, sizes } from "./run.ts";

describe("ranks: point to point", () => {
  onRanks(sizes, "values", "sends every kind of value");
  onRanks([1, 2, 3, 8], "sizes", "sends messages of every size");
  const streaming = { TSMPI_STREAM: "on", TSMPI_CORES: "4" };
  onRanks([2, 3], "sizes", "sends messages of every size by streaming stores", { env: streaming });
  onRanks(sizes, "order", "keeps the order of messages");
  onRanks([2, 3, 8], "any-source", "gives a receive from any rank one message only");
  onRanks(sizes, "probes", "finds messages by probe, poll and messages()");
  onRanks([2, 3, 8], "synchronous", "tells when a message has been matched");
  onRanks([1, 2, 3], "errors", "refuses messages that do not fit");
  onRanks(sizes, "isolation", "keeps communicators apart");
  onRanks([2, 3], "reuse", "lets the caller reuse an array when its send is done");
  it("lets the caller reuse an array when its synchronous send is done", async () =>
    void (await run("reuse", 2, { args: ["synchronous"] })));
});

describe("ranks: waits that are given up", () => {
  onRanks([1, 2, 3], "abort", "ends any wait with a signal");
  for (const wait of [
    "recv",
    "any",
    "probe",
    "messages",
    "synchronous",
    "allgather",
    "alltoall",
    "sendrecv",
    "none",
  ]) {
    it(`lets the process end afterwards (${wait})`, async () =>
      void (await run("ends", 2, { args: [wait], seconds: 60 })));
  }
});
