import { execFileSync } from "node:child_process";
import { expect } from "chai";
import { packageRoot } from "../launch.ts";
import { fakeEnvironment } from "./fake.ts";

describe("cuda: buffers for arrays on their way to other ranks (on the fake driver)", function () {
  this.timeout(60_000);

  it("are pinned as far as they are kept, and pinned once", () => {
    // A process of its own, which keeps them.
    const program = `
      import { dtypeNamed } from "./src/cuda/dtype.ts";
      import { isPinned } from "./src/cuda/pinned.ts";
      import { staged } from "./src/cuda/staging.ts";
      const bytes = dtypeNamed("uint8");
      const MiB = 2 ** 20;
      /** Which of buffers in use at once are pinned. */
      const pinned = async (...lengths) => {
        if (lengths.length === 0) return [];
        const [length, ...others] = lengths;
        return staged(bytes, length, async buffer => [isPinned(buffer), buffer.length === length, ...(await pinned(...others))]);
      };
      const show = async (...lengths) => console.log((await pinned(...lengths)).map(Number).join(""));
      void (async () => {
        await show(120 * MiB, 100 * MiB, 1);
        process.env.FAKE_CUDA_FAIL = "cuMemHostAlloc=2";
        await show(120 * MiB, 100 * MiB, 1);
        await show(1, 5);
        await show(129 * MiB, 300 * MiB, 0);
      })();`;
    const said = execFileSync(
      process.execPath,
      ["--import", "tsx", "--input-type=module", "--eval", program],
      {
        cwd: packageRoot,
        env: { ...process.env, ...fakeEnvironment() },
        encoding: "utf8",
      },
    );
    expect(said.trim().split("\n")).to.deep.equal(["111101", "111101", "1111", "010111"]);
  });
});
