/** Results of NumPy and of ours, in the same form. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { Session, Values } from "./calls.ts";

/** The first values, and a digest of all. */
export interface Described {
  first: (number | string)[];
  digest: string;
}

export interface Answers {
  numpy: string;
  results: Described[][];
}

/** Whether values are 64-bit integers, which doubles cannot hold. */
function exact(values: Values): values is BigInt64Array | BigUint64Array {
  return values instanceof BigInt64Array || values instanceof BigUint64Array;
}

export function describeValues(values: Values): Described {
  const array = exact(values) ? values : Float64Array.from(values as ArrayLike<number>);
  const first = Array.from<number | bigint, number | string>(array.slice(0, 2) as Values, value =>
    typeof value === "bigint" ? String(value) : value,
  );
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  return { first, digest: createHash("sha256").update(bytes).digest("hex").slice(0, 16) };
}

/** What ours gives, and whether each is exact, which NumPy is told. */
export function ourAnswers<G>(
  sessions: Session<G>[],
  n: number,
): { exact: boolean; described: Described }[][] {
  return sessions.map(({ ours, calls }) => {
    const g = ours();
    return calls.map(call => {
      const values = call.ours(g, n);
      return { exact: exact(values), described: describeValues(values) };
    });
  });
}

/** Of the Python given; undefined when it has no NumPy. */
export function numpyAnswers(
  python: string,
  sessions: Session<any>[],
  ours: { exact: boolean }[][],
  n: number,
): Answers | undefined {
  if (spawnSync(python, ["-c", "import numpy"]).status !== 0) return undefined;
  const input = sessions.map(({ make, calls }, i) => ({
    make,
    n,
    draws: calls.map(({ numpy }, j) => [numpy, ours[i][j].exact]),
  }));
  const script = fileURLToPath(new URL("evaluate.py", import.meta.url));
  const { stdout, stderr, status } = spawnSync(python, [script], {
    input: JSON.stringify(input),
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Answers;
}
