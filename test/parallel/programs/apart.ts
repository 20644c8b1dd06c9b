/** Ranks that share no memory, as on several hosts: shared says so on all of them, and maps go by messages. */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { expect } from "chai";
import { NotOneHostError, world } from "tsmpi";
import { map } from "tsmpi/parallel";
import { expectFailure, faces, ok } from "../../ranks/programs/support.ts";

const { rank, size } = world;
const { readlinkSync, readSync } = fs;

/** What the last rank finds where rank 0 says that its memory is. */
const findings: Record<string, () => void> = {
  "no such process": () => {
    fs.readlinkSync = (() => {
      throw Object.assign(new Error("ENOENT"), { code: "ENOENT" });
    }) as never;
  },
  "another file": () => {
    fs.readlinkSync = (() => "/dev/null") as never;
  },
  "another memory file": () => {
    fs.readSync = (() => 0) as never;
  },
};

for (const [what, pretend] of Object.entries(findings)) {
  if (rank === size - 1) pretend();
  syncBuiltinESMExports();
  for (const face of faces) {
    await expectFailure(
      () => face.shared(Float64Array, 10),
      NotOneHostError,
      "TSMPI_NOT_ONE_HOST",
      `shared: ranks 0 and ${size - 1} of world share no memory; call it on the ranks of one host`,
      { rank, communicator: "world" },
    );
  }
  // A communicator of its own, for which this is found out anew.
  await using part = await world.dup({ name: what });
  for (const schedule of ["static", "cyclic", "dynamic", "guided"] as const) {
    expect(await map(part, 50, i => i * i, { schedule })).to.deep.equal(
      Array.from({ length: 50 }, (_, i) => i * i),
    );
  }
  fs.readlinkSync = readlinkSync;
  fs.readSync = readSync;
  syncBuiltinESMExports();
}
expect((await world.shared(Float64Array, 10)).length).to.equal(10);
ok();
