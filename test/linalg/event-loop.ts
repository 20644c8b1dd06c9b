import { expect } from "chai";

/**
 * Expects that work which was begun on another thread leaves this one to others: its result is not there when the call
 * returns, and the event loop turns before it is. `begin` says whether it was there. On a busy machine the work may be
 * done before this thread runs again, so that there are some attempts; work on this thread fails them all.
 */
export async function expectFree(
  begin: () => { promise: Promise<unknown>; written: boolean },
): Promise<void> {
  const attempts: { written: boolean; turned: boolean }[] = [];
  do {
    let turned = false;
    const { promise, written } = begin();
    setImmediate(() => (turned = true));
    await promise;
    attempts.push({ written, turned });
    if (!written && turned) return;
  } while (attempts.length < 30);
  expect.fail(`the call keeps this thread: ${JSON.stringify(attempts)}`);
}
