import { expect } from "chai";
import { ArgumentError } from "../../src/errors.ts";
import { requireKnownOptions } from "../../src/known-options.ts";

describe("options of a call", () => {
  interface Options {
    priority?: number;
    retries?: number;
  }
  const require = (options: unknown): void =>
    requireKnownOptions<Options>("submit", options as Options, { priority: true, retries: true });

  it("should be those that there are", () => {
    require({});
    require({ retries: undefined, priority: 3 });
    const refusals: [unknown, string][] = [
      [{ prioritty: 1 }, "submit: there is no option prioritty; did you mean priority?"],
      [{ priority: 1, retry: undefined }, "submit: there is no option retry; did you mean retries?"],
      [{ weight: 1 }, "submit: there is no option weight; there are priority, retries."],
      [{ toString: 1 }, "submit: there is no option toString; there are priority, retries."],
      [4, "submit: options must be an object with any of priority, retries; got a number (4)."],
      [null, "submit: options must be an object with any of priority, retries; got null."],
    ];
    for (const [options, sentence] of refusals) {
      expect(() => require(options)).to.throw(ArgumentError, sentence);
    }
  });
});
