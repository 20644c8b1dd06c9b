import { expect } from "chai";
import { algorithms, type Family, families, Need, needsOf } from "../../src/collectives/algorithm-names.ts";
import { builtIn, choose } from "../../src/collectives/choice.ts";
import { checkRules, joinRules, parseForced, WrongRules } from "../../src/collectives/rules.ts";
import { withRules } from "./support.ts";

const place = (size: number, crowded = false) => ({ size, crowded });
const everything = Object.values(Need).reduce<number>((all, bit) => all | bit, 0);

describe("the choice of an algorithm", () => {
  it("always finds one that serves the call", () => {
    for (const family of families) {
      for (const size of [1, 2, 3, 16, 17, 1000]) {
        for (const bytes of [0, 1, 1 << 10, 1 << 30]) {
          for (let has = 0; has <= everything; has++) {
            const name = choose(family, place(size), bytes, has);
            expect(needsOf(family, name)! & ~has, `${family} ${name}`).to.equal(0);
          }
        }
      }
    }
  });

  it("knows the algorithms of its own rules", () => {
    expect(checkRules(structuredClone(builtIn))).to.deep.equal(builtIn);
  });

  it("takes the first rule that holds", () => {
    const has = Need.blocks | Need.partial | Need.commuting;
    const pick = (size: number, bytes: number, crowded = false, bits: number = has) =>
      choose("allreduce", place(size, crowded), bytes, bits);
    expect(pick(4, 8)).to.equal("recursive-doubling");
    expect(pick(4, 8, false, has | Need.host)).to.equal("board");
    expect(pick(4, 1 << 20)).to.equal("rabenseifner");
    expect(pick(5, 1 << 20)).to.equal("ring");
    expect(pick(5, 1 << 20, false, Need.blocks | Need.partial)).to.equal("rabenseifner");
    expect(pick(5, 1 << 20, false, Need.blocks)).to.equal("exchange");
    expect(pick(5, 8, false, Need.nothing)).to.equal("gather");
    const allreduce = [
      { algorithm: "ring", minRanks: 3, maxRanks: 4, minBytes: 100, maxBytes: 200 },
      { algorithm: "gather", crowded: true },
      { algorithm: "exchange", powerOfTwo: false },
    ];
    withRules({ allreduce }, () => {
      expect([99, 100, 200, 201].map(bytes => pick(4, bytes))).to.deep.equal([
        "recursive-doubling",
        "ring",
        "ring",
        "recursive-doubling",
      ]);
      expect([2, 3, 4, 5].map(size => pick(size, 150))).to.deep.equal([
        "recursive-doubling",
        "ring",
        "ring",
        "exchange",
      ]);
      expect(pick(2, 150, true)).to.equal("gather");
      expect(pick(3, 150, false, Need.blocks)).to.equal("exchange");
    });
    expect(pick(2, 150, true)).to.equal("recursive-doubling");
  });
});

describe("rules", () => {
  it("are forced for all calls by name", () => {
    expect(parseForced("allreduce=ring, broadcast = binomial")).to.deep.equal({
      allreduce: [{ algorithm: "ring" }],
      broadcast: [{ algorithm: "binomial" }],
    });
    expect(parseForced("scan=gather,scan=chain").scan).to.have.length(2);
  });

  it("are joined, the first before the others", () => {
    const one = { scan: [{ algorithm: "chain" }] };
    const other = { scan: [{ algorithm: "gather" }], reduce: [{ algorithm: "gather" }] };
    expect(joinRules(one, other)).to.deep.equal({
      reduce: [{ algorithm: "gather" }],
      scan: [{ algorithm: "chain" }, { algorithm: "gather" }],
    });
  });

  const allreduces = Object.keys(algorithms.allreduce).join(", ");
  const forced: [text: string, message: string][] = [
    ["", 'expected operation=algorithm, several separated by commas; got ""'],
    ["ring", 'expected operation=algorithm, several separated by commas; got "ring"'],
    ["allreduce=ring,", 'got ""'],
    [
      "alreduce=ring",
      `there is no operation alreduce to choose an algorithm for; there are ${families.join(", ")}`,
    ],
    ["allreduce=rings", `allreduce has no algorithm rings; it has ${allreduces}`],
    ["allreduce=toString", "allreduce has no algorithm toString"],
    ["constructor=ring", "there is no operation constructor"],
  ];
  for (const [text, message] of forced) {
    it(`refuse ${JSON.stringify(text)}`, () => {
      expect(() => parseForced(text)).to.throw(WrongRules, message);
    });
  }

  const tables: [rules: unknown, message: string][] = [
    [undefined, "the rules must be an object"],
    [[], "the rules must be an object"],
    [{ allreduce: {} }, "the rules for allreduce must be a list"],
    [{ send: [] }, "there is no operation send"],
    [{ scan: ["chain"] }, "rule 1 for scan must be an object"],
    [{ scan: [{ algorithm: "chain" }, {}] }, "rule 2 for scan has no algorithm"],
    [{ scan: [{ algorithm: "ring" }] }, "scan has no algorithm ring; it has"],
    [{ scan: [{ algorithm: 7 }] }, "scan has no algorithm 7"],
    [
      { scan: [{ algorithm: "chain", bytes: 3 }] },
      'rule 1 for scan has "bytes", which is none of algorithm, minRanks',
    ],
    [
      { scan: [{ algorithm: "chain", minBytes: -1 }] },
      "minBytes in rule 1 for scan must be a whole number from 0, and is -1",
    ],
    [
      { scan: [{ algorithm: "chain", crowded: 1 }] },
      "crowded in rule 1 for scan must be true or false, and is 1",
    ],
  ];
  for (const [rules, message] of tables) {
    it(`refuse the table ${JSON.stringify(rules)}`, () => {
      expect(() => checkRules(rules)).to.throw(WrongRules, message);
    });
  }
});

describe("the names of algorithms", () => {
  it("have a function each, for every operation by messages", () => {
    // forced.test.ts runs them; this is for those that would never be chosen.
    for (const family of families as Family[]) {
      for (const name of Object.keys(algorithms[family])) {
        const needs = needsOf(family, name)!;
        withRules({ [family]: [{ algorithm: name }] }, () => {
          expect(choose(family, place(4), 1 << 10, needs)).to.equal(name);
        });
      }
    }
  });
});
