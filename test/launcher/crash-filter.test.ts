import { expect } from "chai";
import { Crashes } from "../../launcher/crash-filter.ts";

/** An error that nobody caught, as node prints it. */
function crash(message: string, ...frames: string[]): Buffer {
  const stack = ["main.ts:3:9", ...frames].map(frame => `    at ${frame}\n`).join("");
  return Buffer.from(
    `main.ts:3\n  throw error;\n        ^\n\nError: ${message}\n${stack}\nNode.js v20.20.2\n`,
  );
}

describe("the filter of crashes", () => {
  it("should print once what several ranks die of", () => {
    const crashes = new Crashes();
    const text = crash("lost");
    expect(crashes.filter(0, text).toString()).to.equal(text.toString());
    expect(crashes.filter(1, text).toString()).to.equal("");
    expect([...crashes.repeated]).to.deep.equal([0, 1]);
  });

  it("should keep what a rank wrote before", () => {
    const crashes = new Crashes();
    crashes.filter(0, crash("lost"));
    const block = Buffer.concat([Buffer.from("a warning\n"), crash("lost")]);
    expect(crashes.filter(1, block).toString()).to.equal("a warning\n");
  });

  it("should not mind which of node's own frames a stack ends with", () => {
    const crashes = new Crashes();
    crashes.filter(
      0,
      crash("lost", "process.processTicksAndRejections (node:internal/process/task_queues:95:5)"),
    );
    const other = crash("lost", "process.runNextTicks (node:internal/process/task_queues:60:5)");
    expect(crashes.filter(1, other).toString()).to.equal("");
  });

  it("should print what differs", () => {
    const crashes = new Crashes();
    crashes.filter(0, crash("lost"));
    const messages = [crash("found"), crash("lost", "other.ts:5:1")];
    for (const text of messages) expect(crashes.filter(1, text).toString()).to.equal(text.toString());
    expect([...crashes.repeated]).to.deep.equal([]);
  });
});
