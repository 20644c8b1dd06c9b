/** Options that are not typed: those of TSMPI_OPTIONS, and of files that a word @FILE names. */
import { readFileSync } from "node:fs";
import { Expected, splitWords } from "./options.ts";
import { UsageError } from "./usage-error.ts";

/** A file may name others, and so itself. */
const MOST_FILES = 100;

function wordsIn(where: string, text: string): string[] {
  try {
    return splitWords(text);
  } catch (error) {
    if (!(error instanceof Expected)) throw error;
    throw new UsageError(`${where} expects ${error.message}; ${text.trim()} came`);
  }
}

/** Words of a command line, read one after the other. */
export class OptionWords {
  private readonly words: string[];
  /** So many of the words that are left are not typed. */
  private untyped: number;
  private next = 0;
  private files = 0;

  /** @param variable words that come before, as TSMPI_OPTIONS has them */
  constructor(typed: readonly string[], variable: string | undefined) {
    const first = wordsIn("TSMPI_OPTIONS", variable ?? "");
    this.words = [...first, ...typed];
    this.untyped = first.length;
  }

  /** The next option, if there is one: what follows is the script. */
  option(): string | undefined {
    while (this.peek()?.startsWith("@")) this.insert(this.take()!.slice(1));
    const word = this.peek();
    if (word?.startsWith("-") && word !== "-") return this.take();
    if (this.next < this.untyped) {
      throw new UsageError(`TSMPI_OPTIONS expects options of tsmpirun; ${word} came`);
    }
    return undefined;
  }

  /** The value of the option that was read last; an option of the variable does not get a typed word. */
  value(): string | undefined {
    return this.next === this.untyped || this.peek() === ":" ? undefined : this.take();
  }

  /** Where the option that was read last stands, if it is not typed. */
  get source(): string {
    return this.next <= this.untyped ? "TSMPI_OPTIONS: " : "";
  }

  peek(): string | undefined {
    return this.words[this.next];
  }

  take(): string | undefined {
    return this.words[this.next++];
  }

  /** Takes those up to, and without, a word; all, if it does not come. */
  takeUntil(word: string): string[] {
    const at = this.words.indexOf(word, this.next);
    const end = at < 0 ? this.words.length : at;
    const taken = this.words.slice(this.next, end);
    this.next = end;
    return taken;
  }

  private insert(file: string): void {
    if (++this.files > MOST_FILES)
      throw new UsageError(`@${file}: files of options name one another for ever`);
    let text: string;
    try {
      text = readFileSync(file, "utf8");
    } catch (error) {
      const { message } = error as Error;
      throw new UsageError(
        `@${file} expects a file with options of tsmpirun (a script whose name begins with @ is typed with ./ before it): ${message}`,
      );
    }
    const words = wordsIn(`@${file}`, text.replace(/^\s*#.*$/gm, ""));
    this.words.splice(this.next, 0, ...words);
    if (this.next <= this.untyped) this.untyped += words.length;
  }
}
