import { expect } from "chai";
import { glibcTunables } from "../../launcher/tunables.ts";
import { launch } from "../launch.ts";
import { folderWith, removeFolders } from "./helpers.ts";

describe("what ranks tell their C library", () => {
  after(removeFolders);

  it("should add to what the user has set, and leave alone what the user has decided", () => {
    const mine = "glibc.cpu.x86_rep_movsb_threshold=1099511627776";
    expect(glibcTunables(undefined)).to.equal(mine);
    expect(glibcTunables("")).to.equal(mine);
    expect(glibcTunables("glibc.malloc.check=3")).to.equal(`glibc.malloc.check=3:${mine}`);
    const decided = "glibc.cpu.x86_rep_movsb_threshold=2048:glibc.malloc.check=3";
    expect(glibcTunables(decided)).to.equal(decided);
  });

  it("should reach the ranks", async () => {
    const cwd = folderWith({ "main.ts": "console.log(process.env.GLIBC_TUNABLES);" });
    const { stdout } = await launch(["-n", "1", "-x", "GLIBC_TUNABLES=glibc.malloc.check=3", "main.ts"], {
      cwd,
    });
    expect(stdout).to.equal(`${glibcTunables("glibc.malloc.check=3")}\n`);
  });
});
