import { expect } from "chai";
import type { TsmpiError } from "../../src/errors.ts";

/** Expects that `work` throws, or rejects, with an error of this class whose sentence matches; returns it. */
export async function fails<E extends TsmpiError>(
  work: () => unknown,
  type: abstract new (...args: any[]) => E,
  sentence: RegExp,
): Promise<E> {
  let error: unknown;
  try {
    await work();
  } catch (thrown) {
    error = thrown;
  }
  expect(error, "no error").to.be.instanceOf(type);
  expect((error as Error).message).to.match(sentence);
  return error as E;
}
