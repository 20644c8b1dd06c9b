import { ArgumentError } from "../../errors.ts";
import type { Future } from "./future.ts";

export interface FlowOptions {
  /** Results in the order of items; default true. */
  ordered?: boolean;
  /** Items that are under way, or whose results wait for being read; default 4 for each worker. */
  inFlight?: number;
}

/**
 * Results of items that are submitted as there is room for them.
 * @throws what a task or the items throw; items under way are cancelled then, and when the reader leaves
 */
export async function* flow<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  submit: (item: T, index: number) => Future<R>,
  { ordered = true, inFlight }: FlowOptions & { inFlight: number },
): AsyncGenerator<R, void, void> {
  if (!Number.isInteger(inFlight) || inFlight < 1) {
    throw new ArgumentError(`imap: inFlight must be a whole number from 1; got ${String(inFlight)}.`);
  }
  const open = new Set<Future<R>>();
  /** Those to be read next: all under way when ordered, else those which are settled. */
  const line: Future<R>[] = [];
  let exhausted = false;
  let left = false;
  let trouble: { error: unknown } | undefined;
  let news = (): void => {};
  let room = (): void => {};

  const feed = async (): Promise<void> => {
    let index = 0;
    try {
      for await (const item of items) {
        if (left) return;
        const future = submit(item, index++);
        open.add(future);
        if (ordered) line.push(future);
        future.onSettled(() => {
          if (!ordered) line.push(future);
          news();
        });
        news();
        while (open.size >= inFlight && !left) {
          await new Promise<void>(resolve => {
            room = resolve;
          });
        }
        if (left) return;
      }
    } catch (error) {
      trouble = { error };
    } finally {
      exhausted = true;
      news();
    }
  };

  const feeding = feed();
  try {
    for (;;) {
      while (line.length === 0 || !line[0].settled) {
        if (exhausted && open.size === 0) {
          if (trouble !== undefined) throw trouble.error;
          return;
        }
        await new Promise<void>(resolve => {
          news = resolve;
        });
      }
      const future = line.shift()!;
      open.delete(future);
      room();
      yield future.result;
    }
  } finally {
    left = true;
    room();
    for (const future of open) {
      future.cancel();
      // Nobody will ask for it any more.
      future.onSettled(({ error }) => error);
    }
    // The items may be slow to come; who has left does not wait for them.
    void feeding;
  }
}
