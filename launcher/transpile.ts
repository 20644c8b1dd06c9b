/**
 * Turns a person's TypeScript into one ES module that plain node runs. A rank started through a loader such as
 * tsx costs 280-400 ms here against 80 for plain node, so the launcher does this once for all ranks.
 *
 * Only the person's own files are bundled. Packages, node's modules, CommonJS .js files and everything in
 * node_modules stay imports, resolved now from the importing file, so that the result may lie in the cache
 * folder and still loads the very same modules. `import.meta` and `__filename` keep the meaning that they have
 * in the original files.
 */
import { existsSync, readFileSync } from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import { dirname, extname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type {
  ImportKind,
  Message,
  OnLoadResult,
  OnResolveArgs,
  OnResolveResult,
  Plugin,
  PluginBuild,
} from "esbuild";
import { packageFolder } from "../src/native.ts";
import { ImportNotes } from "./import-notes.ts";
import { ReportedError } from "./usage-error.ts";

const TYPESCRIPT = /\.([cm]?ts|tsx)$/;
const SOURCE = /\.([cm]?[jt]s|[jt]sx|json)$/;
const META = "tsmpi-meta";

export interface Transpiled {
  code: Uint8Array;
  /** The source map; whoever writes the code adds the link to it. */
  map: Uint8Array;
  /** Every file whose content decides the result. */
  inputs: string[];
  /** Files that must stay absent: one that appeared would be found before what was found. */
  absent: string[];
  /** Files that the result imports; they must stay where they are. */
  externals: string[];
  warnings: string;
}

function nodeResolve(specifier: string, importer: string): string | undefined {
  try {
    return createRequire(importer).resolve(specifier);
  } catch {
    return undefined;
  }
}

/** Whether node would load a .js file as CommonJS; such a file is left to node, which runs it exactly. */
function isCommonJs(path: string): boolean {
  if (path.endsWith(".cjs")) return true;
  if (!path.endsWith(".js")) return false;
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const file = join(folder, "package.json");
    if (existsSync(file)) {
      const type = /"type"\s*:\s*"(module|commonjs)"/.exec(readFileSync(file, "utf8"))?.[1];
      if (type !== undefined) return type === "commonjs";
      break;
    }
    if (folder === dirname(folder)) break;
  }
  return !hasModuleSyntax(readFileSync(path, "utf8"));
}

