import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { type Arguments, parseArguments } from "../../launcher/arguments.ts";
import { splitWords } from "../../launcher/options.ts";
import { UsageError } from "../../launcher/usage-error.ts";
import { nearest } from "../../src/nearest.ts";

function parse(line: string): Arguments {
  const parsed = parseArguments(line.split(" ").filter(word => word !== ""));
  if (typeof parsed === "string") throw new Error(`parsed as ${parsed}`);
  return parsed;
}

describe("the command line of tsmpirun", () => {
  it("should have defaults for everything but the script", () => {
    const args = parse("a.ts");
    expect(args.segments).to.have.length(1);
    expect(args.segments[0]).to.include({ script: "a.ts", ranks: undefined, workingFolder: undefined });
    expect(args).to.include({
      stdin: 0,
      tagOutput: false,
      bindTo: "none",
      physicalCores: false,
      verbose: false,
      dryRun: false,
    });
    expect(args.timeoutSeconds).to.equal(undefined);
  });

  it("should take the number of ranks in every usual spelling", () => {
    for (const line of ["-n 4 a.ts", "-np 4 a.ts", "--np 4 a.ts", "--np=4 a.ts", "-n4 a.ts"]) {
      expect(parse(line).segments[0].ranks, line).to.equal(4);
    }
  });

  it("should take the port of the dashboard only with an equals sign", () => {
    expect(parse("a.ts").dashboard).to.equal(undefined);
    expect(parse("--dashboard a.ts").dashboard).to.equal(0);
    expect(parse("--dashboard=8000 a.ts").dashboard).to.equal(8000);
    expect(parse("--dashboard 8000").segments[0].script).to.equal("8000");
    for (const port of ["65536", "x", "-1", "80.5"]) {
      expect(() => parse(`--dashboard=${port} a.ts`)).to.throw(UsageError, `a port from 0 to 65535`);
    }
  });

  it("should leave everything after the script to the script", () => {
    const [segment] = parse("-n 2 a.ts -n 5 --verbose -- x").segments;
    expect(segment.args).to.deep.equal(["-n", "5", "--verbose", "--", "x"]);
    expect(segment.ranks).to.equal(2);
  });

  it("should end options at --", () => {
    expect(parse("-n 2 -- -odd.ts").segments[0].script).to.equal("-odd.ts");
  });

  it("should split parts at a colon, each with options of its own", () => {
    const { segments, verbose } = parse("-n 2 -x A=1 a.ts p : -n 6 --wdir /tmp -v b.ts q");
    expect(segments.map(segment => segment.script)).to.deep.equal(["a.ts", "b.ts"]);
    expect(segments.map(segment => segment.ranks)).to.deep.equal([2, 6]);
    expect(segments.map(segment => segment.args)).to.deep.equal([["p"], ["q"]]);
    expect(segments[0].environment).to.deep.equal([["A", "1"]]);
    expect(segments[1].environment).to.deep.equal([]);
    expect(segments[1].workingFolder).to.equal("/tmp");
    expect(verbose).to.equal(true);
  });

  it("should collect repeated variables, with = in values", () => {
    const { environment } = parse("--env A=1 -x B=x=y --env=C= -x PATH a.ts").segments[0];
    expect(environment).to.deep.equal([
      ["A", "1"],
      ["B", "x=y"],
      ["C", ""],
      ["PATH", undefined],
    ]);
  });

  it("should read the options of the job", () => {
    const args = parse(
      "--stdin all --tag-output --output-dir out --timeout 2.5 --bind-to core --threads-per-rank 3 --physical-cores --dry-run a.ts",
    );
    expect(args).to.include({
      stdin: "all",
      tagOutput: true,
      outputFolder: "out",
      timeoutSeconds: 2.5,
      bindTo: "core",
      threadsPerRank: 3,
      physicalCores: true,
      dryRun: true,
    });
    expect(parse("--stdin 3 a.ts").stdin).to.equal(3);
  });

  it("should split node's options as a shell does", () => {
    expect(splitWords(`--a  --b="x y" 'c d'e ""`)).to.deep.equal(["--a", "--b=x y", "c de", ""]);
    const parsed = parseArguments([
      "--node-options",
      "--a --b",
      "--node-options",
      "--c",
      "a.ts",
    ]) as Arguments;
    expect(parsed.segments[0].nodeOptions).to.deep.equal(["--a", "--b", "--c"]);
  });

  describe("options that are not typed", () => {
    let folder: string;
    const file = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text);
      return `@${join(folder, name)}`;
    };
    const refused = (typed: string[], variable?: string) =>
      expect(() => parseArguments(typed, variable)).to.throw(UsageError);

    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), "tsmpi-options-"));
    });
    afterEach(() => rmSync(folder, { recursive: true }));

    it("should not take a typed word for the value of the last one of TSMPI_OPTIONS", () => {
      for (const typed of [["4", "a.ts"], ["--dry-run", "a.ts"], ["a.ts"]]) {
        expect(() => parseArguments(typed, "--tag-output -n")).to.throw(
          UsageError,
          /^TSMPI_OPTIONS: -n expects N, and nothing came$/,
        );
      }
      const args = parseArguments(["-n", "4", "a.ts"], "--tag-output") as Arguments;
      expect(args.segments[0].ranks).to.equal(4);
    });

    it("should come from TSMPI_OPTIONS, and give way to typed ones", () => {
      const args = parseArguments(
        ["-n", "3", "a.ts", "-n"],
        "-n 2 --tag-output --node-options '--a --b'",
      ) as Arguments;
      expect(args.tagOutput).to.equal(true);
      expect(args.segments).to.have.length(1);
      expect(args.segments[0]).to.deep.include({
        ranks: 3,
        script: "a.ts",
        args: ["-n"],
        nodeOptions: ["--a", "--b"],
      });
    });

    it("should come from files, wherever an option may stand", () => {
      const inner = file("inner", "--np=4\n");
      const outer = file("outer", `# of this cluster\n--tag-output\n  # nested\n${inner}\n`);
      const args = parseArguments(
        ["-v", outer, "a.ts", outer, ":", outer, "-n", "1", "b.ts"],
        "",
      ) as Arguments;
      expect(args).to.include({ tagOutput: true, verbose: true });
      expect(args.segments.map(({ ranks }) => ranks)).to.deep.equal([4, 1]);
      expect(args.segments.map(({ args }) => args)).to.deep.equal([[outer], []]);
      expect((parseArguments(["a.ts"], outer) as Arguments).segments[0].ranks).to.equal(4);
    });

    it("should be refused when they are none", () => {
      refused(["a.ts"], "b.ts").with.property(
        "message",
        "TSMPI_OPTIONS expects options of tsmpirun; b.ts came",
      );
      refused(["a.ts"], file("script", "-v b.ts"))
        .with.property("message")
        .match(/TSMPI_OPTIONS expects .*; b.ts came/);
      refused(["a.ts"], "--wdir 'x")
        .with.property("message")
        .match(/^TSMPI_OPTIONS expects options with every quote closed/);
      refused([file("quote", '"'), "a.ts"])
        .with.property("message")
        .match(/^@.*quote expects options with every quote closed/);
      refused(["@no/such", "a.ts"])
        .with.property("message")
        .match(/^@no\/such expects a file with options .*no such file/);
      const itself = file("itself", `@${join(folder, "itself")}`);
      refused([itself, "a.ts"])
        .with.property("message")
        .match(/name one another for ever$/);
    });
  });

  it("should know help and version wherever an option may stand", () => {
    expect(parseArguments(["-n", "2", "--help"])).to.equal("help");
    expect(parseArguments(["-V"])).to.equal("version");
    expect(parse("a.ts --help").segments[0].args).to.deep.equal(["--help"]);
  });

  it("should guess what a misspelt option was meant to be", () => {
    const names = ["--verbose", "--timeout", "--threads-per-rank", "--tag-output", "--np"];
    expect(nearest("--verbos", names)).to.equal("--verbose");
    expect(nearest("--tiemout", names)).to.equal("--timeout");
    expect(nearest("--threds", names)).to.equal("--threads-per-rank");
    expect(nearest("--Tag-Output", names)).to.equal("--tag-output");
    expect(nearest("--quux", names)).to.equal(undefined);
  });

  const mistakes: [line: string, message: RegExp][] = [
    ["--verbos a.ts", /^--verbos is not an option of tsmpirun; did you mean --verbose\?$/],
    ["--quux a.ts", /--quux is not an option of tsmpirun; `tsmpirun --help` lists them/],
    ["-n 0 a.ts", /-n expects a whole number of ranks, at least 1; 0 came/],
    ["-n x a.ts", /-n expects a whole number of ranks, at least 1; x came/],
    ["-n 1.5 a.ts", /1\.5 came/],
    ["-n -3 a.ts", /-3 came/],
    ["-n", /-n expects N, and nothing came/],
    ["", /a script was expected, and nothing came/],
    ["-n 2 a.ts : -n 3", /a script was expected in part 2 of the job, and nothing came/],
    ["-n 2 : b.ts", /a script was expected in part 1 of the job, and ":" came/],
    ["--stdin me a.ts", /--stdin expects a rank, all or none; me came/],
    ["--timeout 0 a.ts", /--timeout expects a number of seconds above 0.*; 0 came/],
    ["--timeout soon a.ts", /soon came/],
    ["--bind-to socket a.ts", /--bind-to expects core or none; socket came/],
    ["--threads-per-rank 0 a.ts", /at least 1; 0 came/],
    ["--env =5 a.ts", /--env expects NAME or NAME=VALUE; =5 came/],
    [
      "-x TSMPI_TEST_NOT_SET a.ts",
      /-x expects NAME=VALUE, or a NAME that is set here; TSMPI_TEST_NOT_SET came/,
    ],
    ["--verbose=yes a.ts", /--verbose takes no value, and yes came/],
    ["--output-dir= a.ts", /--output-dir expects a folder; nothing came/],
  ];
  for (const [line, message] of mistakes) {
    it(`should explain: tsmpirun ${line}`, () => {
      expect(() => parse(line)).to.throw(UsageError, message);
    });
  }
});
