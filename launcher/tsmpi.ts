#!/usr/bin/env node
/** tsmpi: the tools around tsmpirun, one subcommand a file. */
import { exitSurely } from "../src/job/exit-surely.ts";
import { nearest } from "../src/nearest.ts";

interface Subcommand {
  /** Undefined: not for people. */
  help: string | undefined;
  /** @returns the exit code */
  run(args: string[]): Promise<number>;
}

/** A new tool is one line here and one file beside this one, loaded only when it is asked for. */
const SUBCOMMANDS: Record<string, Subcommand> = {
  bench: {
    help: "measures latency, bandwidth and collectives, and compares them with other MPIs",
    run: async args => (await import("../bench/harness/bench.ts")).bench(args),
  },
  tune: {
    help: "measures the algorithms of the collectives, and writes a table of the fastest for tsmpirun --tune",
    run: async args => (await import("../bench/harness/tune.ts")).tune(args),
  },
  "build-native": {
    help: "builds the native addon of this package (needs Python 3, make and a C++ compiler)",
    run: async args => (await import("./build-native.ts")).buildNative(args),
  },
  doctor: {
    help: "says what this machine, or the hosts of --hosts or --hostfile, still need for a job",
    run: async args => (await import("./doctor.ts")).doctor(args),
  },
  rank: {
    help: "runs a script as the ranks that srun has started: srun -n 8 npx tsmpi rank script.ts",
    run: async args => process.exit(await (await import("./step/rank.ts")).runRank(args)),
  },
  daemon: {
    help: undefined,
    run: async () => (await import("./hosts/daemon.ts")).daemon(),
  },
  gateway: {
    help: undefined,
    run: async () => (await import("./hosts/gateway-process.ts")).gatewayProcess(),
  },
  version: {
    help: "prints the version",
    run: async () => {
      process.stdout.write(`tsmpi ${(await import("./version.ts")).packageVersion()}\n`);
      return 0;
    },
  },
  help: {
    help: "prints this page",
    run: async () => {
      process.stdout.write(helpText());
      return 0;
    },
  },
};

const ALIASES: Record<string, string> = {
  "--help": "help",
  "-h": "help",
  "--version": "version",
  "-V": "version",
};

function helpText(): string {
  const told = Object.entries(SUBCOMMANDS).filter(([, { help }]) => help !== undefined);
  const width = Math.max(...told.map(([name]) => name.length)) + 2;
  const lines = told.map(([name, { help }]) => `  ${name.padEnd(width)}${help}`);
  return `usage: tsmpi <command> [args]\n\n${lines.join("\n")}\n\nPrograms are started with tsmpirun.\n`;
}

async function main(): Promise<number> {
  const [typed = "help", ...args] = process.argv.slice(2);
  const name = ALIASES[typed] ?? typed;
  if (Object.hasOwn(SUBCOMMANDS, name)) return SUBCOMMANDS[name].run(args);
  const guess = nearest(typed, Object.keys(SUBCOMMANDS));
  const hint = guess === undefined ? "`tsmpi help` lists them" : `did you mean ${guess}?`;
  process.stderr.write(`tsmpi: ${typed} is not a command of tsmpi; ${hint}\n`);
  return 2;
}

exitSurely();
process.exitCode = await main();
