/**
 * Calls of the libraries that fail at a first use of something, each in a process of its own, on the fakes: what the
 * others test is in use already.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { packageRoot } from "../launch.ts";
import { fakeCuda, fakeEnvironment } from "./fake.ts";

/** What a program says while calls fail; of an error its code and sentence. */
function said(failures: string, program: string, env: Record<string, string> = {}): string {
  const text = `
    import * as cuda from "tsmpi/cuda";
    import { world, sum } from "tsmpi";
    const fail = (failures = "") => { process.env.FAKE_CUDA_FAIL = failures; };
    try {
      const said = await (async () => { ${program} })();
      console.log(said ?? "nothing");
    } catch (error) {
      console.log(error.code, error.message);
    }`;
  return execFileSync(process.execPath, ["--input-type=module", "--eval", text], {
    cwd: packageRoot,
    env: { ...fakeEnvironment(), PATH: process.env.PATH, FAKE_CUDA_FAIL: failures, ...env },
    encoding: "utf8",
  }).trim();
}

const product = "const a = cuda.zeros([2, 2]); return (await cuda.matmul(a, a).download())[0];";
const stacked = "const a = cuda.zeros([2, 2, 2]); cuda.matmul(a, a);";
const mapped = "await cuda.map(cuda.full(1, 5), x => x.mul(2)).download();";
const reduced =
  "const gpus = await cuda.over(world); const a = cuda.zeros(1); await gpus.allreduceInto(a, a, sum);";

