/**
 * Where the CUDA libraries may lie: on the loader's path, in a toolkit's folder, among conda's libraries, or inside a
 * Python wheel.
 */
import { readdirSync, readlinkSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";

export interface Candidate {
  readonly path: string;
  /** Libraries of the same folder that the loader would not find by itself, to be opened first. */
  readonly companions: readonly string[];
}

export interface Wanted {
  /** "cublas": libcublas.so.N */
  readonly name: string;
  /** Folder of the wheel that holds it, before CUDA 13 put all into one. */
  readonly wheel: string;
  readonly variable: string;
  readonly companions: readonly RegExp[];
  /** The number of its interface, where that is none of CUDA's. */
  readonly version?: number;
}

/** Names of files in a folder; none when there is no such folder. */
function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Folders of programs on PATH, and of those that a python3 there is a link to: an environment's python3 is one itself. */
function* programFolders(): Generator<string> {
  const { PATH = "" } = process.env;
  for (const folder of PATH.split(delimiter).filter(name => name !== "")) {
    yield folder;
    let program = join(folder, "python3");
    for (let links = 0; links < 10; links++) {
      try {
        program = resolve(dirname(program), readlinkSync(program));
      } catch {
        break;
      }
      yield dirname(program);
    }
  }
}

/** Folders with a `lib/python3.x`: those of the programs on PATH, of an environment, of the user and of the system. */
function pythonPrefixes(): string[] {
  const { VIRTUAL_ENV, CONDA_PREFIX } = process.env;
  const prefixes = [...programFolders()].map(dirname);
  for (const environment of [CONDA_PREFIX, VIRTUAL_ENV]) if (environment) prefixes.unshift(environment);
  return [...new Set([...prefixes, join(homedir(), ".local"), "/usr/local", "/usr"])];
}

function* pythonFolders({ wheel }: Wanted): Generator<string> {
  for (const prefix of pythonPrefixes()) {
    // Conda's.
    yield join(prefix, "lib");
    for (const python of list(join(prefix, "lib")).filter(name => name.startsWith("python3"))) {
      for (const packages of ["site-packages", "dist-packages"]) {
        const nvidia = join(prefix, "lib", python, packages, "nvidia");
        for (const folder of list(nvidia)) {
          if (folder === wheel || /^cu\d+$/.test(folder)) yield join(nvidia, folder, "lib");
        }
      }
    }
  }
}

/**
 * Candidates for a library, best first: what its environment variable names and nothing else, or the newest version
 * up to that of CUDA `major`, on the loader's path, in a toolkit's folder, conda's or a wheel's.
 */
export function* candidates(wanted: Wanted, major: number): Generator<Candidate> {
  const named = process.env[wanted.variable];
  if (named !== undefined && named !== "") {
    yield { path: named, companions: named.includes("/") ? companionsIn(dirname(named), wanted) : [] };
    return;
  }
  const toolkits = list("/usr/local").filter(name => /^cuda(-|$)/.test(name));
  const folders = [...toolkits.map(name => join("/usr/local", name, "lib64")), ...pythonFolders(wanted)];
  for (const suffix of suffixes(wanted, major)) {
    const file = `lib${wanted.name}.so.${suffix}`;
    yield { path: file, companions: [] };
    for (const folder of folders) {
      if (!list(folder).includes(file)) continue;
      yield { path: join(folder, file), companions: companionsIn(folder, wanted) };
    }
  }
}

function companionsIn(folder: string, { companions }: Wanted): string[] {
  return list(folder)
    .filter(name => companions.some(pattern => pattern.test(name)))
    .map(name => join(folder, name));
}

function* suffixes({ version }: Wanted, major: number): Generator<string> {
  if (version !== undefined) return yield String(version);
  for (let of = major; of >= 11; of--) {
    yield String(of);
    // NVRTC 11 has the suffix of the release from which its interface has not changed.
    if (of === 11) yield "11.2";
  }
}
