import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import module from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { launch } from "../launch.ts";
import { folderWith, removeFolders, writeFiles } from "./helpers.ts";

describe("the cache of transpiled scripts", () => {
  let folder: string;
  let cache: string;

  beforeEach(() => {
    cache = folderWith({});
    folder = folderWith({
      "main.ts": 'import { x } from "./x";\nimport { p } from "p";\nconsole.log(x, p);\n',
      "x.ts": "export const x: string = 'x1';\n",
      "node_modules/p/package.json": '{ "name": "p", "type": "module", "exports": "./one.js" }',
      "node_modules/p/one.js": "export const p = 'p1';\n",
      "node_modules/p/two.js": "export const p = 'p2';\n",
    });
  });
  after(removeFolders);

  async function run(): Promise<{ out: string; how: string; err: string }> {
    const env = { TSMPI_CACHE_DIR: cache };
    const { stdout, stderr, code } = await launch(["-v", "-n", "1", "main.ts"], { cwd: folder, env });
    const how = /main\.ts: (cached|transpiled)/.exec(stderr)?.[1] ?? "neither";
    return { out: `${stdout.trim()} ${code}`, how, err: stderr };
  }

  it("should be used when nothing has changed, whatever the dates of the files", async () => {
    expect(await run()).to.include({ out: "x1 p1 0", how: "transpiled" });
    expect(await run()).to.include({ out: "x1 p1 0", how: "cached" });
    utimesSync(join(folder, "x.ts"), new Date(), new Date());
    expect(await run()).to.include({ out: "x1 p1 0", how: "cached" });
    expect(
      readdirSync(join(cache, "tsmpi"))
        .filter(name => name !== "compiled")
        .map(name => name.replace(/^.*?\./, "."))
        .sort(),
    ).to.deep.equal([".json", ".mjs", ".mjs.map"]);
  });

  const changes: [what: string, change: () => void, out: string][] = [
    ["an imported file", () => writeFiles(folder, { "x.ts": "export const x: string = 'x2';\n" }), "x2 p1 0"],
    [
      "the file an import means",
      () => writeFiles(folder, { "x.tsx": "export const x = 'tsx';\n" }),
      "tsx p1 0",
    ],
    [
      "the file a package means",
      () =>
        writeFiles(folder, {
          "node_modules/p/package.json": '{ "name": "p", "type": "module", "exports": "./two.js" }',
        }),
      "x1 p2 0",
    ],
    [
      "a tsconfig that appears",
      () =>
        writeFiles(folder, { "tsconfig.json": '{ "compilerOptions": { "paths": { "./x": ["./y.ts"] } } }' }),
      "x1 p1 0",
    ],
  ];
  for (const [what, change, out] of changes) {
    it(`should notice a change of ${what}`, async () => {
      await run();
      change();
      expect(await run()).to.include({ out, how: "transpiled" });
      expect(await run()).to.include({ out, how: "cached" });
    });
  }

  it("should notice that a file is gone", async () => {
    await run();
    unlinkSync(join(folder, "x.ts"));
    const { out, err } = await run();
    expect(out).to.equal(" 2");
    expect(err).to.include("main.ts:1:18");
  });

  it("should survive a damaged entry", async () => {
    await run();
    for (const name of readdirSync(join(cache, "tsmpi"))) {
      if (name.endsWith(".json")) writeFileSync(join(cache, "tsmpi", name), "{ not JSON");
    }
    expect(await run()).to.include({ out: "x1 p1 0", how: "transpiled" });
    for (const name of readdirSync(join(cache, "tsmpi")))
      if (name.endsWith(".mjs")) rmSync(join(cache, "tsmpi", name));
    expect(await run()).to.include({ out: "x1 p1 0", how: "transpiled" });
  });

  it("should forget what has not been used for long", async () => {
    mkdirSync(join(cache, "tsmpi"));
    const old = join(cache, "tsmpi", "0123456789abcdef-0123456789abcdef.mjs");
    const recent = join(cache, "tsmpi", "0123456789abcdef-1123456789abcdef.mjs");
    writeFileSync(old, "");
    writeFileSync(recent, "");
    const then = new Date(Date.now() - 40 * 24 * 3600 * 1000);
    utimesSync(old, then, then);
    await run();
    expect(existsSync(old)).to.equal(false);
    expect(existsSync(recent)).to.equal(true);
  });

  it("should keep compiled code, and do without where that is damaged", async () => {
    await run();
    const compiled = join(cache, "tsmpi", "compiled");
    const files = readdirSync(compiled, { recursive: true, encoding: "utf8" })
      .map(name => join(compiled, name))
      .filter(path => statSync(path).isFile());
    expect(files).to.not.deep.equal([]);
    const kept = files.map(path => readFileSync(path));
    expect(await run()).to.include({ out: "x1 p1 0", how: "cached" });
    for (const [i, path] of files.entries()) {
      expect(readFileSync(path).equals(kept[i]), "used as it was").to.equal(true);
    }
    const damages: ((whole: Buffer) => Uint8Array)[] = [
      whole => whole.map((byte, i) => (i >= 5000 && i % 7 === 0 ? byte ^ 0x55 : byte)),
      whole => whole.subarray(0, 30_001),
      whole => whole.subarray(0, 40),
      () => new Uint8Array(0),
    ];
    for (const damage of damages) {
      for (const [i, path] of files.entries()) writeFileSync(path, damage(kept[i]));
      expect(await run()).to.include({ out: "x1 p1 0", how: "cached" });
      // Node 20, where tsmpirun does it: made again. Later nodes look after theirs.
      if (!("enableCompileCache" in module)) expect(readFileSync(files[0]).length).to.be.greaterThan(100_000);
    }
  });

  it("should do without a folder that can be written, and leave nothing", async () => {
    const before = readdirSync(tmpdir()).filter(name => /^tsmpi-\w{6}$/.test(name));
    rmSync(cache, { recursive: true });
    // A file where the folder should be stops root too, which permissions do not.
    writeFileSync(cache, "");
    chmodSync(cache, 0o400);
    expect(await run()).to.include({ out: "x1 p1 0", how: "transpiled" });
    expect(readdirSync(tmpdir()).filter(name => /^tsmpi-\w{6}$/.test(name))).to.deep.equal(before);
  });

  it("should serve jobs that start at the same moment", async () => {
    const runs = await Promise.all([run(), run(), run()]);
    for (const { out } of runs) expect(out).to.equal("x1 p1 0");
  });
});