describe("cuda: calls that fail (on the fakes)", function () {
  this.timeout(180_000);
  let folder: string;
  before(() => {
    fakeCuda();
    folder = mkdtempSync(join(tmpdir(), "tsmpi-failures-"));
    writeFileSync(join(folder, "image"), "EXPRESSION");
  });
  after(() => rmSync(folder, { recursive: true }));

  const failures: readonly [string, string, RegExp][] = [
    ["cuDriverGetVersion=999", "return cuda.reason();", /^cuDriverGetVersion: CUDA_ERROR_UNKNOWN/],
    ["cuDeviceGetCount=999", "return cuda.reason();", /^cuDeviceGetCount: CUDA_ERROR_UNKNOWN/],
    ["cuDeviceGet=999", "cuda.devices();", /^TSMPI_CUDA cuDeviceGet: /],
    ["cuDeviceGetName=999", "cuda.devices();", /^TSMPI_CUDA cuDeviceGetName: /],
    ["cuDeviceGetUuid=999", "cuda.devices();", /^TSMPI_CUDA cuDeviceGetUuid: /],
    ["cuDeviceGetAttribute=999", "cuda.devices();", /^TSMPI_CUDA cuDeviceGetAttribute: /],
    ["cuDeviceTotalMem_v2=999", "cuda.devices();", /^TSMPI_CUDA cuDeviceTotalMem_v2: /],
    ["cuDevicePrimaryCtxRetain=999", "cuda.zeros(1);", /^TSMPI_CUDA cuDevicePrimaryCtxRetain: /],
    ["cuCtxSetCurrent=999", "cuda.zeros(1);", /^TSMPI_CUDA cuCtxSetCurrent: /],
    ["cuStreamCreate=999", "cuda.zeros(1);", /^TSMPI_CUDA cuStreamCreate: /],
    ["cuModuleGetFunction=500", "cuda.zeros(1);", /^TSMPI_CUDA cuModuleGetFunction: /],
    ["cuEventCreate=999", "await cuda.device().synchronize();", /^TSMPI_CUDA cuEventCreate: /],
    ["cuEventDestroy_v2=999", "await cuda.device().timer().stop();", /^TSMPI_CUDA cuEventDestroy_v2: /],
    ["cuMemFree_v2=999", "cuda.zeros(1).free(); cuda.device().trim();", /^TSMPI_CUDA cuMemFree_v2: /],
    ["cublasSetStream_v2=7", product, /^TSMPI_CUDA cublasSetStream_v2: /],
    ["cublasGemmStridedBatchedEx=13", stacked, /multiplying .*: cublasGemmStridedBatchedEx: /],
    ["cublasGetVersion_v2=7", "return cuda.info().cublas;", /^cublasGetVersion_v2: /],
    ["nvrtcVersion=3", "return cuda.info().nvrtc;", /^nvrtcVersion: status 3$/],
    ["nvrtcCreateProgram=3", mapped, /^TSMPI_CUDA nvrtcCreateProgram: status 3$/],
    [
      "nvrtcCompileProgram=6,nvrtcGetProgramLogSize=3",
      mapped,
      /^TSMPI_CUDA nvrtcGetProgramLogSize: status 3$/,
    ],
    ["nvrtcCompileProgram=6,nvrtcGetProgramLog=3", mapped, /^TSMPI_CUDA nvrtcGetProgramLog: status 3$/],
    ["nvrtcGetCUBINSize=3", mapped, /^TSMPI_CUDA nvrtcGetCUBINSize: status 3$/],
    ["nvrtcGetCUBIN=3", mapped, /^TSMPI_CUDA nvrtcGetCUBIN: status 3$/],
    ["ncclGetVersion=3", "return cuda.info().nccl;", /^ncclGetVersion: ncclInternalError/],
    ["ncclGetUniqueId=3", reduced, /^TSMPI_CUDA starting NCCL: ncclGetUniqueId: ncclInternalError/],
    [
      "ncclCommDestroy=3",
      "const gpus = await cuda.over(world); await gpus.ncclReason(); await gpus.free();",
      /^TSMPI_CUDA leaving NCCL: ncclCommDestroy: ncclInternalError/,
    ],
    [
      "cuStreamDestroy_v2=400",
      "const gpus = await cuda.over(world); await gpus.ncclReason(); await gpus.free();",
      /^TSMPI_CUDA cuStreamDestroy_v2: CUDA_ERROR_INVALID_HANDLE/,
    ],
    [
      "ncclSend=3",
      "const gpus = await cuda.over(world); const a = cuda.zeros(1); await gpus.gatherInto(cuda.zeros(1), a);",
      /^TSMPI_CUDA gatherInto by NCCL: ncclSend: ncclInternalError/,
    ],
    [
      "ncclRecv=3",
      "const gpus = await cuda.over(world); const a = cuda.zeros(1); await gpus.gatherInto(cuda.zeros(1), a);",
      /^TSMPI_CUDA gatherInto by NCCL: ncclRecv: ncclInternalError/,
    ],
  ];
  for (const [call, program, sentence] of failures) {
    it(`are named: ${call}`, () => {
      const { nvrtc, nccl } = fakeCuda();
      const env = { TSMPI_LIBNVRTC: nvrtc, TSMPI_LIBNCCL: nccl, FAKE_NVRTC_IMAGE: join(folder, "image") };
      expect(said(call, program, env)).to.match(sentence);
    });
  }

  // A device without room, before anything is kept, and where what is kept is enough.
  const full: readonly [string, number, string, RegExp][] = [
    ["cuStreamCreate", 2, "cuda.device().createStream();", /has no room for a stream: /],
    ["cuModuleLoadDataEx", 2, "cuda.full(1, 1, { dtype: 'float64' });", /has no room for fill_b64: /],
    ["cuLaunchKernel", 2, "cuda.full(1, 1);", /has no room for fill_b32: /],
    ["cublasCreate_v2", 3, product, /has no room for cuBLAS: /],
    ["cublasGemmEx", 3, product, /has no room for cuBLAS: /],
    ["cuEventCreate", 2, "await cuda.device().synchronize();", /has no room for an event: /],
  ];
  for (const [call, none, program, sentence] of full) {
    it(`for want of memory are tried again without what is kept: ${call}`, () => {
      const kept = "cuda.empty(1000).free();";
      expect(said("", `${kept} fail("${call}=${none}@1"); ${program}`)).to.match(/^(nothing|0)$/);
      const error = said("", `${kept} fail("${call}=${none}"); ${program}`);
      expect(error).to.match(/^TSMPI_DEVICE_MEMORY device 0 \(Fake GPU 0\)/);
      expect(error).to.match(sentence);
    });
  }

  it("for want of memory are told where cuBLAS says only that it has not started", () => {
    const hold = "const held = cuda.empty(50_000_000); cuda.empty(1000).free();";
    expect(said("", `${hold} fail("cublasCreate_v2=1@1"); ${product}`)).to.equal("0");
    expect(said("", `${hold} fail("cublasCreate_v2=1"); ${product}`)).to.match(
      /^TSMPI_DEVICE_MEMORY .*has no room for cuBLAS: /,
    );
  });

  const copied =
    "const a = cuda.full(3, 7); return (await a.to(1).download())[2] + cuda.zeros(1).to(1).size;";
  for (const status of [704, 217, 711]) {
    it(`of peer access leave copies between devices as they were: ${status}`, () => {
      expect(said(`cuCtxEnablePeerAccess=${status}`, copied)).to.equal("8");
    });
  }

  it("of peer access that nothing explains are told, and access is asked for again", () => {
    const again = `fail("cuCtxEnablePeerAccess=999@1"); try { cuda.zeros(1).to(1); return "no error"; } catch {} ${copied}`;
    expect(said("cuCtxEnablePeerAccess=999", copied)).to.match(/^TSMPI_CUDA cuCtxEnablePeerAccess: /);
    expect(said("", again)).to.equal("8");
  });

  it("of peer access cannot be where the hardware has none", () => {
    expect(said("cuCtxEnablePeerAccess=999", copied, { FAKE_CUDA_PEERS: "0" })).to.equal("8");
  });

  it("for want of memory to start leave device auto on the processor, and are told by info", () => {
    const start = "cuda.zeros(1);";
    const failure = "cuDevicePrimaryCtxRetain=2";
    expect(said(failure, start)).to.match(
      /^TSMPI_DEVICE_MEMORY device 0 \(Fake GPU 0\) has no room to start .*other programs hold its 268,435,456 bytes/,
    );
    const info = "const { memory, cublas } = cuda.info(); return [memory, cublas].join();";
    expect(said(failure, info)).to.match(/has no room to start.*,.*has no room to start/);
    const multiplied = `
      const { Matrix, matmul } = await import("tsmpi/linalg");
      const ones = new Matrix(new Float64Array(512 * 512).fill(1), 512, 512);
      return (await matmul(ones, ones, { device: "auto" })).data[5];`;
    for (const failing of [failure, "cublasCreate_v2=1", "cublasCreate_v2=3"])
      expect(said(failing, multiplied), failing).to.equal("512");
  });
});