function hasModuleSyntax(text: string): boolean {
  // Not `exports.x = 1`.
  return /^\s*(import(\s*["'{*]|\s+\w)|export(\s*[{*]|\s+\w))|\bimport\.meta\b|^\s*await\s/m.test(text);
}

const isRequire = (kind: ImportKind): boolean => kind === "require-call" || kind === "require-resolve";

function external(kind: ImportKind, path: string): OnResolveResult {
  // require() takes paths, import takes addresses.
  return { external: true, path: isRequire(kind) ? path : pathToFileURL(path).href };
}

/** @param whole packages go in, too: nothing but tsmpi and what node has stays outside */
function resolvePlugin(entry: string, notes: ImportNotes, whole: boolean): Plugin {
  const inner = Symbol("asked by this plugin");

  async function onResolve(build: PluginBuild, args: OnResolveArgs): Promise<OnResolveResult | undefined> {
    const { kind, importer, path } = args;
    if (args.pluginData === inner) return undefined;
    if (path.startsWith(`${META}:`)) return { path: path.slice(META.length + 1), namespace: META };
    if (args.namespace === META || isBuiltin(path)) return { path, external: true };
    if (kind === "entry-point") {
      notes.ownFile(path);
      return undefined;
    }
    if (/^(data|https?|node|blob):/.test(path)) return { path, external: true };

    // Never through tsconfig paths: two copies of tsmpi in one rank would be two worlds.
    if (path === "tsmpi" || path.startsWith("tsmpi/")) {
      const found = nodeResolve(path, importer) ?? nodeResolve(path, join(packageFolder(), "package.json"));
      if (found === undefined) return undefined;
      notes.packageFile(path, dirname(importer), found);
      return external(kind, found);
    }

    const asked = path.startsWith("file:") ? fileURLToPath(path) : path;
    const own = /^\.{0,2}\/|^\.{1,2}$/.test(asked);
    const result = await build.resolve(asked, {
      kind,
      importer,
      resolveDir: args.resolveDir,
      with: args.with,
      pluginData: inner,
    });
    if (result.errors.length > 0) {
      // A program may try a package and do without it; then node's own error is what it waits for.
      if (kind === "import-statement") return { errors: result.errors };
      return own ? external(kind, resolve(args.resolveDir, asked)) : { path, external: true };
    }
    if (result.external) return result;
    const found = result.path;

    if (whole) {
      if (found.endsWith(".node")) {
        return {
          errors: [{ text: `${found} is native code, which --ship cannot send; install it on the hosts` }],
        };
      }
      notes.ownFile(found);
      if (own) notes.probed(resolve(args.resolveDir, asked), found);
      return asked === path ? undefined : { path: found };
    }
    const inPackage = /[\\/]node_modules[\\/]/.test(found);
    const throughPaths =
      !own && !inPackage && !asked.startsWith("#") && nodeResolve(asked, importer) === undefined;
    const bundled = TYPESCRIPT.test(found) || ((own || throughPaths) && !inPackage && SOURCE.test(found));
    if (bundled && !isCommonJs(found)) {
      notes.ownFile(found);
      if (own) notes.probed(resolve(args.resolveDir, asked), found);
      // esbuild's own answer carries the package's type and the tsconfig along.
      return asked === path ? undefined : { path: found };
    }
    if (own) {
      notes.externals.add(found);
      notes.probed(resolve(args.resolveDir, asked), found);
    } else {
      notes.packageFile(asked, args.resolveDir, found);
    }
    return external(kind, found);
  }

  return {
    name: "tsmpi",
    setup(build) {
      build.onResolve({ filter: /.*/ }, args => onResolve(build, args));
      build.onLoad({ filter: /.*/, namespace: META }, args => ({ contents: metaModule(args.path, entry) }));
      build.onLoad({ filter: /\.([cm]?[jt]s|[jt]sx)$/, namespace: "file" }, args =>
        loadFile(args.path, entry),
      );
    },
  };
}

/** Whether this node, which is that of the ranks, gives `import.meta` a property main. */
const [major, minor] = process.versions.node.split(".").map(Number);
const hasMain = major > 24 || (major === 24 && minor >= 2);

/** What `import.meta`, `__filename` and `__dirname` are in one file. */
function metaModule(path: string, entry: string): string {
  const url = pathToFileURL(path).href;
  const main = hasMain ? `main: ${path === entry},` : "";
  return `import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
export const filename = ${JSON.stringify(path)};
export const dirname = ${JSON.stringify(dirname(path))};
const url = ${JSON.stringify(url)};
const resolve = specifier => {
  if (/^(\\.{0,2}\\/|[a-z][a-z+.-]+:)/i.test(specifier)) return new URL(specifier, url).href;
  const found = createRequire(url).resolve(specifier);
  return found.startsWith("/") ? pathToFileURL(found).href : found.startsWith("node:") ? found : "node:" + found;
};
export const meta = { __proto__: null, dirname, filename, ${main} resolve, url };
`;
}

/**
 * Gives a file its own `import.meta` or `__filename`. Imports are hoisted, so they are put after the last line
 * and no line or column of the person's code moves. A CommonJS file cannot import; there the first line grows.
 */
function loadFile(path: string, entry: string): OnLoadResult | undefined {
  const text = readFileSync(path, "utf8");
  const extension = extname(path).slice(1);
  const loader = /x$/.test(extension) ? (extension as "tsx" | "jsx") : /ts$/.test(extension) ? "ts" : "js";
  if (/\bimport\.meta\b/.test(text)) {
    const line = `\nimport { meta as __tsmpiImportMeta } from ${JSON.stringify(`${META}:${path}`)};\n`;
    return { contents: text + line, loader };
  }
  const usesNames = /\b__(filename|dirname)\b/.test(text);
  const definesNames = /\b(const|let|var)\s+[^;=]*\b__(filename|dirname)\b/.test(text);
  const usesMain = path === entry && /\brequire\.main\b/.test(text);
  if ((!usesNames || definesNames) && !usesMain) return undefined;
  if (hasModuleSyntax(text)) {
    // An ES module has no such names in node either; a .cts file with import statements has.
    if (!path.endsWith(".cts")) return undefined;
    const line = `\nimport { filename as __filename, dirname as __dirname } from ${JSON.stringify(`${META}:${path}`)};\n`;
    return { contents: text + line, loader };
  }
  const names = `const __filename = ${JSON.stringify(path)}, __dirname = ${JSON.stringify(dirname(path))}; `;
  const main = usesMain ? "__tsmpiMain = module; " : "";
  return { contents: (definesNames ? "" : names) + main + text, loader };
}

/** Without what esbuild would have its own user do, which tsmpirun has no option for. */
function withoutAdvice(message: Message): Message {
  return { ...message, notes: message.notes.filter(({ text }) => !text.includes(" as external")) };
}

/**
 * @param entry absolute path of the script
 * @param outputFolder where the result will lie (the source map is relative to it)
 * @param whole with the packages that it imports
 * @throws {ReportedError} with esbuild's message (file, line, column) for a program that does not compile
 */
export async function transpile(entry: string, outputFolder: string, whole: boolean): Promise<Transpiled> {
  // Loaded here and not above: a job whose script is cached never needs it.
  const esbuild = await import("esbuild").catch(cause => {
    throw new ReportedError(
      `tsmpirun needs the package esbuild to run ${entry}, and it does not load: ${cause.message}`,
    );
  });
  const notes = new ImportNotes();
  // Another version of esbuild may give another result.
  notes.inputs.add(createRequire(import.meta.url).resolve("esbuild/package.json"));
  // esbuild's stand-in for require() uses this one. `require.main` is the module that loadFile puts there.
  const banner = `import { createRequire as __tsmpiCreateRequire } from "node:module";
const require = __tsmpiCreateRequire(${JSON.stringify(pathToFileURL(entry).href)}); let __tsmpiMain;`;
  try {
    const result = await esbuild.build({
      entryPoints: [entry],
      outfile: join(outputFolder, "script.mjs"),
      bundle: true,
      write: false,
      format: "esm",
      platform: "node",
      target: `node${process.versions.node}`,
      // node knows neither the condition "module" nor the field, which esbuild would follow otherwise.
      conditions: [],
      mainFields: ["main"],
      // A program's files have side effects whatever package.json says, and nothing of theirs may go.
      treeShaking: false,
      ignoreAnnotations: true,
      charset: "utf8",
      legalComments: "none",
      sourcemap: "external",
      sourcesContent: false,
      define: { "import.meta": "__tsmpiImportMeta", "require.main": "__tsmpiMain" },
      banner: { js: banner },
      logLevel: "silent",
      plugins: [resolvePlugin(entry, notes, whole)],
    });
    const [map, code] = result.outputFiles;
    return {
      code: code.contents,
      map: map.contents,
      inputs: [...notes.inputs],
      absent: [...notes.absent],
      externals: [...notes.externals],
      warnings: (await esbuild.formatMessages(result.warnings, { kind: "warning" })).join(""),
    };
  } catch (error) {
    const errors = (error as { errors?: Message[] }).errors;
    if (errors === undefined) throw error;
    const color = process.stderr.isTTY === true && process.env.NO_COLOR === undefined;
    const messages = await esbuild.formatMessages(errors.map(withoutAdvice), { kind: "error", color });
    throw new ReportedError(`${messages.join("")}tsmpirun: ${entry} does not compile; no rank was started`);
  } finally {
    // Otherwise its process stays as long as the job.
    await esbuild.stop();
  }
}
