import { expect } from "chai";
import { fakeCuda, fakeEnvironment } from "../cuda/fake.ts";
import { launchProgram, run } from "./run.ts";

describe("ranks: device arrays (on the fake driver)", function () {
  this.timeout(240_000);

  for (const ipc of ["1", "0"]) {
    for (const ranks of ipc === "1" ? [1, 2, 3, 5] : [2]) {
      const how = ipc === "1" ? "opens memory of other processes" : "opens none";
      it(`travel with messages and collectives, where the driver ${how} (${ranks} ranks)`, async () => {
        await run("cuda", ranks, { env: { ...fakeEnvironment(), FAKE_CUDA_IPC: ipc } });
      });
    }
    it(`travel while others are multiplied, where the driver ${ipc === "1" ? "opens" : "does not open"} them`, async () => {
      await run("cuda-overlap", 3, { env: { ...fakeEnvironment(), FAKE_CUDA_IPC: ipc } });
    });
  }

  for (const version of ["11000", "13000"]) {
    it(`come from several ranks at once, with a driver for CUDA ${version}`, async () => {
      await run("cuda-peers", 3, {
        args: [version],
        env: { ...fakeEnvironment(), FAKE_CUDA_VERSION: version },
      });
    });
  }

  for (const ranks of [1, 2, 3]) {
    it(`fail with an error where they cannot go, and never hang (${ranks} ranks)`, async () => {
      await run("cuda-errors", ranks, { env: fakeEnvironment() });
    });
  }
});

describe("ranks: collectives over NCCL (on the fake NCCL)", function () {
  this.timeout(240_000);

  const env = (devices: number): Record<string, string> => ({
    ...fakeEnvironment(),
    FAKE_CUDA_DEVICES: String(devices),
    TSMPI_LIBNCCL: fakeCuda().nccl,
  });

  for (const ranks of [1, 2, 3, 5]) {
    it(`go from device to device (${ranks} ranks)`, async () => {
      await run("nccl", ranks, { args: ["all"], env: env(ranks) });
    });
  }

  it("go by the host where ranks share a device", async () => {
    await run("nccl", 2, { args: ["shared"], env: env(1) });
  });

  it("go by the host where TSMPI_NCCL says so", async () => {
    await run("nccl", 2, { args: ["off"], env: { ...env(2), TSMPI_NCCL: "off" } });
  });

  it("go by the host where one rank has no NCCL", async () => {
    await run("nccl", 3, { args: ["missing"], env: env(3) });
  });

  it("go by the host where the device of one rank does not start", async () => {
    await run("nccl", 3, { args: ["full"], env: env(3) });
  });

  it("end the job with the reason where NCCL does not start on one rank", async () => {
    const { code, stderr } = await launchProgram("nccl", 3, { args: ["broken"], env: env(3), seconds: 60 });
    expect(code, stderr).to.equal(1);
    expect(stderr).to.match(
      /starting NCCL on device 2 \(Fake GPU 2\) \(TSMPI_NCCL=off does without\): ncclCommInitRank: ncclSystemError/,
    );
  });

  for (const ranks of [1, 2, 3, 5]) {
    for (const how of ["nccl", "host"]) {
      it(`have their arrays to themselves (${ranks} ranks, by ${how})`, async () => {
        const off: Record<string, string> = how === "nccl" ? {} : { TSMPI_NCCL: "off" };
        await run("cuda-held", ranks, { args: [how], env: { ...env(ranks), ...off } });
      });
    }
  }

  for (const devices of [1, 3]) {
    it(`leave a block by an error at once (3 ranks, ${devices} devices)`, async () => {
      const { code, stderr } = await launchProgram("cuda-block", 3, { env: env(devices), seconds: 30 });
      expect(code, stderr).to.equal(1);
      expect(stderr).to.match(/RangeError: thrown beside a DeviceCommunicator\n/);
    });
  }

  it("want a setting that there is", async () => {
    const { code, stderr } = await launchProgram("nccl", 2, {
      args: ["off"],
      env: { ...env(2), TSMPI_NCCL: "no" },
      seconds: 60,
    });
    expect(code).to.equal(2);
    expect(stderr).to.match(/^tsmpirun: TSMPI_NCCL must be "on" or "off", but is "no"/);
  });
});
