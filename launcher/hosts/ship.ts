/**
 * For `--ship`: this package on its way to a host that has nothing but Node. The agent there runs node on UNPACK,
 * which reads the package from the standard input into a new folder and becomes the daemon that lies in it; what
 * follows on the input are frames as ever. The daemon removes the folder.
 *
 *     length of the list (32 bits), list of [name, bytes] as JSON, then the files in its order
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { isMusl, packageFolder } from "../../src/native.ts";
import { LACKS } from "./protocol.ts";

/** Tells the daemon which folder it lies in, to be removed at the end. */
export const SHIPPED = "TSMPI_SHIPPED";

/** What to do where the place for files of the job is none. */
export const ELSEWHERE = "set TMPDIR to another folder for its logins";
export const ROOM: string = `make room there, or ${ELSEWHERE}`;
const EMPTY =
  "the standard input ended at once; the agent must pass it on (docker exec and kubectl exec need -i)";

/** Runs on the host, before there is anything of this package. In one line, see `quote` in agent.ts. */
export const UNPACK: string =
  `const fs = require("fs"), { tmpdir } = require("os"), { dirname, join } = require("path");
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
let folder;
try {
  folder = fs.mkdtempSync(join(tmpdir(), "tsmpi-"));
  for (const [name, bytes] of files) {
    const path = join(folder, name);
    fs.mkdirSync(dirname(path), { recursive: true });
    fs.writeFileSync(path, bytes);
  }
} catch (error) {
  if (folder) fs.rmSync(folder, { recursive: true, force: true });
  console.log("${LACKS}cannot keep tsmpi in " + tmpdir() + " (" + error.message.split(",")[0] + "); ${ROOM}");
  process.exit(0);
}
process.env.${SHIPPED} = folder;
const tool = join(folder, "dist", "tsmpi.js");
process.argv = [process.argv[0], tool, "daemon"];
import(require("url").pathToFileURL(tool).href);`.replaceAll(/\n */g, " ");

/** What a daemon, its gateway and its ranks load, besides Node: names on the host, and the files here. */
function filesToShip(): [name: string, path: string][] {
  const addon = [
    join("build", "Release", "tsmpi.node"),
    join("prebuilds", `${process.platform}-${process.arch}`, "tsmpi.node"),
    join("prebuilds", `${process.platform}-${process.arch}-musl`, "tsmpi.node"),
  ];
  const own = [
    "package.json",
    join("dist", "tsmpi.js"),
    ...doors(),
    join("dist", "boot.cjs"),
    ...addon,
  ].filter(name => existsSync(join(packageFolder(), name)));
  return [...own.map((name): [string, string] => [name, join(packageFolder(), name)]), ...packagesToShip()];
}

/** What a script may import: "tsmpi", "tsmpi/random" and the like. */
function doors(): string[] {
  const { exports } = JSON.parse(readFileSync(join(packageFolder(), "package.json"), "utf8")) as {
    exports: Record<string, string | { default: string }>;
  };
  return Object.values(exports).flatMap(door => (typeof door === "string" ? [] : [door.default]));
}

/** The packages that a gateway loads, with the binaries of this kind of machine only. */
function packagesToShip(): [name: string, path: string][] {
  const require = createRequire(join(packageFolder(), "package.json"));
  const zeromq = dirname(require.resolve("zeromq/package.json"));
  const libc = isMusl() ? "musl" : "glibc";
  const binaries = join("build", process.platform, process.arch, "node");
  const ofKind = readdirSync(join(zeromq, binaries)).filter(name => name.startsWith(libc));
  const files: [folder: string, name: string][] = [
    ...["package.json", join("build", "manifest.json")].map((name): [string, string] => [zeromq, name]),
    ...readdirSync(join(zeromq, "lib"))
      .filter(name => name.endsWith(".js"))
      .map((name): [string, string] => [zeromq, join("lib", name)]),
    ...ofKind.map((name): [string, string] => [zeromq, join(binaries, name, "addon.node")]),
  ];
  // It loads its binary through this one.
  const loader = createRequire(join(zeromq, "package.json")).resolve("cmake-ts/build/loader");
  const cmake = dirname(dirname(loader));
  const nacl = dirname(require.resolve("tweetnacl"));
  files.push([cmake, "package.json"], [cmake, join("build", "loader.js")]);
  files.push([nacl, "package.json"], [nacl, "nacl-fast.js"]);
  return files.map(([folder, name]) => [join("node_modules", basename(folder), name), join(folder, name)]);
}

/** What a host is sent before the first frame. */
export function shipment(): Buffer {
  const named = filesToShip();
  const files = named.map(([, path]) => readFileSync(path));
  const list = Buffer.from(JSON.stringify(named.map(([name], index) => [name, files[index].length])));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(list.length);
  return Buffer.concat([length, list, ...files]);
}
