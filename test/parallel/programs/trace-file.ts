/** What programs that test traces read of the file that their first argument names. */
import { readFileSync } from "node:fs";

export interface Event {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  ts: number;
  dur: number;
  cat: string;
  args: { item?: number; threw?: boolean; name?: string };
}

export const [, , trace] = process.argv;

export function readTrace(): Event[] {
  return JSON.parse(readFileSync(trace, "utf8"));
}

/** The boxes of tasks. */
export function boxesOf(category: string): Event[] {
  return readTrace().filter(({ ph, cat }) => ph === "X" && cat === category);
}
