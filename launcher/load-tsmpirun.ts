/**
 * What is run as `tsmpirun`, by the shell line that scripts/build.mjs puts before it: loads the program (tsmpirun.ts) with
 * the code that V8 has compiled of it in an earlier run. Node does this itself from version 22 on.
 */
import { mkdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Script } from "node:vm";
import { compiledFolder, writeWhole } from "./cache-folder.ts";
import { contentHash } from "./hash.ts";

const program = join(import.meta.dirname, "tsmpirun-program.cjs");
const require = createRequire(program);

const HEADER_BYTES = 32;

function textHash(text: string): string {
  return contentHash(Buffer.from(text));
}

/** One file for each place where tsmpi is installed and each version of node. */
function codePath(): string {
  return join(compiledFolder(), `${textHash(`${program} ${process.version} ${process.arch}`)}.code`);
}

/**
 * What must stand before the code, or it is not used. V8 checks its own version and options, of the source no more than the
 * length, and dies of a damaged byte.
 */
function headerOf(code: Uint8Array): string {
  const { size, mtimeMs } = statSync(program);
  // By words: a quarter of the time, and V8's length is a multiple of 8.
  const words = new Uint32Array(code.buffer, code.byteOffset, code.length >>> 2);
  return textHash(`${size} ${mtimeMs}`) + contentHash(words);
}

function codeAt(path: string): Buffer | undefined {
  try {
    const kept = readFileSync(path);
    const code = kept.subarray(HEADER_BYTES);
    return kept.toString("latin1", 0, HEADER_BYTES) === headerOf(code) ? code : undefined;
  } catch {
    // None yet, or cut short.
    return undefined;
  }
}

function keep(path: string, code: Buffer): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeWhole(path, Buffer.concat([Buffer.from(headerOf(code), "latin1"), code]));
  } catch {
    // Nowhere to write: compiled again next time.
  }
}

function loadWithCode(): void {
  const path = codePath();
  const cachedData = codeAt(path);
  // What node itself does with CommonJS.
  const text = `(function (exports, require, module, __filename, __dirname) {${readFileSync(program, "utf8")}\n})`;
  const script = new Script(text, { filename: program, cachedData });
  if (cachedData === undefined || script.cachedDataRejected) {
    // At the end: with the functions that this run has needed.
    process.once("exit", () => keep(path, script.createCachedData()));
  }
  const module = { exports: {} };
  script.runInThisContext()(module.exports, require, module, program, dirname(program));
}

const { TSMPI_EXTRA_CA_CERTS: certificates } = process.env;
if (certificates !== undefined) {
  delete process.env.TSMPI_EXTRA_CA_CERTS;
  process.env.NODE_EXTRA_CA_CERTS = certificates;
}

const { enableCompileCache } = process.getBuiltinModule("node:module") as {
  enableCompileCache?: (folder: string) => void;
};
if (enableCompileCache === undefined) loadWithCode();
else {
  enableCompileCache(compiledFolder());
  require(program);
}
