import { expect } from "chai";
import { usableCores } from "../../launcher/cores.ts";
import { bulkBytesFor } from "../../src/transport/board-layout.ts";
import { launchProgram, onRanks, run } from "./run.ts";

const sizes = [2, 3, 5, 8];
const byMessages = { env: { TSMPI_CROSS_COPY: "off" } };
/** As between cores that share no cache. */
const streaming = { env: { TSMPI_STREAM: "on", TSMPI_CORES: "4" } };
const faces = ["awaited", "sync"];

describe("ranks: the board", () => {
  onRanks(sizes, "board", "every size");
  onRanks([2, 3], "board", "every size, without copies between processes", byMessages);
  onRanks([2, 3], "board", "every size, by streaming stores", streaming);
  onRanks([3, 4], "board", "every size, a core for every rank", { env: { TSMPI_CORES: "4" } });
  onRanks(sizes, "board-flight", "many under way");
  onRanks([2, 3], "board-flight", "many under way, without copies between processes", byMessages);
  onRanks([3, 8], "board-slots", "used one communicator after the other");
  for (const face of faces) {
    for (const ranks of [2, 3]) {
      for (const scenario of ["operator throws", "misfit", "refused", "late", "late reader"]) {
        it(`${scenario} (${face}, ${ranks} ranks)`, async () => {
          await run("board-failures", ranks, { args: [scenario, face], seconds: 60 });
        });
      }
    }
    it(`an operator throws in a piece (${face})`, async () => {
      await run("board-failures", 2, { args: ["operator throws", face], seconds: 60, ...byMessages });
    });
  }
});

describe("ranks: collectives of the board that do not agree", () => {
  const rank = "rank \\d";
  const call = ", collective 0 on world";
  /** Both names, in either order. */
  const called = (a: string, b: string): RegExp =>
    new RegExp(
      `CollectiveMismatchError: ${rank} is in (${a}|${b})${call}.* ${rank} (called it as|is in) (${a}|${b})`,
    );
  const lengths = (a: string, b: string): RegExp =>
    new RegExp(
      `TypeMismatchError: .*${call}: .*${rank} sent (${a}, this rank has ${b}|${b}, this rank has ${a})`,
    );
  const roots = called("broadcastInto", "broadcastInto with root \\d");
  const doubles = (length: number): string => `Float64Array\\(${length}\\)`;
  const missing = (name: string): RegExp => {
    const waits = `${rank} (waits|is) in ${name}${call}, but ${rank} has finished without taking part in it`;
    const ended = `${rank} has finished without taking part in ${name}${call}, which ${rank} has called`;
    return new RegExp(`${waits}|${ended}`);
  };
  /** @param bulk doubles that a bulk buffer holds */
  const expected = (bulk: number): Record<string, RegExp> => ({
    // Found in the allreduce after it, and named by what went wrong.
    "other roots": roots,
    "other roots, long": roots,
    "other operations": called("scanInto by sum", "allreduceInto by sum"),
    "other operators": called("allreduceInto by max", "allreduceInto by sum"),
    "other lengths": lengths(doubles(4), doubles(5)),
    "other places": lengths(doubles(260), doubles(bulk)),
    "other pieces": lengths(doubles(4 * bulk), doubles(bulk)),
    "other types": lengths(doubles(4), "Int32Array\\(4\\)"),
    gather: missing("gatherInto"),
    allgather: missing("allgatherInto"),
    scatter: missing("scatterInto"),
    alltoall: missing("alltoallInto"),
    "long reduce": missing("reduceInto by sum"),
    "long broadcast": missing("broadcastInto with root \\d"),
    "long gather": missing("gatherInto"),
    number: missing("allreduce of numbers by sum"),
  });
  for (const [face, ranks] of [
    ["awaited", 3],
    ["sync", 2],
  ] as const) {
    const sentences = expected(bulkBytesFor(ranks, usableCores()) / Float64Array.BYTES_PER_ELEMENT);
    for (const [scenario, sentence] of Object.entries(sentences)) {
      it(`${scenario} (${face}, ${ranks} ranks)`, async () => {
        const ended = await launchProgram("board-failures", ranks, { args: [scenario, face], seconds: 60 });
        expect(ended.stderr).to.match(sentence);
        expect(ended.code, ended.stderr).to.equal(1);
      });
    }
  }
  for (const face of faces) {
    it(`a rank killed in a long reduction (${face})`, async () => {
      const ended = await launchProgram("board-failures", 3, { args: ["killed", face], seconds: 60 });
      expect(ended.stderr).to.match(/rank 2 was killed by SIGKILL; the job was ended/);
      expect(ended.stderr).to.not.match(/Error/);
      expect(ended.code).to.equal(137);
    });
  }
});
