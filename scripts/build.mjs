// Bundles the library and the launcher into dist/, one file each: loading many small modules costs start time
// in every rank.
import { readFileSync } from "node:fs";
import { chmod, copyFile, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, "dist");
const { exports: entries, engines } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

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
// What boots where every millisecond counts: node loads CommonJS sooner than ES modules, but it has no import.meta.
const commonjs = {
  ...common,
  format: "cjs",
  // Scripts that come with their compiled code have no import() in Node 20.
  supported: { "dynamic-import": false },
  define: {
    "import.meta.url": "__importMetaUrl",
    "import.meta.filename": "__filename",
    "import.meta.dirname": "__dirname",
  },
  banner: {
    js: 'const __importMetaUrl = process.getBuiltinModule("node:url").pathToFileURL(__filename).href;',
  },
};
// Node 20 reads the certificates of NODE_EXTRA_CA_CERTS whenever it starts, which takes longer than the rest of its start, and
// tsmpirun opens no TLS connection: so a shell puts the variable where load-tsmpirun.ts finds it for the ranks. To
// node, which may be given the file as well, the second line is a string and a comment.
const startedByShell = `#!/bin/sh
':' //; [ -z "$NODE_EXTRA_CA_CERTS" ] || { export TSMPI_EXTRA_CA_CERTS="$NODE_EXTRA_CA_CERTS"; unset NODE_EXTRA_CA_CERTS; }; exec node "$0" "$@"
`;

// An older Node lacks what the first lines of all bundles call, and would only name that.
const ifTooOld = then => `if (process.getBuiltinModule === undefined) ${then(
  `"tsmpi needs Node ${engines.node.replace(">=", "")} or newer; this is " + process.version`,
)}
`;

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

// An ES import of one of node's modules reads every property of it, and some of those load others: node:fs all of the
// streams, node:util the parser of arguments. Every rank pays for that before it begins, so that only what is used is read.
const builtinsAsUsed = {
  name: "builtins-as-used",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ path, kind }) =>
      kind === "import-statement" ? { path, namespace: "builtin" } : undefined,
    );
    onLoad({ filter: /.*/, namespace: "builtin" }, async ({ path }) => {
      const builtin = await import(path);
      // Functions are looked up when they are called, so that a program which replaces one (a test, say) is heeded.
      // What they have as properties, such as util.inspect.custom, is read at once.
      const how = name => {
        if (typeof builtin[name] !== "function" || !/^[a-z]/.test(name)) return "$property";
        return Object.keys(builtin[name]).length === 0 ? "$call" : "$callWithProperties";
      };
      const lines = Object.keys(builtin)
        .filter(name => name !== "default")
        .map(name => `export const ${name} = /* @__PURE__ */ ${how(name)}("${name}");`);
      const module = `const $module = process.getBuiltinModule("${path}");
const $property = name => $module[name];
const $call = name => (...args) => $module[name](...args);
const $callWithProperties = name => Object.assign($call(name), $module[name]);
`;
      return { contents: module + lines.join("\n") };
    });
  },
};

// The doors beside the main one, "tsmpi/random" and its like: each a folder of src/ that package.json exports.
const doors = Object.keys(entries)
  .map(path => path.slice(2))
  .filter(name => name !== "" && name !== "package.json");

// What one door uses of another, and of the core, it must share with it: a process has one world, and one class
// for each error. The errors are all exported by the core.
const shared = new Map([
  ["src/index.ts", "./index.js"],
  ["src/errors.ts", "./index.js"],
  ...doors.map(name => [`src/${name}/index.ts`, `./${name}.js`]),
]);
const doorsApart = {
  name: "doors-apart",
  setup({ onResolve }) {
    onResolve({ filter: /\/(index|errors)\.ts$/ }, ({ path, resolveDir, kind }) => {
      const bundle =
        kind === "entry-point" ? undefined : shared.get(relative(root, resolve(resolveDir, path)));
      return bundle === undefined ? undefined : { path: bundle, external: true };
    });
  },
};

// A class that speaks of itself is called _Matrix within a bundle, and so it would be shown: to console.log and in errors.
// As many characters as before, so that source maps hold.
async function nameClasses(name) {
  const path = join(dist, name);
  const code = await readFile(path, "utf8");
  const names = new Set(
    Array.from(code.matchAll(/^(?:const|var) ([\w$]+) ?= ?class _\1\b/gm), ([, name]) => name),
  );
  await writeFile(
    path,
    code.replace(/(?<![.\w$])_([\w$]+)/g, (text, name) => (names.has(name) ? `${name} ` : text)),
  );
}

