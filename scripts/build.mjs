// Bundles the library and the launcher into dist/, one file each: loading many small modules costs start time
// in every rank.
import { chmod, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  target: "node20",
  packages: "external",
  sourcemap: "linked",
  charset: "utf8",
  logLevel: "warning",
};
const esm = { ...common, format: "esm" };

// What measures is a bundle of its own beside the tools, and what its ranks run uses the library as a user would.
const benchApart = {
  name: "bench-apart",
  setup({ onResolve }) {
    onResolve({ filter: /\/bench\/harness\/(bench|tune)\.ts$/ }, ({ path }) => ({
      path: path.endsWith("tune.ts") ? "./bench/tune.js" : "./bench/harness.js",
      external: true,
    }));
  },
};

await Promise.all([
  // The map lies beside it but is not linked: ranks run with --enable-source-maps, and each would parse a map
  // that is larger than the library itself, 4 ms of its start, for lines that are not the user's.
  build({ ...esm, entryPoints: ["src/index.ts"], outfile: "dist/index.js", sourcemap: "external" }),
  build({ ...esm, entryPoints: ["launcher/tsmpirun.ts"], outfile: "dist/tsmpirun.js" }),
  build({ ...esm, entryPoints: ["launcher/tsmpi.ts"], outfile: "dist/tsmpi.js", plugins: [benchApart] }),
  build({ ...esm, entryPoints: ["bench/harness/bench.ts"], outfile: "dist/bench/harness.js" }),
  build({ ...esm, entryPoints: ["bench/harness/tune.ts"], outfile: "dist/bench/tune.js" }),
  build({
    ...esm,
    entryPoints: ["rank", "start", "ipc", "worker"].map(name => `bench/programs/${name}.ts`),
    outdir: "dist/bench",
    external: ["tsmpi"],
  }),
  build({
    ...common,
    entryPoints: ["src/job/boot.ts"],
    outfile: "dist/boot.cjs",
    format: "cjs",
    sourcemap: false,
    // CommonJS has no import.meta.
    define: { "import.meta.url": "__importMetaUrl" },
    banner: { js: 'const __importMetaUrl = require("node:url").pathToFileURL(__filename).href;' },
  }),
]);

for (const name of ["tsmpirun.js", "tsmpi.js"]) await chmod(join(root, "dist", name), 0o755);
await rm(join(root, "dist", "boot.cjs.map"), { force: true });
