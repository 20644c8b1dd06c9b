import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { type Launched, launch } from "../launch.ts";

/** The CSV text of `delay,city,Größe`, `5e3,Zürich,2` and `NA,Genève,NA`, in latin1, as bzip2 in two parts makes it. */
const BZIP2 = Buffer.from(
  "QlpoOTFBWSZTWbR16GgAAAdfgoAQAAQaAACAABAuZBQgAACBBCAAMUwmmgNMQpiNDQxMiFtzA7mNFUS8jM4alkiJzPxdyRThQkLR16GgQlpoOTFBWSZTWRxk4FQAAAPVgQAQAAQggQIBAQAAQCAAMQZMQNNGRpYbCC7XJ4u5IpwoSA4ycCoA",
  "base64",
);

const heading = (title: string, files: number): string =>
  `${title.padEnd(12)}${`${files} files`.padEnd(12)}     count   missing       min      mean       max\n`;

describe("example csv-files", () => {
  let folder: string;

  const write = (name: string, content: string | Buffer): void => writeFileSync(join(folder, name), content);
  const run = (ranks: number, ...args: string[]): Promise<Launched> =>
    launch(["-n", String(ranks), "examples/csv-files.ts", ...args]);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "tsmpi-csv-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  describe("over files of unequal size, in latin1, with gzip and missing values", () => {
    beforeEach(() => {
      // 1 ... 1000 in one file, its rows as Windows ends them; the others are short. Columns stand in any order.
      const numbers = Array.from({ length: 1000 }, (_, i) => `Zürich,${i + 1},"a, ""b"""\r\n`).join("");
      write("a.csv", Buffer.from(`city,delay,Größe\r\n${numbers}`, "latin1"));
      write("b.csv", Buffer.from('Größe,city,delay\n7, Zürich ,NA\nNA,Bern,-3.5\n"8","Bern",\n\n', "latin1"));
      write("c.csv.gz", gzipSync(Buffer.from("delay,city,Größe\n5e3,Zürich,2\nNA,Genève,NA\n", "latin1")));
      write("d.csv", "city,delay,Größe\n"); // no rows
      write("notes.txt", "no table");
    });

    for (const ranks of [1, 2, 3, 5, 8]) {
      it(`should print the figures of all on ${ranks}`, async () => {
        const args = ["--columns", "delay", "--by", "city", "--encoding", "latin1", folder];
        const { code, stdout, stderr } = await run(ranks, ...args);
        expect(code, stderr).to.equal(0);
        expect(stderr).to.equal("");
        expect(stdout).to.equal(
          `${heading("city", 4)}\
Bern        delay                1         1      -3.5    -3.500      -3.5
Genève      delay                0         1         -         -         -
Zürich      delay             1001         1         1   504.995      5000
`,
        );
      });
    }

    it("should read bzip2", async () => {
      write("e.csv.bz2", BZIP2);
      const args = [
        "--columns",
        "delay,Größe",
        "--by",
        "city",
        "--encoding",
        "latin1",
        join(folder, "e.csv.bz2"),
      ];
      const { code, stdout, stderr } = await run(2, ...args);
      expect(code, stderr).to.equal(0);
      expect(stdout).to.equal(
        `${heading("city", 1)}\
Genève      delay                0         1         -         -         -
Genève      Größe                0         1         -         -         -
Zürich      delay                1         0      5000  5000.000      5000
Zürich      Größe                1         0         2     2.000         2
`,
      );
    });

    it("should read files by name, columns by names that are not ASCII, and all in one group", async () => {
      const files = [join(folder, "b.csv"), join(folder, "c.csv.gz")];
      const args = ["--columns", "Größe,delay", "--encoding", "latin1", ...files];
      const { code, stdout, stderr } = await run(3, ...args);
      expect(code, stderr).to.equal(0);
      expect(stdout).to.equal(
        `${heading("", 2)}\
all         Größe                3         2         2     5.667         8
all         delay                2         3      -3.5  2498.250      5000
`,
      );
    });

    it("should say what to do with bytes that are not UTF-8", async () => {
      const { code, stderr } = await run(2, "--columns", "delay", "--by", "city", join(folder, "a.csv"));
      expect(code).to.equal(1);
      expect(stderr).to.include("a.csv, line 2: Z\uFFFDrich is not utf8: give --encoding, as latin1");
    });
  });

  const good = `city,delay\n${"Bern,1\n".repeat(5000)}`;
  const malformed: readonly [title: string, name: string, content: string | Buffer, message: string][] = [
    [
      "a text for a number",
      "x.csv",
      `${good}Bern,late\n`,
      "x.csv, line 5002: expected a number or NA in column delay; got late",
    ],
    ["a row that is too short", "x.csv", `${good}Bern\nBern,2\n`, "x.csv, line 5002: Invalid Record Length"],
    ["a quote that is not closed", "x.csv", `${good}"Bern,1\n`, "x.csv, line 5002: Quote Not Closed"],
    [
      "a column that is not there",
      "x.csv",
      "town,delay\nBern,1\n",
      "x.csv, line 1: no column city; there are town, delay",
    ],
    ["an empty file", "x.csv", "", "x.csv, line 1: expected a header; the file is empty"],
    ["a gzip file cut short", "x.csv.gz", gzipSync(good).subarray(0, -20), "unexpected end of file"],
    ["a file that is not gzip", "x.csv.gz", good, "x.csv.gz, line 1: incorrect header check"],
    ["a bzip2 file cut short", "x.csv.bz2", BZIP2.subarray(0, -20), "x.csv.bz2, line "],
    ["a file that is not bzip2", "x.csv.bz2", good, "x.csv.bz2, line 1: No magic number found"],
  ];
  for (const [title, name, content, message] of malformed) {
    it(`should name the file and the place of ${title}`, async () => {
      write("good.csv", good);
      write(name, content);
      const { code, stdout, stderr } = await run(2, "--columns", "delay", "--by", "city", folder);
      expect(code).to.equal(1);
      expect(stdout).to.equal("");
      expect(stderr).to.include(message).and.include(join(folder, name));
    });
  }

  it("should refuse what it cannot do", async () => {
    const refused: readonly [args: string[], message: string][] = [
      [[folder], "expected --columns with names"],
      [["--columns", "a"], "expected --columns with names"],
      [["--columns", "a", folder], "expected .csv, .csv.gz or .csv.bz2 files"],
      [["--columns", "a", "--encoding", "latin-7", folder], "as utf8 or latin1; got latin-7"],
    ];
    for (const [args, message] of refused) {
      const { code, stderr } = await run(1, ...args);
      expect(code).to.equal(1);
      expect(stderr).to.include(message);
    }
  });
});
