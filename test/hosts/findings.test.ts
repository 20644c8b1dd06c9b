/** What is said of a host whose facts are given. On real hosts: doctor.test.ts. */
import { expect } from "chai";
import { findingsOf } from "../../launcher/doctor.ts";
import { nodeProblem } from "../../launcher/hosts/checks.ts";
import { examineHost } from "../../launcher/hosts/examine.ts";
import type { HostFacts, WireName } from "../../launcher/hosts/protocol.ts";

const own: HostFacts = {
  ...examineHost(),
  node: "24.1.0",
  version: "1.2.3",
  native: undefined,
  sharedMemory: undefined,
  copies: true,
  zeromq: undefined,
};

/** Each as "wrong: ..." or "note: ...". */
function said(
  different: Partial<HostFacts>,
  { skew = 0, doubt = 0, alone = false, wire = "zeromq" as WireName } = {},
): string[] {
  const examined = { name: "b", facts: { ...own, ...different }, skew, doubt };
  return findingsOf(examined, own, alone ? undefined : wire).map(
    ({ fatal, text }) => `${fatal ? "wrong" : "note"}: ${text}`,
  );
}

describe("what tsmpi doctor finds", () => {
  it("should be nothing where all is well", () => {
    expect(said({})).to.deep.equal([]);
    expect(said({ node: "24.9.1" }, { skew: -900 })).to.deep.equal([]);
  });

  it("should be another version of tsmpi", () => {
    const advice = "install the same version there";
    expect(said({ version: "1.3.0" })).to.deep.equal([
      `wrong: b: has tsmpi 1.3.0, and here is 1.2.3; ${advice}`,
    ]);
  });

  it("should be another major version of Node", () => {
    expect(said({ node: "20.19.0" })).to.deep.equal([
      "note: b: has Node 20.19.0, and here is 24.1.0; the same major version everywhere avoids surprises",
    ]);
  });

  it("should be a version of Node that is too old, where no rank would be started", () => {
    expect(said({ node: "20.18.3" })).to.deep.equal([
      "wrong: b: has Node 20.18.3; install 20.19 or later there",
    ]);
  });

  it("should be ZeroMQ that does not load, where hosts need it", () => {
    const zeromq = "the package zeromq does not load (why); install it again with: npm install zeromq";
    expect(said({ zeromq })).to.deep.equal([`wrong: b: ${zeromq}`]);
    expect(said({ zeromq }, { wire: "tcp" })).to.deep.equal([]);
    expect(said({ zeromq }, { alone: true })).to.deep.equal([]);
  });

  it("should be a clock that is wrong by more than is in doubt", () => {
    expect(said({}, { skew: 3000, doubt: 100 })).to.deep.equal([
      "note: b: its clock is 3.0 s ahead; let NTP set it (chrony)",
    ]);
    expect(said({}, { skew: -61_500 })).to.deep.equal([
      "note: b: its clock is 61.5 s behind; let NTP set it (chrony)",
    ]);
    expect(said({}, { skew: 3000, doubt: 2500 })).to.deep.equal([]);
  });

  it("should be copies that the kernel forbids", () => {
    expect(said({ copies: false })).to.have.length(1);
    expect(said({ copies: false })[0]).to.match(/^note: b: the kernel forbids .*--cap-add=SYS_PTRACE/);
  });

  it("should be shared memory that cannot be had, and what one host can do without it", () => {
    const sharedMemory = "memfd_create: Operation not permitted";
    const wrong = `wrong: b: shared memory cannot be had: ${sharedMemory}`;
    expect(said({ sharedMemory })).to.deep.equal([wrong]);
    expect(said({ sharedMemory }, { alone: true })).to.deep.equal([
      `${wrong}; --transport zeromq does without it`,
    ]);
  });

  it("should be native code that cannot be loaded, which a job on one host can do without", () => {
    const native = "the native part of tsmpi cannot be loaded";
    expect(said({ native, copies: false })).to.deep.equal([`wrong: b: ${native}`]);
    expect(said({ native, copies: false }, { alone: true })).to.deep.equal([
      `note: b: ranks use ZeroMQ (--transport zeromq), which is slower: ${native}`,
    ]);
  });
});

describe("the version of Node that a host needs", () => {
  for (const [version, tooOld] of [
    ["18.20.8", true],
    ["20.9.0", true],
    ["20.18.3", true],
    ["20.19.0", false],
    ["22.0.0", false],
    ["100.1.0", false],
  ] as const) {
    it(`should ${tooOld ? "not " : ""}be ${version}`, () => {
      expect(nodeProblem(version) !== undefined).to.equal(tooOld);
    });
  }
});
