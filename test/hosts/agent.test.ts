/** The commands that start daemons, as far as no shell here shows what is wrong with them. */
import { expect } from "chai";
import { parseArguments } from "../../launcher/arguments.ts";
import { commandFor } from "../../launcher/hosts/agent.ts";
import type { JobOptions } from "../../launcher/options.ts";

describe("the command that ssh gives a login shell", () => {
  for (const options of [[], ["--ship"]]) {
    it(`should be one for csh, too${options.length > 0 ? `, with ${options.join()}` : ""}`, () => {
      const parsed = parseArguments([...options, "script.ts"], "") as JobOptions;
      const command = commandFor("b", "ssh", parsed).at(-1)!;
      // csh ends a word in quotes with the line, and replaces !x by what it remembers.
      expect(command).to.not.match(/\n|!(?!=)/);
    });
  }
});
