/**
 * Puts the addon built here among the binaries that the package ships, for `npm pack` and `npm publish`; that for arm64,
 * too, where there is a cross compiler (Debian: g++-aarch64-linux-gnu).
 */
import { chmodSync, copyFileSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildForArm64, canCross } from "./arm64.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const musl = process.report.getReport().header.glibcVersionRuntime === undefined ? "-musl" : "";
const folder = join(root, "prebuilds", `${process.platform}-${process.arch}${musl}`);
mkdirSync(folder, { recursive: true });
copyFileSync(join(root, "build", "Release", "tsmpi.node"), join(folder, "tsmpi.node"));
chmodSync(join(folder, "tsmpi.node"), 0o755);
if (canCross()) buildForArm64();
else if (process.arch !== "arm64")
  console.warn("prebuild: no aarch64-linux-gnu-g++, so none for linux-arm64");
