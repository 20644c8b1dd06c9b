/** What every rank does to its process before its script runs, whatever joins it with the others. */

/** @param script what the person has named, when the file that runs is a transpiled copy of it */
export function ownProcess(script: string | undefined): void {
  // The program should see the name that was typed.
  if (script !== undefined) process.argv[1] = script;
  writeWhole("stdout");
  writeWhole("stderr");
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
