/** What the ranks that compute a graph tell each other. Rank 0 hands out the nodes; every message begins with its kind. */
import type { TaskFailure } from "../task-error.ts";

export const Kind = {
  // From rank 0.
  run: 0,
  stop: 1,
  // To rank 0.
  done: 2,
  stopped: 3,
  // Between any two.
  fetch: 4,
  value: 5,
} as const;

/** A node to be run, with those of its inputs that the rank does not have: values, or the ranks that have them. */
export type Order = [
  step: number,
  given: (readonly [input: number, value: unknown])[],
  remote: (readonly [input: number, holder: number])[],
];

/** How a node came out. A value that is not told stays where it is. */
export interface Report {
  readonly step: number;
  readonly failure?: TaskFailure;
  readonly told: boolean;
  readonly value?: unknown;
}

export type Message =
  /** `drops`: values that nobody wants any more. */
  | [kind: typeof Kind.run, orders: Order[], drops: number[]]
  | [kind: typeof Kind.stop]
  /** `longest`: milliseconds of the longest node among them. */
  | [kind: typeof Kind.done, rank: number, longest: number, reports: Report[]]
  | [kind: typeof Kind.stopped]
  | [kind: typeof Kind.fetch, step: number, rank: number]
  /** `failure`: the value cannot be sent. */
  | [kind: typeof Kind.value, step: number, value: unknown, failure: TaskFailure | undefined];
