/** What every rank does to its process before its script runs, whatever joins it with the others. */

export function ownProcess(): void {
  const { TSMPI_SCRIPT: script, TSMPI_COMPILED: compiled } = process.env;
  delete process.env.TSMPI_SCRIPT;
  delete process.env.TSMPI_COMPILED;
  // The file that runs may be a transpiled copy: the program should see the name that was typed.
  if (script !== undefined) process.argv[1] = script;
  if (compiled !== undefined) keepCompiled(compiled);
  writeWhole("stdout");
  writeWhole("stderr");
}

/** From Node 22 on: what V8 compiles of tsmpi and of the program, the next job loads. Where that cannot be, nothing is said. */
function keepCompiled(folder: string): void {
  const module = process.getBuiltinModule("node:module") as { enableCompileCache?: (folder: string) => void };
  module.enableCompileCache?.(folder);
}

/**
 * Writes to a pipe wait until they are done, as node does it for files and terminals. Otherwise what a rank
 * has printed last is lost when it calls process.exit() while the launcher is busy. The stream is made at its
 * first use, as always.
 */
function writeWhole(name: "stdout" | "stderr"): void {
  const property = Object.getOwnPropertyDescriptor(process, name);
  if (property?.get === undefined || property.configurable !== true) return;
  Object.defineProperty(process, name, {
    ...property,
    get() {
      const stream = property.get!.call(process) as {
        _handle?: { setBlocking?: (blocking: boolean) => void };
      };
      stream._handle?.setBlocking?.(true);
      Object.defineProperty(process, name, property);
      return stream;
    },
  });
}
