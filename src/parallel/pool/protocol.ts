/**
 * What the driver, rank 0 of the pool's communicator, and its workers tell each other. Every message is a list that
 * begins with its kind. Messages for workers have one tag and those for the driver another, because with a single
 * rank it sends both to itself.
 */

export const toWorker = { tag: 1 } as const;
export const toDriver = { tag: 0 } as const;

export const Kind = {
  // For workers.
  tasks: 0,
  outcome: 1,
  share: 2,
  shareArray: 3,
  stop: 9,
  // For the driver.
  results: 4,
  waiting: 5,
  submit: 6,
  cancel: 7,
  stopped: 8,
} as const;

/** How a task came out. The value beside it is what it has returned, a TaskFailure, or nothing. */
export const Outcome = { done: 0, failed: 1, cancelled: 2 } as const;
export type Outcome = (typeof Outcome)[keyof typeof Outcome];

/**
 * A task that a worker is to run: its number at the driver, where to claim it, its function's number, its arguments,
 * and what stands in them for shared values.
 */
export type Order = [id: number, slot: number, fn: number, args: unknown[], shared: SharedPlaces | undefined];

/** Empty objects in the places of shared values, and the numbers of these. Messages keep the identity of objects. */
export type SharedPlaces = readonly (readonly [place: object, value: number])[];

export type Result = [id: number, outcome: Outcome, value: unknown];

/** What a task asks for when it submits another. */
export interface Request {
  /** Its number on the worker that asks. */
  readonly index: number;
  readonly fn: number;
  readonly args: unknown[];
  readonly priority: number;
  readonly retries: number;
  readonly worker: number | undefined;
}

export type ToWorker =
  | [kind: typeof Kind.tasks, orders: Order[]]
  /** Of a task that this worker has submitted. */
  | [kind: typeof Kind.outcome, index: number, outcome: Outcome, value: unknown]
  /** A value that orders refer to by its number. */
  | [kind: typeof Kind.share, value: number, content: unknown]
  /** The same for an array, by the code of its element type, which all ranks then put in shared memory together. */
  | [kind: typeof Kind.shareArray, value: number, code: number, length: number]
  | [kind: typeof Kind.stop];

export type ToDriver =
  /** `longest`: milliseconds of the longest task among them. */
  | [kind: typeof Kind.results, rank: number, longest: number, results: Result[]]
  /** So many tasks of a worker wait for others that they have submitted, and leave room there. */
  | [kind: typeof Kind.waiting, rank: number, count: number]
  | [kind: typeof Kind.submit, rank: number, request: Request]
  | [kind: typeof Kind.cancel, rank: number, index: number]
  /** The last message. */
  | [kind: typeof Kind.stopped, rank: number];
