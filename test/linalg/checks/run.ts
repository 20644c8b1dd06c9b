/** Runs all checks with the library and the instructions that the environment names; prints what failed, as JSON. */
import { info } from "../../../src/linalg/index.ts";
import { lapackChecks, checks as lapackFree } from "./lapack.ts";
import { checks as level1 } from "./level1.ts";
import { checks as level2 } from "./level2.ts";
import { checks as level3 } from "./level3.ts";

const failures: Record<string, string> = {};
const { library, core, integers, threads, lapack } = info();
const all = { ...level1, ...level2, ...level3, ...lapackFree, ...(lapack === undefined ? {} : lapackChecks) };
for (const [name, check] of Object.entries(all)) {
  try {
    check();
  } catch (error) {
    failures[name] = (error as Error).stack ?? String(error);
  }
}
console.log(
  JSON.stringify({ library, core, integers, threads, lapack, ran: Object.keys(all).length, failures }),
);
