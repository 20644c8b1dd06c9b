/**
 * The fake CUDA of these tests (`fake/`): a driver that keeps device memory on the host and interprets kernels, and a
 * cuBLAS of plain loops, an NVRTC that is told what comes out of it, and an NCCL through memory of the host. Compiled on first use, and again when their sources change.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageRoot } from "../launch.ts";

const sources = join(packageRoot, "test", "cuda", "fake");

export interface FakeCuda {
  readonly driver: string;
  readonly cublas: string;
  readonly nvrtc: string;
  readonly nccl: string;
}

function compile(name: string, files: readonly string[], hash: string): string {
  const folder = join(packageRoot, "build", "fake-cuda");
  const path = join(folder, `${name}-${hash}.so`);
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  // Without contraction: a kernel's product and sum stay two.
  const flags = ["-std=c++17", "-O1", "-ffp-contract=off", "-Wall", "-Wextra", "-shared", "-fPIC"];
  execFileSync("g++", [...flags, ...files.map(file => join(sources, file)), "-o", unfinished], {
    stdio: "pipe",
  });
  renameSync(unfinished, path);
  return path;
}

export function fakeCuda(): FakeCuda {
  const hash = createHash("sha256");
  for (const file of readdirSync(sources).sort()) hash.update(readFileSync(join(sources, file)));
  const key = hash.digest("hex").slice(0, 16);
  return {
    driver: compile("driver", ["driver.cc", "ptx.cc"], key),
    cublas: compile("cublas", ["cublas.cc"], key),
    nvrtc: compile("nvrtc", ["nvrtc.cc"], key),
    nccl: compile("nccl", ["nccl.cc"], key),
  };
}

/** Environment of a program that shall use the fakes: two devices of 256 MiB. */
export function fakeEnvironment(): Record<string, string> {
  const { driver, cublas } = fakeCuda();
  return {
    TSMPI_LIBCUDA: driver,
    TSMPI_LIBCUBLAS: cublas,
    TSMPI_LIBNVRTC: "libnone.so",
    TSMPI_LIBNCCL: "libnone.so",
    FAKE_CUDA_DEVICES: "2",
    FAKE_CUDA_MEMORY: String(256 * 2 ** 20),
  };
}

/** Makes this process use the fakes. Call it in a `before` of every file that does. */
export function useFakeCuda(): void {
  Object.assign(process.env, fakeEnvironment());
}

/** Runs `work` while calls fail as `failures` says ("cuMemAlloc_v2=2", "cuLaunchKernel=700@2"). */
export async function failing<T>(failures: string, work: () => T | Promise<T>): Promise<T> {
  process.env.FAKE_CUDA_FAIL = failures;
  try {
    return await work();
  } finally {
    delete process.env.FAKE_CUDA_FAIL;
  }
}

/** Runs `work` while no kernel of a device ends that begins now; `end` lets them. */
export async function holding<T>(device: number, work: (end: () => void) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "tsmpi-hold-"));
  const end = (): void => rmSync(folder, { recursive: true, force: true });
  process.env.FAKE_CUDA_HOLD = join(folder, "device-");
  writeFileSync(`${process.env.FAKE_CUDA_HOLD}${device}`, "");
  try {
    return await work(end);
  } finally {
    end();
  }
}
