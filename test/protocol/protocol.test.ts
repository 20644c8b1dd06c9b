/**
 * Model-checks the protocol of the shared segment with spin: the models in this folder hold, and the same models
 * with a fault put into them do not. docs/protocol.md explains them.
 */
import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { assert } from "chai";
import { needs } from "../needs.ts";

const execute = promisify(execFile);

/** Searches that run at once. Each may take MEGABYTES. */
const AT_ONCE = 2;
const MEGABYTES = 500;

const sleepsForEver = /invalid end state/;
const broken = /assertion violated/;

interface Case {
  readonly model: string;
  /** Preprocessor definitions for the model, without -D. */
  readonly defines?: readonly string[];
  /** Checks the model's LTL formula in every weakly fair run, in place of assertions and end states. */
  readonly fair?: boolean;
  /** What spin must report. Absent: the model holds. */
  readonly finds?: RegExp;
}

const sixLines = ["LINES=6", "MAX=3"];

const holds: Case[] = [
  { model: "ring" },
  { model: "ring", defines: ["LINES=4", "MAX=3", "REPORT=1"] },
  { model: "ring", defines: [...sixLines, "REPORT=3"] },
  { model: "doorbell", defines: ["WAY=1"] },
  { model: "doorbell", defines: ["WAY=2"] },
  { model: "doorbell", defines: ["WAY=3"] },
  { model: "doorbell", defines: ["WAY=3"], fair: true },
  { model: "barrier" },
  { model: "barrier", fair: true },
  { model: "finish" },
  { model: "finish", fair: true },
  { model: "leave" },
  { model: "leave", fair: true },
  { model: "transfer" },
  { model: "transfer", fair: true },
  { model: "board" },
  { model: "board", defines: ["N=5", "STEP=0"] },
  { model: "board", defines: ["N=5", "STEP=3"] },
  { model: "board", defines: ["N=4", "K=2"], fair: true },
  { model: "fence" },
  { model: "fence", fair: true },
  { model: "deadlock" },
];

const fails: Case[] = [
  { model: "ring", defines: ["NO_TERMINATOR"], finds: broken },
  { model: "ring", defines: ["LATE_TERMINATOR"], finds: broken },
  { model: "ring", defines: ["NO_SPARE"], finds: broken },
  { model: "ring", defines: ["PLAIN_PUBLISH"], finds: broken },
  { model: "ring", defines: ["EARLY_RELEASE"], finds: broken },
  { model: "ring", defines: ["LINES=4", "MAX=3", "REPORT=2"], finds: sleepsForEver },
  { model: "ring", defines: [...sixLines, "REPORT=4"], finds: sleepsForEver },
  { model: "doorbell", defines: ["WAY=1", "LOOK_FIRST"], finds: sleepsForEver },
  { model: "doorbell", defines: ["WAY=2", "LOOK_FIRST"], finds: sleepsForEver },
  { model: "doorbell", defines: ["WAY=3", "FLAG_EARLY"], finds: sleepsForEver },
  { model: "doorbell", defines: ["WAY=3", "WAKE_ONE"], finds: sleepsForEver },
  { model: "doorbell", defines: ["WAY=3", "SILENT_REPORT"], finds: sleepsForEver },
  { model: "doorbell", defines: ["WAY=3", "NO_KICK"], finds: sleepsForEver },
  { model: "barrier", defines: ["RESET_LATE"], finds: sleepsForEver },
  { model: "barrier", defines: ["LOOK_FIRST"], finds: sleepsForEver },
  { model: "barrier", defines: ["WAKE_ONE"], finds: sleepsForEver },
  { model: "barrier", defines: ["EQUAL"], finds: sleepsForEver },
  { model: "barrier", defines: ["OVERLAP"], finds: sleepsForEver },
  { model: "finish", defines: ["JUDGE_ONCE"], finds: sleepsForEver },
  { model: "finish", defines: ["FORGETFUL"], finds: sleepsForEver },
  { model: "finish", defines: ["FRESH_STATES"], finds: broken },
  { model: "finish", defines: ["READ_FIRST"], finds: broken },
  { model: "finish", defines: ["WAKE_FIRST"], finds: sleepsForEver },
  { model: "finish", defines: ["LOOK_FIRST"], finds: sleepsForEver },
  { model: "leave", defines: ["ONE_STEP"], finds: sleepsForEver },
  { model: "leave", defines: ["REFUSE_LEAVING"], finds: broken },
  { model: "leave", defines: ["LOOK_FIRST"], finds: sleepsForEver },
  { model: "transfer", defines: ["SILENT_PIECE"], finds: sleepsForEver },
  { model: "transfer", defines: ["DONE_WHEN_TAKEN"], finds: broken },
  { model: "transfer", defines: ["REUSE_UNSEEN"], finds: broken },
  { model: "transfer", defines: ["REUSE_UNRELEASED"], finds: broken },
  { model: "transfer", defines: ["MOVE_OPEN"], finds: broken },
  { model: "transfer", defines: ["MOVE_REFUSED"], finds: sleepsForEver },
  { model: "transfer", defines: ["SILENT_MOVE"], finds: sleepsForEver },
  { model: "transfer", defines: ["SILENT_REFUSAL"], finds: sleepsForEver },
  { model: "transfer", defines: ["LOOK_FIRST"], finds: sleepsForEver },
  { model: "board", defines: ["NO_ROOM", "STEP=0"], finds: broken },
  { model: "board", defines: ["MARK_FIRST", "STEP=0"], finds: broken },
  { model: "board", defines: ["OUT_OF_ORDER"], finds: broken },
  { model: "board", defines: ["LAZY"], finds: sleepsForEver },
  { model: "board", defines: ["FORGETFUL"], finds: sleepsForEver },
  { model: "board", defines: ["TAKE_BACK"], finds: broken },
  { model: "board", defines: ["UNREAD"], finds: sleepsForEver },
  { model: "board", defines: ["QUIET"], finds: sleepsForEver },
  { model: "board", defines: ["LOOK_FIRST"], finds: sleepsForEver },
  { model: "board", defines: ["REPORT=4"], finds: sleepsForEver },
  { model: "fence", defines: ["NO_FENCE"], finds: sleepsForEver },
  { model: "fence", defines: ["FENCE_FIRST"], finds: sleepsForEver },
  { model: "fence", defines: ["DEAF"], finds: sleepsForEver },
  { model: "fence", defines: ["LOOK_FIRST"], finds: sleepsForEver },
  { model: "fence", defines: ["REORDER"], finds: broken },
  { model: "deadlock", defines: ["ONE_LOOK"], finds: broken },
  { model: "deadlock", defines: ["ANY_SLEEP"], finds: broken },
  { model: "deadlock", defines: ["WAKE_FIRST"], finds: broken },
  { model: "deadlock", defines: ["UNHEARD"], finds: broken },
  { model: "deadlock", defines: ["LOOK_FIRST"], finds: broken },
  { model: "deadlock", defines: ["KEEP"], finds: sleepsForEver },
];

