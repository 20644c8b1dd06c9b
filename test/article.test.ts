import { expect } from "chai";
import { withArticle } from "../src/article.ts";

describe("the article of a name", () => {
  for (const said of [
    "a Float64Array",
    "an Int8Array",
    "a Uint8Array",
    "an AsyncGenerator",
    "an imap",
    "a map",
    "a URL",
    "an MT19937",
    "an SFC64",
    "a PCG64",
    "a Map",
    "an 8 x 2 grid",
    "an 11 x 8 grid",
    "an 18 x 1 grid",
    "a 110 x 8 grid",
    "a 1 x 8 grid",
  ]) {
    it(`should be that of: ${said}`, () => {
      expect(withArticle(said.slice(said.indexOf(" ") + 1))).to.equal(said);
    });
  }
});
