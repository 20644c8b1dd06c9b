import { fakeEnvironment } from "../cuda/fake.ts";
import { run } from "./run.ts";

describe("ranks: device arrays (on the fake driver)", function () {
  this.timeout(240_000);

  for (const ipc of ["1", "0"]) {
    for (const ranks of ipc === "1" ? [1, 2, 3, 5] : [2]) {
      const how = ipc === "1" ? "opens memory of other processes" : "opens none";
      it(`travel with messages and collectives, where the driver ${how} (${ranks} ranks)`, async () => {
        await run("cuda", ranks, { env: { ...fakeEnvironment(), FAKE_CUDA_IPC: ipc } });
      });
    }
  }
});
