/** Puts the addon built here among the binaries that the package ships, for `npm pack` and `npm publish`. */
import { chmodSync, copyFileSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const musl = process.report.getReport().header.glibcVersionRuntime === undefined ? "-musl" : "";
const folder = join(root, "prebuilds", `${process.platform}-${process.arch}${musl}`);
mkdirSync(folder, { recursive: true });
copyFileSync(join(root, "build", "Release", "tsmpi.node"), join(folder, "tsmpi.node"));
chmodSync(join(folder, "tsmpi.node"), 0o755);