// A bundle declares all its modules' constants with `var`, and the engine then looks each of them up, every time, as
// what might have changed: with `const` it compiles their values into the code, which makes short messages and
// collectives a third faster. As many characters as before, so that source maps hold.
async function makeConstant(name) {
  const path = join(dist, name);
  const code = await readFile(path, "utf8");
  const assigned = new Map();
  for (const [, name] of code.matchAll(
    /(?<![.\w$])([\w$]+)\s*(?:[-+*/%&|^]|\*\*|<<|>>>?|&&|\|\||\?\?)?=(?![=>])/g,
  )) {
    assigned.set(name, (assigned.get(name) ?? 0) + 1);
  }
  for (const [, before, after] of code.matchAll(/([\w$]+)(?:\+\+|--)|(?:\+\+|--)([\w$]+)/g)) {
    assigned.set(before ?? after, 2);
  }
  await writeFile(
    path,
    code.replace(/^var ([\w$]+) = /gm, (text, name) => (assigned.get(name) === 1 ? `const ${name}=` : text)),
  );
}

await Promise.all([
  // The map lies beside it but is not linked: ranks run with --enable-source-maps, and each would parse a map
  // that is larger than the library itself, 4 ms of its start, for lines that are not the user's.
  build({
    ...esm,
    entryPoints: ["src/index.ts"],
    outfile: "dist/index.js",
    sourcemap: "external",
    banner: { js: ifTooOld(sentence => `throw new Error(${sentence});`) },
    plugins: [builtinsAsUsed],
  }),
  ...doors.map(name =>
    build({
      ...esm,
      entryPoints: [`src/${name}/index.ts`],
      outfile: `dist/${name}.js`,
      sourcemap: "external",
      plugins: [doorsApart, builtinsAsUsed],
    }),
  ),
  build({
    ...commonjs,
    entryPoints: ["launcher/load-tsmpirun.ts"],
    outfile: "dist/tsmpirun.cjs",
    banner: {
      js:
        startedByShell +
        ifTooOld(sentence => `{ console.error("tsmpirun: " + ${sentence}); process.exit(1); }`) +
        commonjs.banner.js,
    },
    plugins: [builtinsAsUsed],
  }),
  build({
    ...commonjs,
    entryPoints: ["launcher/tsmpirun.ts"],
    outfile: "dist/tsmpirun-program.cjs",
    plugins: [builtinsAsUsed],
  }),
  build({ ...esm, entryPoints: ["launcher/tsmpi.ts"], outfile: "dist/tsmpi.js", plugins: [benchApart] }),
  build({ ...esm, entryPoints: ["bench/harness/bench.ts"], outfile: "dist/bench/harness.js" }),
  build({ ...esm, entryPoints: ["bench/harness/tune.ts"], outfile: "dist/bench/tune.js" }),
  build({
    ...esm,
    entryPoints: ["rank", "start", "ipc", "worker", "bare"].map(name => `bench/programs/${name}.ts`),
    outdir: "dist/bench",
    external: ["tsmpi"],
  }),
  build({
    ...esm,
    entryPoints: ["bench/cuda/measure.ts"],
    outfile: "dist/bench/cuda.mjs",
    external: ["tsmpi/*"],
    sourcemap: false,
  }),
  build({ ...esm, entryPoints: ["launcher/threads/gateway-thread.ts"], outfile: "dist/gateway-thread.js" }),
  build({
    ...commonjs,
    entryPoints: ["src/job/boot.ts", "src/job/boot-zeromq.ts"],
    outdir: "dist",
    outExtension: { ".js": ".cjs" },
    sourcemap: false,
    plugins: [builtinsAsUsed],
  }),
]);

for (const name of ["index", ...doors]) {
  await nameClasses(`${name}.js`);
  await makeConstant(`${name}.js`);
}
await copyFile(join(root, "launcher/dashboard/page.html"), join(dist, "dashboard.html"));
for (const name of ["tsmpirun.cjs", "tsmpi.js"]) await chmod(join(dist, name), 0o755);
for (const name of ["boot", "boot-zeromq"]) await rm(join(dist, `${name}.cjs.map`), { force: true });
