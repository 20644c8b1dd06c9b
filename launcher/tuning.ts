/** Which algorithms the ranks use: a table that `tsmpi tune` has written, and what TSMPI_ALGORITHM forces. */
import { readFileSync } from "node:fs";
import { checkRules, joinRules, parseForced, type Rules, WrongRules } from "../src/collectives/rules.ts";
import type { Arguments } from "./arguments.ts";
import { UsageError } from "./usage-error.ts";

/** Rules that come before the library's own, for all ranks alike; undefined when nothing is said. */
export function rulesFor(args: Arguments): Rules | undefined {
  const table = args.tuneFile ?? setting(args, "TSMPI_TUNE");
  const forced = setting(args, "TSMPI_ALGORITHM");
  if (table === undefined && forced === undefined) return undefined;
  return joinRules(
    forced === undefined ? {} : readForced(forced),
    table === undefined ? {} : readTable(args.tuneFile === undefined ? "TSMPI_TUNE" : "--tune", table),
  );
}

/** A variable as the ranks would see it; an empty one counts as none. */
function setting(args: Arguments, name: string): string | undefined {
  const given = args.segments
    .flatMap(({ environment }) => environment)
    .findLast(([key]) => key === name)?.[1];
  return given ?? (process.env[name] || undefined);
}

function readForced(text: string): Rules {
  try {
    return parseForced(text);
  } catch (error) {
    if (!(error instanceof WrongRules)) throw error;
    throw new UsageError(`TSMPI_ALGORITHM: ${error.message}`);
  }
}

function readTable(option: string, file: string): Rules {
  const expected = `${option} expects a file that \`tsmpi tune\` has written`;
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`${expected}, and ${code === "ENOENT" ? "there is no" : "cannot read"} ${file}`);
  }
  try {
    return checkRules((JSON.parse(text) as { rules?: unknown } | null)?.rules);
  } catch (error) {
    if (!(error instanceof WrongRules || error instanceof SyntaxError)) throw error;
    throw new UsageError(`${expected}, and ${file} is wrong: ${error.message}`);
  }
}
