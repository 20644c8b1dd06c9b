/** Compiles CUDA C for a device, where NVRTC is there. */
import { CudaError } from "../../index.ts";
import { native } from "../../native.ts";
import type { Device } from "../device.ts";
import type { Nvrtc } from "../functions.ts";
import { failure, nvrtc } from "../library.ts";

/** nvrtcResult: what a version that does not know the device says of its name. */
const invalidOption = 5;

const terminated = (text: string): Uint8Array => new TextEncoder().encode(`${text}\0`);

function check(call: string, status: number): void {
  if (status !== 0) throw failure(call, status);
}

function logOf(library: Nvrtc, program: number): string {
  const bytes = new BigUint64Array(1);
  check("nvrtcGetProgramLogSize", library.nvrtcGetProgramLogSize(program, bytes));
  const log = new Uint8Array(Number(bytes[0]));
  check("nvrtcGetProgramLog", library.nvrtcGetProgramLog(program, log));
  return Buffer.from(log).toString().replace(/\0+$/, "");
}

/**
 * Machine code of a program for a device; undefined where there is no NVRTC, or one older than the device.
 * Machine code, not PTX: that of a newer NVRTC might be too new for the driver.
 * @throws {CudaError} the program is wrong, with the compiler's messages
 */
export function compileC(source: string, { computeCapability }: Device): Uint8Array | undefined {
  const library = nvrtc();
  if (library === undefined) return undefined;
  const out = new BigUint64Array(1);
  const text = terminated(source);
  check(
    "nvrtcCreateProgram",
    library.nvrtcCreateProgram(out, text, terminated("expression.cu"), 0, null, null),
  );
  const program = Number(out[0]);
  try {
    const options = [`--gpu-architecture=sm_${computeCapability.replace(".", "")}`, "--std=c++17"].map(
      terminated,
    );
    const addresses = BigUint64Array.from(options, option => BigInt(native().addressOf(option)));
    const status = library.nvrtcCompileProgram(program, options.length, addresses);
    if (status === invalidOption) return undefined;
    if (status !== 0) {
      const error = failure("nvrtcCompileProgram", status, "compiling an expression");
      throw new CudaError(`${error.message}\n${logOf(library, program)}`, error.call, status);
    }
    const bytes = new BigUint64Array(1);
    check("nvrtcGetCUBINSize", library.nvrtcGetCUBINSize(program, bytes));
    const image = new Uint8Array(Number(bytes[0]));
    check("nvrtcGetCUBIN", library.nvrtcGetCUBIN(program, image));
    return image;
  } finally {
    // What cannot be destroyed is a little memory lost, and no reason to fail.
    library.nvrtcDestroyProgram(out);
  }
}
