/** Which files decide what a transpiled script is, those that are not there included. */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";

/** What esbuild adds to a name that is no file, in its order. */
const PROBED = [".tsx", ".ts", ".jsx", ".js", ".json"];

/** What the resolving of imports noted for the cache. */
export class ImportNotes {
  readonly inputs = new Set<string>();
  readonly absent = new Set<string>();
  readonly externals = new Set<string>();

  /** Notes the nearest `name` above a folder, and the nearer places where there is none. */
  nearest(folder: string, name: string): string | undefined {
    for (let at = folder; ; at = dirname(at)) {
      const path = join(at, name);
      if (existsSync(path)) {
        this.inputs.add(path);
        return path;
      }
      this.absent.add(path);
      if (at === dirname(at)) return undefined;
    }
  }

  ownFile(path: string): void {
    this.inputs.add(path);
    this.nearest(dirname(path), "package.json");
    const config = this.nearest(dirname(path), "tsconfig.json");
    if (config !== undefined) this.extended(config);
  }

  /** Follows `extends`; a regular expression will do, for a file noted in vain only costs a look at it. */
  private extended(config: string): void {
    const text = readFileSync(config, "utf8");
    for (const [list] of text.matchAll(/"extends"\s*:\s*("[^"]*"|\[[^\]]*\])/g)) {
      for (const [, name] of list.slice('"extends"'.length).matchAll(/"([^"]*)"/g)) {
        const path = resolveConfig(name, config);
        if (path === undefined || this.inputs.has(path)) continue;
        this.inputs.add(path);
        this.extended(path);
      }
    }
  }

  /** A relative import found by trying extensions: what was tried before must stay absent. */
  probed(wanted: string, found: string): void {
    if (wanted === found) return;
    const stem = wanted.replace(/\.([cm]?)jsx?$/, ".$1");
    const tried = [wanted, ...PROBED.map(extension => wanted + extension)];
    if (stem !== wanted) tried.push(`${stem}ts`, `${stem}tsx`);
    for (const path of tried) if (!existsSync(path)) this.absent.add(path);
  }

  /** A package: its own package.json decides which file a name means, and a nearer copy would win. */
  packageFile(specifier: string, folder: string, found: string): void {
    this.externals.add(found);
    this.nearest(dirname(found), "package.json");
    const name = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
    for (let at = folder; ; at = dirname(at)) {
      const candidate = join(at, "node_modules", name);
      if (existsSync(candidate)) break;
      this.absent.add(candidate);
      if (at === dirname(at)) break;
    }
  }
}

function resolveConfig(name: string, config: string): string | undefined {
  if (/^\.|^\//.test(name)) {
    const path = resolve(dirname(config), name);
    return [path, `${path}.json`].find(existsSync);
  }
  try {
    return createRequire(config).resolve(name);
  } catch {
    return undefined;
  }
}
