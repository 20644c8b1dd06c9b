/** What the operating system says of a failed call. */
import { getSystemErrorMap } from "node:util";

/** "no space left on device": without the name of the call, whose message a person would not understand better. */
export function systemErrorText(error: unknown): string {
  const { errno, message } = error as NodeJS.ErrnoException;
  return getSystemErrorMap().get(errno ?? 0)?.[1] ?? message;
}
