/** Reads tsmpirun's command line. Nothing here looks at what it names: the plan does. */
import { nearest } from "../src/nearest.ts";
import { OptionWords } from "./option-words.ts";
import { Expected, type JobOptions, OPTIONS, type Option, type SegmentOptions } from "./options.ts";
import { UsageError } from "./usage-error.ts";

/** One program of the job; there are several when `:` separates them (MPMD). */
export interface Segment extends SegmentOptions {
  script: string;
  args: string[];
}

export interface Arguments extends JobOptions {
  segments: Segment[];
}

export type Parsed = Arguments | "help" | "version";

function findOption(name: string): Option | undefined {
  return OPTIONS.find(option => option.names.includes(name));
}

function unknownOption(typed: string): UsageError {
  const guess = nearest(
    typed,
    OPTIONS.flatMap(option => option.names),
  );
  const hint = guess === undefined ? "`tsmpirun --help` lists them" : `did you mean ${guess}?`;
  return new UsageError(`${typed} is not an option of tsmpirun; ${hint}`);
}

/** Splits `--name=value`; a short option takes its value from the next word only, except `-n4`. */
function splitOption(word: string): [name: string, value: string | undefined] {
  const short = /^(-np?)(\d+)$/.exec(word);
  if (short !== null) return [short[1], short[2]];
  const equals = word.startsWith("--") ? word.indexOf("=") : -1;
  return equals < 0 ? [word, undefined] : [word.slice(0, equals), word.slice(equals + 1)];
}

/**
 * @param typed the command line after `tsmpirun`
 * @param variable options that come before it
 * @throws {UsageError} with one sentence that says what was expected and what came
 */
export function parseArguments(
  typed: readonly string[],
  variable: string | undefined = process.env.TSMPI_OPTIONS,
): Parsed {
  const job: JobOptions = {
    stdin: 0,
    tagOutput: false,
    outputFolder: undefined,
    timeoutSeconds: undefined,
    bindTo: "none",
    threadsPerRank: undefined,
    physicalCores: false,
    tuneFile: undefined,
    hosts: [],
    hostFile: undefined,
    mapBy: "slot",
    launcher: undefined,
    sshArguments: [],
    agent: undefined,
    network: undefined,
    linkTimeoutSeconds: 60,
    linkMemory: 256 * 2 ** 20,
    wire: "zeromq",
    transport: undefined,
    ship: false,
    verbose: false,
    stats: false,
    dryRun: false,
    dashboard: undefined,
  };
  const segments: Segment[] = [];
  const words = new OptionWords(typed, variable);

  while (true) {
    const options: SegmentOptions = {
      ranks: undefined,
      environment: [],
      workingFolder: undefined,
      nodeOptions: [],
    };
    for (let word = words.option(); word !== undefined && word !== "--"; word = words.option()) {
      const [name, attached] = splitOption(word);
      const option = findOption(name);
      if (option === undefined) throw unknownOption(name);
      const spelling = option.names[0];
      if (spelling === "--help") return "help";
      if (spelling === "--version") return "version";
      let value = attached;
      if (option.value === undefined) {
        if (value !== undefined) throw new UsageError(`${name} takes no value, and ${value} came`);
      } else if (value === undefined && option.optional === undefined) {
        const { source } = words;
        value = words.value();
        if (value === undefined)
          throw new UsageError(`${source}${name} expects ${option.value}, and nothing came`);
      }
      try {
        option.read(value ?? "", options, job);
      } catch (error) {
        if (!(error instanceof Expected)) throw error;
        throw new UsageError(`${name} expects ${error.message}; ${value === "" ? "nothing" : value} came`);
      }
    }

    const script = words.take();
    if (script === undefined || script === ":" || script === "") {
      const where = segments.length > 0 || script === ":" ? ` in part ${segments.length + 1} of the job` : "";
      throw new UsageError(
        `a script was expected${where}, and ${script === ":" ? '":"' : "nothing"} came: tsmpirun [options] script.ts [args]`,
      );
    }
    segments.push({ ...options, script, args: words.takeUntil(":") });
    if (words.take() === undefined) return { ...job, segments };
  }
}
