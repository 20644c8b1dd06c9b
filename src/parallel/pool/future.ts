import { inspect } from "node:util";
import { TsmpiError } from "../../errors.ts";

/**
 * pending: waits for a worker, or for its turn on one. running: begun. done, failed, cancelled: settled, for good.
 */
export type FutureState = "pending" | "running" | "done" | "failed" | "cancelled";

/** A task was cancelled before it began. */
export class CancelledError extends TsmpiError {
  constructor(message: string) {
    super("TSMPI_CANCELLED", message);
  }
}

/** The result of a task, now or later. `await` it, or look at its state. */
export abstract class Future<T> implements PromiseLike<T> {
  /** Number in the order submitted to this pool from this rank. */
  readonly index: number;
  /** Name of the task. */
  readonly name: string;
  private current: FutureState = "pending";
  private value: T | undefined;
  private reason: unknown;
  private watchers: ((future: Future<T>) => void)[] | undefined;
  private promised: Promise<T> | undefined;
  private looked = false;

  constructor(index: number, name: string) {
    this.index = index;
    this.name = name;
  }

  get state(): FutureState {
    return this.current;
  }

  /** Whether it is done, failed or cancelled. */
  get settled(): boolean {
    return this.current !== "pending" && this.current !== "running";
  }

  /**
   * What the task has returned.
   * @throws {TaskError} it has failed
   * @throws {CancelledError} it was cancelled
   * @throws {TsmpiError} it is not settled yet
   */
  get result(): T {
    this.looked = true;
    if (this.current === "done") return this.value as T;
    if (this.settled) throw this.reason;
    throw new TsmpiError(
      "TSMPI_NOT_SETTLED",
      `${this.name} ${this.index} is ${this.current}; await it first`,
    );
  }

  /** What `result` throws; undefined when the task is done, or not settled yet. */
  get error(): unknown {
    this.looked = true;
    return this.reason;
  }

  /** Whether the outcome was never asked for. */
  get unseen(): boolean {
    return !this.looked;
  }

  /** "Future(square 3, running)" */
  toString(): string {
    return `Future(${this.name} ${this.index}, ${this.state})`;
  }

  /** As console.log shows it. */
  [inspect.custom](): string {
    return this.toString();
  }

  /** Cancels the task if it has not begun. Returns whether it is cancelled. */
  abstract cancel(): boolean;

  /** Calls back when it is settled, at once when it is already. */
  onSettled(callback: (future: Future<T>) => void): void {
    if (this.settled) {
      callback(this);
      return;
    }
    this.onWatched();
    (this.watchers ??= []).push(callback);
  }

  // biome-ignore lint/suspicious/noThenProperty: a future can be awaited.
  then<A = T, B = never>(
    fulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.promise().then(fulfilled, rejected);
  }

  catch<B = never>(rejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.promise().catch(rejected);
  }

  finally(callback?: (() => void) | null): Promise<T> {
    return this.promise().finally(callback);
  }

  /** Made when first asked for, so that a failure which is looked at otherwise is no unhandled rejection. */
  private promise(): Promise<T> {
    this.looked = true;
    this.promised ??= new Promise((resolve, reject) => {
      this.onSettled(() => {
        if (this.current === "done") resolve(this.value as T);
        else reject(this.reason);
      });
    });
    return this.promised;
  }

  /** Somebody waits for it. */
  protected onWatched(): void {}

  protected begin(): void {
    this.current = "running";
  }

  /** Back in the queue. */
  protected postpone(): void {
    this.current = "pending";
  }

  protected settle(state: "done" | "failed" | "cancelled", outcome: unknown): void {
    this.current = state;
    if (state === "done") this.value = outcome as T;
    else this.reason = outcome;
    const { watchers } = this;
    this.watchers = undefined;
    if (watchers !== undefined) for (const watcher of watchers) watcher(this);
  }
}

/**
 * Futures in the order in which they are settled, each with its place in the list:
 * `for await (const [place, future] of asCompleted(futures))`.
 */
export async function* asCompleted<F extends Future<any>>(
  futures: Iterable<F>,
): AsyncGenerator<[place: number, future: F], void, void> {
  const settled: [number, F][] = [];
  let total = 0;
  let wake = (): void => {};
  for (const future of futures) {
    const place = total++;
    future.onSettled(() => {
      settled.push([place, future]);
      wake();
    });
  }
  for (let next = 0; next < total; next++) {
    if (next === settled.length) {
      await new Promise<void>(resolve => {
        wake = resolve;
      });
    }
    yield settled[next];
  }
}
