/**
 * For `--ship`: this package on its way to a host that has nothing but Node. The agent there runs node on UNPACK,
 * which reads the package from the standard input into a new folder and becomes the daemon that lies in it; what
 * follows on the input are frames as ever. The daemon removes the folder.
 *
 *     length of the list (32 bits), list of [name, bytes] as JSON, then the files in its order
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { packageFolder } from "../../src/native.ts";

/** Tells the daemon which folder it lies in, to be removed at the end. */
export const SHIPPED = "TSMPI_SHIPPED";

const EMPTY =
  "the standard input ended at once; the agent must pass it on (docker exec and kubectl exec need -i)";

/** Runs on the host, before there is anything of this package. */
export const UNPACK = `const fs = require("fs"), { dirname, join } = require("path");
function read(length) {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; ) {
    let count;
    try { count = fs.readSync(0, bytes, at, length - at, null); }
    catch (error) {
      if (error.code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
      continue;
    }
    if (count === 0) { console.error(${JSON.stringify(EMPTY)}); process.exit(1); }
    at += count;
  }
  return bytes;
}
const list = JSON.parse(read(read(4).readUInt32LE()).toString());
const files = list.map(([name, length]) => [name, read(length)]);
const folder = fs.mkdtempSync(join(require("os").tmpdir(), "tsmpi-"));
for (const [name, bytes] of files) {
  const path = join(folder, name);
  fs.mkdirSync(dirname(path), { recursive: true });
  fs.writeFileSync(path, bytes);
}
process.env.${SHIPPED} = folder;
const tool = join(folder, "dist", "tsmpi.js");
process.argv = [process.argv[0], tool, "daemon"];
import(require("url").pathToFileURL(tool).href);`;

/** What a daemon and its ranks load, besides Node. */
function filesToShip(): string[] {
  const addon = [
    join("build", "Release", "tsmpi.node"),
    join("prebuilds", `${process.platform}-${process.arch}`, "tsmpi.node"),
    join("prebuilds", `${process.platform}-${process.arch}-musl`, "tsmpi.node"),
  ];
  const all = [
    "package.json",
    join("dist", "tsmpi.js"),
    join("dist", "index.js"),
    join("dist", "boot.cjs"),
    ...addon,
  ];
  return all.filter(name => existsSync(join(packageFolder(), name)));
}

/** What a host is sent before the first frame. */
export function shipment(): Buffer {
  const names = filesToShip();
  const files = names.map(name => readFileSync(join(packageFolder(), name)));
  const list = Buffer.from(JSON.stringify(names.map((name, index) => [name, files[index].length])));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(list.length);
  return Buffer.concat([length, list, ...files]);
}