/** Generates, compiles and runs the verifier of one case. Returns what it printed. */
async function search({ model, defines = [], fair = false, finds }: Case): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tsmpi-spin-"));
  try {
    const options = { cwd: folder, maxBuffer: 2 ** 24 };
    const file = join(import.meta.dirname, `${model}.pml`);
    await execute("spin", ["-a", ...defines.map(define => `-D${define}`), file], options);
    const kind = fair ? ["-DNFAIR=4"] : ["-DSAFETY", "-DNOCLAIM"];
    // A fault is found at once, so there the compiler's time counts.
    const optimise = finds === undefined ? "-O2" : "-O0";
    await execute("gcc", [optimise, "-w", ...kind, `-DMEMLIM=${MEGABYTES}`, "-o", "pan", "pan.c"], options);
    const depth = model === "ring" ? 500_000 : 100_000;
    const flags = ["-n", "-w22", `-m${depth}`, ...(fair ? ["-a", "-f"] : [])];
    const { stdout } = await execute(join(folder, "pan"), flags, options);
    return stdout;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function title({ model, defines = [], fair }: Case): string {
  return [model, ...defines, ...(fair ? ["in every fair run"] : [])].join(" ");
}

function installed(command: string, argument: string): boolean {
  return spawnSync(command, [argument]).error === undefined;
}

describe("protocol, model-checked by spin", function () {
  this.timeout(120_000);
  this.slow(60_000);

  const outputs = new Map<Case, Promise<string>>();

  before(function () {
    needs(this, installed("spin", "-V"), "spin (Debian package spin)");
    needs(this, installed("gcc", "--version"), "gcc (Debian package gcc)");
    // A few searches at a time, in the order of the tests.
    const lanes: Promise<unknown>[] = Array.from({ length: AT_ONCE }, () => Promise.resolve());
    for (const [i, one] of [...holds, ...fails].entries()) {
      const output = lanes[i % AT_ONCE].then(() => search(one));
      outputs.set(one, output);
      lanes[i % AT_ONCE] = output.catch(() => undefined);
    }
  });

  for (const one of holds) {
    it(`holds: ${title(one)}`, async () => {
      const output = (await outputs.get(one))!;
      assert.match(output, /errors: 0\n/, output);
      assert.match(output, /^Full statespace search/m);
      // A search cut short says one of these.
      assert.notMatch(
        output,
        /max search depth too small|[Ss]earch not completed|-DMEMLIM|out of memory|VECTORSZ/,
        output,
      );
      if (one.fair) assert.match(output, /acceptance\s+cycles\s+\+ \(fairness enabled\)/);
    });
  }

  for (const one of fails) {
    it(`is found: ${title(one)}`, async () => {
      const output = (await outputs.get(one))!;
      assert.match(output, /errors: [1-9]/, output);
      assert.match(output, one.finds!);
    });
  }
});
