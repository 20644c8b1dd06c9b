/** What the person typed cannot be done; the sentence says what was expected and what came. Exit code 2. */
export class UsageError extends Error {}

/** The sentence was printed already (a compiler's own messages, say); only the exit code remains. */
export class ReportedError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode = 2) {
    super(message);
    this.exitCode = exitCode;
  }
}
