import { readFileSync } from "node:fs";
import { expect } from "chai";
import { needs } from "../needs.ts";
import { generatorSessions, legacySessions, type Session, seedSessions } from "./calls.ts";
import { SIZE } from "./make-vectors.ts";
import { type Answers, numpyAnswers, ourAnswers } from "./numpy.ts";

const vectors = JSON.parse(readFileSync(new URL("vectors.json", import.meta.url), "utf8")) as Record<
  string,
  Answers
>;

const kinds: [string, Session<any>[]][] = [
  ["generators", generatorSessions],
  ["legacy", legacySessions],
  ["seeds", seedSessions],
];

/** Long enough for all that is rare. */
const LIVE_SIZE = 10_007;

/** By expression, so that a failure names it; a draw that goes wrong spoils those after it. */
function compare(sessions: Session<any>[], ours: ReturnType<typeof ourAnswers>, answers: Answers): void {
  sessions.forEach(({ make, calls }, i) => {
    expect(answers.results[i]).to.have.length(calls.length);
    calls.forEach(({ numpy }, j) => {
      expect(ours[i][j].described, `${numpy} of ${make}`).to.eql(answers.results[i][j]);
    });
  });
}

describe("random: bit for bit NumPy's", function () {
  this.timeout(Math.max(300_000, this.timeout()));

  for (const [kind, sessions] of kinds) {
    it(`should agree with the vectors: ${kind}`, () => {
      compare(sessions, ourAnswers(sessions, SIZE), vectors[kind]);
    });

    // Whichever there are: Debian's, and that of the path.
    for (const python of new Set(["python3", "/usr/bin/python3"])) {
      it(`should agree with the NumPy of ${python}: ${kind}`, function () {
        const ours = ourAnswers(sessions, LIVE_SIZE);
        const answers = numpyAnswers(python, sessions, ours, LIVE_SIZE);
        needs(this, answers !== undefined || python === "python3", `NumPy for ${python}`);
        if (answers !== undefined) compare(sessions, ours, answers);
      });
    }
  }
});
