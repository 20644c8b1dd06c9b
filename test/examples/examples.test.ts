import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { launch, packageRoot } from "../launch.ts";

const RANKS = [1, 2, 3, 5, 8];

const page = readFileSync(join(packageRoot, "docs/examples.md"), "utf8");

/** Runs an example and gives what it printed on stdout. */
async function output(ranks: number, example: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await launch(["-n", String(ranks), `examples/${example}.ts`, ...args]);
  expect(code, stderr).to.equal(0);
  if (example === "flights") expect(stderr).to.match(/^\d+\.\d\d s on \d+ ranks?\n$/);
  else expect(stderr).to.equal("");
  return stdout;
}

/** Tests that an example prints the same on any number of ranks, and that the page of examples shows it. */
function shouldPrint(expected: string, example: string, ...args: string[]): void {
  for (const ranks of RANKS) {
    it(`should print its answer on ${ranks}`, async () => {
      expect(await output(ranks, example, ...args)).to.equal(expected);
    });
  }
  it("should be on the page of examples", () => {
    expect(page).to.include(`\`\`\`text\n${expected}\`\`\``);
  });
}

describe("examples", () => {
  describe("hello", () => {
    for (const ranks of RANKS) {
      it(`should greet in the order of ranks on ${ranks}`, async () => {
        const lines = Array.from(
          { length: ranks },
          (_, rank) => `Hello from rank ${rank} of ${ranks} on ${hostname()}\n`,
        );
        expect(await output(ranks, "hello")).to.equal(lines.join(""));
      });
    }
  });

  describe("ring", () => {
    const answers: Record<number, string> = {
      1: "The token went 0 -> 0; the ranks add up to 0\n",
      2: "The token went 0 -> 1 -> 0; the ranks add up to 1\n",
      3: "The token went 0 -> 1 -> 2 -> 0; the ranks add up to 3\n",
      5: "The token went 0 -> 1 -> 2 -> 3 -> 4 -> 0; the ranks add up to 10\n",
      8: "The token went 0 -> 1 -> 2 -> 3 -> 4 -> 5 -> 6 -> 7 -> 0; the ranks add up to 28\n",
    };
    for (const ranks of RANKS) {
      it(`should visit all ranks on ${ranks}`, async () => {
        expect(await output(ranks, "ring")).to.equal(answers[ranks]);
      });
    }
    it("should be on the page of examples", () => {
      expect(page).to.include(answers[5]);
    });
  });

  // The figures of the next three are those of a C program that does the same on one core.

  describe("pi", () => {
    shouldPrint(
      `4714072 of 6000000 points fell into the quarter circle
pi is about 3.142715, with a standard error of 0.000670
`,
      "pi",
    );
  });

  describe("heat", () => {
    shouldPrint(
      `563 steps until no point changed by more than 0.01 degrees
Mean temperature 18.881475, checksum 22657.76957639962
Half way along the pipe: 30.4840 behind the flame, 5.8812 opposite
`,
      "heat",
    );

    it("should refuse more ranks than rows", async () => {
      const { code, stderr } = await launch(["-n", "51", "examples/heat.ts"]);
      expect(code).to.equal(1);
      expect(stderr).to.include("heat: each rank needs a row; there are 50 rows for 51 ranks");
    });
  });

  describe("master-worker", () => {
    shouldPrint(
      `
                                                   .
                                                      .
                                                  .-**:
                                                 .%@@@@:
                                        .... .-:==*@@@#==-::     .
                                         -%##@@@@@@@@@@@@@@@#=+#+
                                     ..=+%@@@@@@@@@@@@@@@@@@@@@%-.
                        .            .+@@@@@@@@@@@@@@@@@@@@@@@@@@*=.
                        .*=++#++-.  .%@@@@@@@@@@@@@@@@@@@@@@@@@@@@:
                      .=#@@@@@@@@@*.*@@@@@@@@@@@@@@@@@@@@@@@@@@@@%.
        ..        .:**=@@@@@@@@@@@@%@@@@@@@@@@@@@@@@@@@@@@@@@@@%+.
        ..        .:**=@@@@@@@@@@@@%@@@@@@@@@@@@@@@@@@@@@@@@@@@%+.
                      .=#@@@@@@@@@*.*@@@@@@@@@@@@@@@@@@@@@@@@@@@@%.
                        .*=++#++-.  .%@@@@@@@@@@@@@@@@@@@@@@@@@@@@:
                        .            .+@@@@@@@@@@@@@@@@@@@@@@@@@@*=.
                                     ..=+%@@@@@@@@@@@@@@@@@@@@@%-.
                                         -%##@@@@@@@@@@@@@@@#=+#+
                                        .... .-:==*@@@#==-::     .
                                                 .%@@@@:
                                                  .-**:
                                                      .
                                                   .

51584 of 221184 points inside: area about 1.5112
`,
      "master-worker",
    );

    it("should end when there are more workers than lines", async () => {
      expect(await output(27, "master-worker")).to.include("51584 of 221184 points inside");
    });
  });

  // The figures are those of NumPy with the same formulas.
  describe("options", () => {
    shouldPrint(
      `300000 calls are worth 6697328.3508, the puts 5771012.0146
159219 calls are worth more than their puts
Calls and puts differ by share less strike, to 1e-12
`,
      "options",
    );
  });

  // The figures are those of Apache Arrow (pyarrow 25, group_by and exact fractions) for the same file.

  describe("flights", () => {
    const whole = `flights     3000000 (0 more without a delay) from 229 airports
delay       -1116 to 1688 minutes
mean        6.667867666666667
variance    1048.680839340101
deviation   32.383342003877566
`;

    shouldPrint(
      `${whole}worst mean delays (least number of flights: 1):
  ACY  98.000000       1 flights
  HDN  16.777547     481 flights
  BGR  16.572343    1562 flights
  DUT  15.788732     213 flights
  DRO  15.694737      95 flights
  SBP  14.421585    1186 flights
  JNU  14.099950    1981 flights
  CDV  12.985755     351 flights
  MRY  12.939236    1152 flights
  MQT  12.787037     108 flights
`,
      "flights",
    );

    it("should leave out small airports when asked to, and have ranks without a row group", async () => {
      expect(
        await output(16, "flights", "1000"),
      ).to.equal(`${whole}worst mean delays (least number of flights: 1000):
  BGR  16.572343    1562 flights
  SBP  14.421585    1186 flights
  JNU  14.099950    1981 flights
  MRY  12.939236    1152 flights
  JFK  12.305948   31270 flights
  EYW  11.645181    1598 flights
  DEN  11.071679   66923 flights
  FAT  10.833992    1771 flights
  PSP  10.426775    4691 flights
  PHX   9.994400   93036 flights
`);
    });

    it("should refuse a number of flights that is none", async () => {
      const { code, stderr } = await launch(["-n", "2", "examples/flights.ts", "many"]);
      expect(code).to.equal(1);
      expect(stderr).to.include("flights: the least number of flights must be 1 or more; got many");
    });
  });
});
