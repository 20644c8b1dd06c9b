/** The text of `tsmpirun --help`. */
import { OPTIONS, type Option } from "./options.ts";

const WIDTH = 80;
const INDENT = 26;

function wrap(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines[lines.length - 1];
    if (last !== "" && last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
  }
  return lines;
}

function describe(names: string, help: string): string {
  const lines = wrap(help, WIDTH - INDENT);
  const head = `  ${names}`;
  const first =
    head.length < INDENT ? [head.padEnd(INDENT) + lines[0]] : [head, " ".repeat(INDENT) + lines[0]];
  return [...first, ...lines.slice(1).map(line => " ".repeat(INDENT) + line)].join("\n");
}

function valueText({ value, optional }: Option): string {
  if (value === undefined) return "";
  return optional ? `[=${value}]` : ` ${value}`;
}

export function helpText(): string {
  const options = OPTIONS.map(option => {
    const [main, ...others] = option.names;
    const names = [main, ...others].join(", ") + valueText(option);
    return describe(names, option.help);
  });
  return `usage: tsmpirun [options] script.ts [args]
       tsmpirun [options] a.ts [args] : [options] b.ts [args]

Starts ranks of a TypeScript or JavaScript program on this machine or, with
--hosts, --hostfile or inside a Slurm allocation, on several. Options come
before the script; everything after it belongs to the script, up to a lone ":"
that begins the next part of a job made of several programs. "--" ends options.

${options.join("\n")}

-n, --env, --wdir and --node-options count for the part that they stand in, the
others for the whole job. @FILE stands for the options in a file, and those of
TSMPI_OPTIONS come before what is typed.

Output arrives in whole lines. A rank that fails ends the job; the exit code is
that rank's (128 + the number of the signal that killed it), 124 after
--timeout, 2 for a wrong command line or a script that does not compile, and
128 + the number of the signal that ended tsmpirun itself. A second Ctrl-C kills
at once.

  tsmpirun -n 8 pi.ts 1000000
  tsmpirun -n 1 --stdin 0 server.ts : -n 6 worker.ts
  tsmpirun --hosts n[01-16]:8 simulate.ts
`;
}
