/**
 * Copies between two typed arrays by where they begin in their pages, with and without what tsmpirun tells the C
 * library of its ranks (launcher/tunables.ts): `npx tsx bench/copies.ts`.
 */
import { spawnSync } from "node:child_process";
import { glibcTunables } from "../launcher/tunables.ts";

const ROOM = 16 * 2 ** 20;
const ahead = [0, 16, 64, 1024];
const sizes = [2048, 8192, 65536, 2 ** 20, 8 * 2 ** 20];

/** Gigabytes a second of the fastest of some batches. */
function rate(size: number, shift: number): number {
  // So long that each has pages of its own, and begins at the same place in them.
  const source = new Uint8Array(new ArrayBuffer(ROOM), 0, size);
  const target = new Uint8Array(new ArrayBuffer(ROOM), shift, size);
  const calls = Math.max(1, Math.round(4e6 / size));
  let best = Number.POSITIVE_INFINITY;
  for (let batch = 0; batch < 15; batch++) {
    const begin = performance.now();
    for (let call = 0; call < calls; call++) target.set(source);
    best = Math.min(best, (performance.now() - begin) / calls);
  }
  return size / best / 1e6;
}

if (process.argv[2] === "measure") {
  console.log(`GB/s${" ".repeat(8)}target so many bytes further in its page than the source`);
  console.log(["bytes", ...ahead].map(head => String(head).padStart(10)).join(""));
  for (const size of sizes) {
    console.log(
      [size, ...ahead.map(shift => rate(size, shift).toFixed(1))].map(x => String(x).padStart(10)).join(""),
    );
  }
} else {
  const variants = { "as the C library is": undefined, "as in ranks": glibcTunables(undefined) };
  for (const [name, tunables] of Object.entries(variants)) {
    console.log(`\n${name}`);
    spawnSync(process.execPath, [...process.execArgv, import.meta.filename, "measure"], {
      env: { ...process.env, GLIBC_TUNABLES: tunables },
      stdio: "inherit",
    });
  }
}
