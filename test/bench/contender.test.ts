import { existsSync } from "node:fs";
import { expect } from "chai";
import { Contender, type ContenderPlan } from "../../bench/harness/contender.ts";
import { measureRow, warmUpFor } from "../../bench/harness/measure.ts";
import { type Case, OPERATIONS } from "../../bench/harness/operations.ts";

/** A job that answers every batch with the same line, written in shell. */
function fake(key: string, answer: string, kind: ContenderPlan["kind"] = "c"): Contender {
  const script = `
    exec 3<"$0/rank-0"
    echo ready
    while read -r command rest <&3; do
      case $command in
        prepare) echo ok ;;
        run) ${answer} ;;
        quit) exit ;;
      esac
    done`;
  return new Contender({
    key,
    title: key,
    kind,
    readers: 1,
    command: ["sh", "-c", script],
    startCommand: undefined,
    environment: {},
    does: () => true,
    version: "",
  });
}

const barrier = OPERATIONS.find(({ name }) => name === "barrier")!;
const row: Case = { operation: barrier, bytes: undefined, label: "", argument: "8" };
const settings = { rounds: 3, batchTime: 1000, warmUp: warmUpFor(2, false), probe: undefined };

describe("contenders of the benchmark", () => {
  const contenders: Contender[] = [];
  const made = (...args: Parameters<typeof fake>): Contender => {
    contenders.push(fake(...args));
    return contenders[contenders.length - 1];
  };

  after(() => Promise.all(contenders.map(contender => contender.stop())));

  it("should be measured in turn, and set in relation", async () => {
    const ours = made("tsmpi", 'echo "ok $((rest * 2)) $((rest * 2))"', "ours");
    const peer = made("openmpi", 'echo "ok $((rest * 6)) $((rest * 8))"');
    const { contenders: found, ratios, best, failures } = await measureRow(row, [ours, peer], settings);
    expect(failures).to.deep.equal({});
    expect(found.tsmpi.batches).to.deep.equal([2, 2, 2]);
    expect(found.openmpi.slowest).to.deep.equal([8, 8, 8]);
    expect(found.openmpi.calls).to.equal(found.tsmpi.calls);
    expect(ratios.openmpi).to.deep.equal({ ratio: 3, slowest: 4, pairs: 3 });
    expect(best?.contender).to.equal("openmpi");
  });

  it("should fail their row, and it alone, with wrong results", async () => {
    const ours = made("tsmpi", 'echo "ok $rest $rest"', "ours");
    const peer = made("openmpi", 'echo "wrong: the result on 1 of 2 ranks"');
    const { contenders: found, best, failures } = await measureRow(row, [ours, peer], settings);
    expect(failures).to.deep.equal({ openmpi: "wrong: the result on 1 of 2 ranks" });
    expect(found).to.have.keys("tsmpi");
    expect(best).to.equal(undefined);
  });

  it("should fail their row when they crash, with what they said, and start anew for the next", async () => {
    const ours = made("tsmpi", "echo out of luck >&2; exit 7", "ours");
    for (let i = 0; i < 2; i++) {
      const { failures } = await measureRow(row, [ours], settings);
      expect(failures).to.deep.equal({ tsmpi: "ended with 7: out of luck" });
    }
  });

  it("should leave no fifo behind", async () => {
    const ours = made("tsmpi", 'echo "ok $rest $rest"', "ours");
    await ours.start();
    const { folder } = ours;
    expect(existsSync(folder)).to.equal(true);
    await ours.stop();
    expect(existsSync(folder)).to.equal(false);
  });
});
