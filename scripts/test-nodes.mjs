/**
 * Runs the test suite under other major versions of Node, from npm's node-linux-* packages:
 *
 *     npm run test:nodes -- 24 26        (default: 22 24 26; arguments after "--" go to mocha)
 *
 * The project must have been built. The binaries are installed into a folder that is removed afterwards.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";

const args = process.argv.slice(2);
const split = args.indexOf("--");
const majors = (split < 0 ? args : args.slice(0, split)).filter(arg => /^\d+$/.test(arg));
const mochaArgs = split < 0 ? ["test/**/*.test.ts"] : args.slice(split + 1);
// Not in /tmp, which the hosts of the tests have each for itself.
const folder = mkdtempSync(join(process.cwd(), "node_modules", ".nodes-"));
let failed = false;

try {
  for (const major of majors.length > 0 ? majors : ["22", "24", "26"]) {
    const home = join(folder, major);
    const packageName = `node-${process.platform}-${process.arch}`;
    const install = ["install", "--prefix", home, "--no-audit", "--no-fund", `${packageName}@${major}`];
    if (spawnSync("npm", install, { stdio: ["ignore", "ignore", "inherit"] }).status !== 0) {
      throw new Error(`npm could not install ${packageName}@${major}`);
    }
    const bin = join(home, "node_modules", packageName, "bin");
    console.log(`\n=== Node ${major}`);
    const { status } = spawnSync(join(bin, "node"), ["node_modules/mocha/bin/mocha.js", ...mochaArgs], {
      stdio: "inherit",
      env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` },
    });
    if (status !== 0) failed = true;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;
