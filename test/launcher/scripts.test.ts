import { readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import { launch, packageRoot, tsmpirun } from "../launch.ts";
import { folderWith, removeFolders } from "./helpers.ts";

const PACKAGE = {
  "node_modules/dual/package.json": JSON.stringify({
    name: "dual",
    version: "1.2.3",
    exports: {
      ".": { import: "./i.mjs", require: "./r.cjs" },
      "./sub": { node: "./sub-node.js", default: "./sub.js" },
    },
  }),
  "node_modules/dual/i.mjs": 'export const how = "import"; export const at = import.meta.url;\n',
  "node_modules/dual/r.cjs": 'exports.how = "require"; exports.at = __filename;\n',
  "node_modules/dual/sub-node.js": 'module.exports = "sub for node";\n',
  "node_modules/dual/sub.js": 'module.exports = "sub for others";\n',
};

/** Runs a script on one rank and gives what it printed as JSON. */
async function result(folder: string, script: string, ...args: string[]): Promise<any> {
  const { code, stdout, stderr } = await launch(["-n", "1", script, ...args], { cwd: folder });
  expect(stderr).to.equal("");
  expect(code).to.equal(0);
  return JSON.parse(stdout);
}

const PRINT = "console.log(JSON.stringify(out));\n";

describe("scripts that tsmpirun runs", () => {
  after(removeFolders);

  it("should give TypeScript its place, name and arguments", async () => {
    const folder = folderWith({
      "main.ts": `import { place } from "./lib/place.ts";
const out: unknown = { url: import.meta.url, dirname: import.meta.dirname, filename: import.meta.filename,
  argv: process.argv.slice(1), place, resolved: import.meta.resolve("./x.js"), fs: import.meta.resolve("node:fs"),
  rank: process.env.TSMPI_RANK, size: process.env.TSMPI_SIZE, left: Object.keys(process.env).filter(
  name => /^TSMPI_(LAUNCHER_PID|BIND|SCRIPT)$/.test(name)) };
${PRINT}`,
      "lib/place.ts": "export const place: string = import.meta.url;\n",
    });
    const main = join(folder, "main.ts");
    expect(await result(folder, "main.ts", "a", "-n", "--x=y z")).to.deep.equal({
      url: pathToFileURL(main).href,
      dirname: folder,
      filename: main,
      argv: [main, "a", "-n", "--x=y z"],
      place: pathToFileURL(join(folder, "lib/place.ts")).href,
      resolved: pathToFileURL(join(folder, "x.js")).href,
      fs: "node:fs",
      rank: "0",
      size: "1",
      left: [],
    });
  });

  it("should be run as a command, wherever it is linked, with all of the environment and the arguments", async () => {
    const folder = folderWith({
      "a.ts": `const { NODE_EXTRA_CA_CERTS, TSMPI_EXTRA_CA_CERTS } = process.env;
        console.log(JSON.stringify([NODE_EXTRA_CA_CERTS, TSMPI_EXTRA_CA_CERTS, ...process.argv.slice(2)]));`,
    });
    const link = join(folder, "tsmpirun");
    symlinkSync(tsmpirun, link);
    const words = ["a b", "", "$HOME", "'\"\\", "*"];
    for (const certificates of ["/dev/null", "", undefined]) {
      const { stdout, stderr, code } = await launch([], {
        command: [link, "-n", "1", "a.ts", ...words],
        cwd: folder,
        env: { NODE_EXTRA_CA_CERTS: certificates },
      });
      expect({ code, stderr }).to.deep.equal({ code: 0, stderr: "" });
      expect(JSON.parse(stdout)).to.deep.equal([certificates ?? null, null, ...words]);
    }
  });

  it("should resolve packages as node does, conditions, self-reference and #imports included", async () => {
    const folder = folderWith({
      ...PACKAGE,
      "package.json": JSON.stringify({
        name: "me",
        type: "module",
        exports: { "./self": "./self.js" },
        imports: { "#inner": "./inner.ts", "#plain": "./plain.js" },
      }),
      "self.js": "export const self = import.meta.url;\n",
      "inner.ts": "export const inner: number = 5;\n",
      "plain.js": "export const plain = import.meta.url;\n",
      "deep/main.ts": `import { how, at } from "dual";
import sub from "dual/sub";
import { self } from "me/self";
import { inner } from "#inner";
import { plain } from "#plain";
import fs, { existsSync } from "fs";
import { join } from "node:path";
import { createRequire } from "node:module";
const require = createRequire(import.meta.url);
const out = { how, at, sub, self, inner, plain, same: fs.existsSync === existsSync, join: typeof join,
  required: require("dual").how, dynamic: (await import("dual")).how };
${PRINT}`,
    });
    const url = (name: string): string => pathToFileURL(join(folder, name)).href;
    expect(await result(folder, "deep/main.ts")).to.deep.equal({
      how: "import",
      at: url("node_modules/dual/i.mjs"),
      sub: "sub for node",
      self: url("self.js"),
      inner: 5,
      plain: url("plain.js"),
      same: true,
      join: "function",
      required: "require",
      dynamic: "import",
    });
  });

  it("should find tsmpi from a folder that knows no packages", async () => {
    const folder = folderWith({
      "main.ts": `import { world } from "tsmpi";\nconst out = [world.rank, world.size];\n${PRINT}`,
    });
    expect(await result(folder, "main.ts")).to.deep.equal([0, 1]);
  });

  it("should run relative imports of every kind", async () => {
    const folder = folderWith({
      "main.mts": `import data from "./data.json" with { type: "json" };
import { a } from "./a.js";
import { b } from "./b.mjs";
import c from "./c.cjs";
import { d } from "./d";
import { e } from "./e.tsx";
import f = require("./f.cts");
const later = await import("./later.ts");
const name = "one";
const chosen = await import(\`./plugins/\${name}.ts\`);
enum Colour { Red = 3 }
const out = { data, a, b, c: c.c, place: c.place, d, e, f: f.f, names: f.names, later: later.value,
  chosen: chosen.default, red: Colour.Red };
${PRINT}`,
      "data.json": '{ "x": [1, 2] }',
      "a.ts": "export const a: string = 'a.ts by the name a.js';\n",
      "b.mjs": "export const b = 'b';\n",
      "c.cjs": "exports.c = 'c'; exports.place = __filename; undeclared = 1; delete globalThis.undeclared;\n",
      "d/index.ts": "export const d = 'd' as const;\n",
      "e.tsx": "export const e = <T,>(x: T) => x && 'e';\n",
      "f.cts":
        "const os = require('node:os'); export = { f: typeof os.cpus, names: [__filename, __dirname] };\n",
      "later.ts": "export const value = await Promise.resolve('later');\n",
      "plugins/one.ts": "export default 'one';\n",
    });
    expect(await result(folder, "main.mts")).to.deep.equal({
      data: { x: [1, 2] },
      a: "a.ts by the name a.js",
      b: "b",
      c: "c",
      place: join(folder, "c.cjs"),
      d: "d",
      f: "function",
      names: [join(folder, "f.cts"), folder],
      later: "later",
      chosen: "one",
      red: 3,
    });
  });

  it("should know CommonJS by what it exports in its first line", async () => {
    const folder = folderWith({
      "main.ts": `import plain from "./plain.js";
import { a } from "./module.js";
const out = { ...plain, a };
${PRINT}`,
      "plain.js": "exports.dir = __dirname;\nimported = 1; exports.strict = this === undefined;\n",
      "module.js": "export const a = typeof __dirname;\n",
    });
    expect(await result(folder, "main.ts")).to.deep.equal({ dir: folder, strict: false, a: "undefined" });
  });

  it("should run CommonJS TypeScript with its require, __filename and main module", async () => {
    const folder = folderWith({
      ...PACKAGE,
      "main.cts": `const fs = require("fs");
const other = require("./other.cts");
const out: unknown = { how: require("dual").how, main: require.main === module, file: __filename, dir: __dirname,
  other, resolved: require.resolve("dual"), computed: require(["du", "al"].join("")).how, stat: typeof fs.statSync };
${PRINT}`,
      "other.cts": "exports.main = require.main === module; exports.dir = __dirname;\n",
    });
    expect(await result(folder, "main.cts")).to.deep.equal({
      how: "require",
      main: true,
      file: join(folder, "main.cts"),
      dir: folder,
      other: { main: false, dir: folder },
      resolved: join(folder, "node_modules/dual/r.cjs"),
      computed: "require",
      stat: "function",
    });
  });

  it("should run JavaScript untouched", async () => {
    const folder = folderWith({
      ...PACKAGE,
      "package.json": '{ "type": "module" }',
      "main.js": `import { how } from "dual"; const out = [how, import.meta.url, process.argv[1]];\n${PRINT}`,
      "main.cjs": `const out = [require("dual").how, __filename, process.argv[1], require.main === module];\n${PRINT}`,
    });
    const js = join(folder, "main.js");
    expect(await result(folder, "main.js")).to.deep.equal(["import", pathToFileURL(js).href, js]);
    const cjs = join(folder, "main.cjs");
    expect(await result(folder, "main.cjs")).to.deep.equal(["require", cjs, cjs, true]);
  });

  it("should honour tsconfig: paths and decorators", async () => {
    const folder = folderWith({
      "tsconfig.json": `{ "extends": "./base.json", /* a comment */ "compilerOptions": { "paths": { "@lib/*": ["./lib/*"] } } }`,
      "base.json": '{ "compilerOptions": { "experimentalDecorators": true } }',
      "lib/x.ts": "export const x: number = 7;\n",
      "main.ts": `import { x } from "@lib/x.ts";
const seen: string[] = [];
function note(_target: object, name: string) { seen.push(name); }
class A { @note field = 1; }
const out = { x, seen, a: new A().field, meta: typeof import.meta.url };
${PRINT}`,
    });
    expect(await result(folder, "main.ts")).to.deep.equal({ x: 7, seen: ["field"], a: 1, meta: "string" });
  });

  it("should point at the right line and column of the right file", async () => {
    const folder = folderWith({
      "main.ts": `interface Unused { a: number }

import { fail } from "./lib/fail.ts";
type T = Unused;

fail({ a: 1 } as T);
`,
      "lib/fail.ts": `export interface X { a: number }
/* import.meta.url moves nothing */ export const here: string = import.meta.url;

export function fail(x: X): never {
  throw new RangeError("a is " + x.a);
}
`,
    });
    const { code, stderr } = await launch(["-n", "1", "main.ts"], { cwd: folder });
    expect(code).to.equal(1);
    expect(stderr).to.include("RangeError: a is 1");
    expect(stderr).to.include(`${folder}/lib/fail.ts:5:9`);
    expect(stderr).to.include(`${folder}/main.ts:6:1`);
  });

  it("should keep a shebang, and the first line's columns", async () => {
    const folder = folderWith({
      "main.ts": "#!/usr/bin/env tsmpirun\nconst x: string = import.meta.url; throw Error(x);\n",
    });
    const { stderr } = await launch(["-n", "1", "main.ts"], { cwd: folder });
    expect(stderr).to.include("main.ts:2:42");
  });

  it("should let a missing package be caught at run time, and name it", async () => {
    const folder = folderWith({
      "main.ts": `const out = await import("not-installed").catch((error: Error) => error.message);\n${PRINT}`,
    });
    expect(await result(folder, "main.ts")).to.include("not-installed");
  });

  it("should run a script that does not know of tsmpi on every rank", async () => {
    const folder = folderWith({
      "main.ts": "console.log(process.env.TSMPI_RANK + '/' + process.env.TSMPI_SIZE);\n",
    });
    const { code, stdout } = await launch(["-n", "8", "main.ts"], { cwd: folder });
    expect(code).to.equal(0);
    expect(stdout.trim().split("\n").sort()).to.deep.equal(Array.from({ length: 8 }, (_, i) => `${i}/8`));
  });

  it("should start several programs as one job", async () => {
    const folder = folderWith({
      "a.ts":
        "console.log('a', process.env.TSMPI_RANK, process.env.TSMPI_SIZE, process.env.X, ...process.argv.slice(2));\n",
      "b.cjs": "console.log('b', process.env.TSMPI_RANK, process.env.X, process.cwd(), typeof gc);\n",
      "sub/x": "",
    });
    const args = [
      "-n",
      "2",
      "-x",
      "X=1",
      "a.ts",
      "p",
      "q",
      ":",
      "-n",
      "3",
      "--wdir",
      "sub",
      "--node-options",
      "--expose-gc",
      "b.cjs",
    ];
    const { code, stdout } = await launch(args, { cwd: folder, env: { X: undefined } });
    expect(code).to.equal(0);
    const sub = join(folder, "sub");
    expect(stdout.trim().split("\n").sort()).to.deep.equal([
      "a 0 5 1 p q",
      "a 1 5 1 p q",
      ...[2, 3, 4].map(rank => `b ${rank} undefined ${sub} function`),
    ]);
  });

  it("should set the number of threads, unless the user has", async () => {
    const names = ["OMP", "OPENBLAS", "MKL", "BLIS", "VECLIB", "NUMEXPR"].map(
      name => `${name}_${name === "VECLIB" ? "MAXIMUM" : "NUM"}_THREADS`,
    );
    const folder = folderWith({
      "main.cjs": `const out = ${JSON.stringify(names)}.map(name => process.env[name]);\n${PRINT}`,
    });
    const run = async (args: string[], env: Record<string, string | undefined>): Promise<unknown> => {
      const unset = Object.fromEntries(names.map(name => [name, undefined]));
      const { stdout } = await launch([...args, "main.cjs"], { cwd: folder, env: { ...unset, ...env } });
      return JSON.parse(stdout.split("\n")[0]);
    };
    const all = (threads: string): string[] => names.map(() => threads);
    const only = (index: number, threads: string): (string | null)[] =>
      names.map((_, at) => (at === index ? threads : null));
    expect(await run(["-n", "2"], { TSMPI_CORES: "8" })).to.deep.equal(all("4"));
    expect(await run(["-n", "3"], { TSMPI_CORES: "2" })).to.deep.equal(all("1"));
    expect(await run(["-n", "64"], { OMP_NUM_THREADS: "5" })).to.deep.equal(only(0, "5"));
    expect(await run(["-n", "1", "-x", "OMP_NUM_THREADS=5"], {})).to.deep.equal(only(0, "5"));
    expect(await run(["-n", "3"], { MKL_NUM_THREADS: "500", TSMPI_CORES: "6" })).to.deep.equal(
      all("2").with(names.indexOf("MKL_NUM_THREADS"), "500"),
    );
    expect(await run(["-n", "1", "--threads-per-rank", "3"], { OMP_NUM_THREADS: "5" })).to.deep.equal(
      all("3"),
    );
  });

  it("should bind ranks to cores", async () => {
    const folder = folderWith({
      "main.ts": `import { readFileSync } from "node:fs";
console.log(process.env.TSMPI_RANK, /Cpus_allowed_list:\\s*(\\S+)/.exec(readFileSync("/proc/self/status", "utf8"))![1]);\n`,
    });
    const { stdout } = await launch(["-n", "2", "--bind-to", "core", "main.ts"], { cwd: folder });
    const cores = stdout.trim().split("\n").sort();
    expect(cores[0]).to.match(/^0 \d+$/);
    expect(cores[1]).to.match(/^1 \d+$/);
  });

  it("should leave worker threads and forked processes alone", async () => {
    const folder = folderWith({
      "main.cjs": `const { Worker, isMainThread } = require("node:worker_threads");
const { fork } = require("node:child_process");
if (process.argv[2] === "child") process.exit(3);
else if (isMainThread) {
  new Worker(__filename).on("exit", worker => fork(__filename, ["child"]).on("exit", child => {
    const out = [worker, child];
    ${PRINT}
  }));
}`,
    });
    expect(await result(folder, "main.cjs")).to.deep.equal([0, 3]);
  });

  it("should say what it does when asked to be verbose", async () => {
    const folder = folderWith({ "main.ts": "" });
    const onCores = (cores: string) =>
      launch(["-v", "-n", "2", "main.ts"], { cwd: folder, env: { TSMPI_CORES: cores } });
    const { stderr } = await onCores("2");
    expect(stderr).to.match(/main\.ts: transpiled in \d+ ms/);
    expect(stderr).to.match(/rank 1 is process \d+/);
    expect(stderr).to.match(/rank 0 exited with code 0/);
    expect(stderr).to.not.include("share");
    expect((await onCores("1")).stderr).to.match(/^tsmpirun: 2 ranks share 1 core that they may use$/m);
    const version = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")).version;
    expect(version).to.match(/^\d/);
  });
});
