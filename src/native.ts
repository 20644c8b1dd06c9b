/** Finds and loads the native addon. The one place that knows where binaries lie. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { wordOf } from "./environment.ts";
import { NativeMissingError } from "./errors.ts";

/**
 * How a rank waits, and wakes who waits for it. The addon does it for processes with a segment between them,
 * ThreadWaits (job/thread-waits.ts) for the threads of one process.
 */
export interface Waits {
  ringDoorbell(doorbell: number): void;
  sleepOnDoorbell(doorbell: number, milliseconds: number): void;
  /** @param idle called in a long sleep in which nothing but the doorbell can wake this rank, where that can be told */
  watchDoorbell(doorbell: number, callback: () => void, idle?: () => void): void;
  holdEventLoop(hold: boolean): void;

  /** Looks for about so many nanoseconds. */
  pauseWhile(word: number, value: number, nanoseconds: number): void;
  yieldWhile(word: number, value: number, times: number): void;

  fenceAll(): void;
}

/** A socket of the gateway's plain wire; a negative number is an errno. */
export interface TcpSocket {
  watch(what: number): void;
  read(bytes: Uint8Array, from: number, count: number): number;
  write(parts: readonly Uint8Array[], from: number): number;
  accept(): number;
  close(): void;
}

/** The addon's functions; each is described beside its code in `native/`. */
export interface Native extends Waits {
  createSegment(bytes: number): number;
  mapSegment(fd: number): ArrayBuffer | undefined;

  createDoorbell(): number;

  canFence(): boolean;
  acceptFences(): void;
  awaitFences(): void;

  mayCopy(): boolean;
  allowCopies(): void;
  addressOf(array: ArrayBufferView): number;
  copyFrom(pid: number, address: number, bytes: Uint8Array, from: number, count: number): number;
  copyTo(pid: number, address: number, bytes: Uint8Array, from: number, count: number): number;

  /** Not on every processor. */
  streamInto: ((at: number, array: ArrayBufferView, from: number, count: number) => void) | undefined;

  TcpSocket: new (descriptor: number, ready: (what: number) => void) => TcpSocket;
  tcpListen(address: string): { descriptor: number; port: number };
  tcpConnect(address: string, port: number): number;

  reduceArrays(operator: number, dtype: number, target: unknown, left: unknown, right: unknown): void;
  reduceLevel(name?: string): string;

  openCudaLibrary(kind: string, path: string): object | string;
  cudaString(address: number): string | undefined;
  cudaPinned(bytes: number): ArrayBuffer | number;
  cudaTransfer(
    upload: boolean,
    context: number,
    stream: number,
    event: number,
    device: number,
    array: ArrayBufferView,
    pinned: boolean,
  ): Promise<undefined | [call: string, status: number]>;
  cudaWait(
    context: number,
    stream: number,
    event: number,
  ): Promise<undefined | [call: string, status: number]>;
  cudaCopyFromPeer(
    context: number,
    stream: number,
    event: number,
    target: number,
    handle: Uint8Array,
    offset: number,
    bytes: number,
    alone: boolean,
  ): Promise<undefined | [call: string, status: number]>;
  cudaNcclJoin(
    context: number,
    size: number,
    id: Uint8Array,
    rank: number,
  ): Promise<number | [call: string, status: number]>;
  cudaNcclRun(
    context: number,
    stream: number,
    event: number,
    communicator: number,
    calls: Float64Array,
  ): Promise<undefined | [call: string, status: number]>;
  cudaNcclLeave(context: number, communicator: number): Promise<undefined | [call: string, status: number]>;

  mapWindow(fd: number, bytes: number): ArrayBuffer;
  randomSeed(memory: Uint32Array, seed: Uint32Array | BigUint64Array): void;
  randomBlock(memory: Uint32Array): void;
  randomSettle(memory: Uint32Array, used: number): void;
  randomWords(memory: Uint32Array, target: Uint32Array | BigUint64Array): void;
  randomFill(
    memory: Uint32Array,
    distribution: number,
    target: Float64Array | Float32Array,
    a?: number,
    b?: number,
    c?: number,
  ): void;
  randomIntegers(
    memory: Uint32Array,
    target: ArrayBufferView,
    low: bigint,
    range: bigint,
    masked: boolean,
  ): void;
  randomOrder(memory: Uint32Array, target: Float64Array, most: number, step: number, masked: boolean): void;
  randomShuffle(memory: Uint32Array, target: ArrayBufferView, first: number, masked: boolean): void;
  randomDistinct(memory: Uint32Array, target: Float64Array, most: number, shuffled: boolean): void;
  randomAdvance(memory: Uint32Array, delta: BigUint64Array): void;
  randomJump(memory: Uint32Array): void;
  randomLegacy(
    memory: Uint32Array,
    distribution: number,
    target: Float64Array,
    shape: number,
    kept: Float64Array,
  ): void;
  randomLecuyer(state: Uint32Array, draw: number, target: Float64Array): void;
  randomLayers(target: Float64Array): void;

  linalgAttach(routines: readonly string[]): Float64Array;
  linalgCall(...arrays: ArrayBufferView[]): void;
  linalgStart(callback: () => void, ...arrays: ArrayBufferView[]): void;
  linalgInfo(): {
    library: string;
    version?: string;
    core?: string;
    products: string;
    path?: string;
    lapack?: string;
    failure?: string;
    integers: 32 | 64;
    threads: number;
  };
  linalgHugePages(array: ArrayBufferView): void;
  linalgSetThreads(count: number): void;

  expressionOperations(): string[];
  expressionLevel(name?: string): string;
  runExpression(
    code: Int32Array,
    constants: Float64Array,
    arrays: readonly unknown[],
    targets: readonly unknown[],
    elements: number,
    results: Float64Array,
    later: boolean,
  ): Promise<unknown> | undefined;

  usableCpus(): number[];
  bindToCpus(cpus: number[]): void;
  leadGroup(): void;
  dieWithParent(parent: number): void;
  exitWithin(milliseconds: number, code: number): void;
}

/** The folder of this package, from wherever the bundle or the source of this module runs. */
export function packageFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  // A program bundled together with tsmpi may lie in no package at all.
  while (!existsSync(join(folder, "package.json")) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}

/** Whether Node was built for musl, as on Alpine. */
export function isMusl(): boolean {
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return report.header?.glibcVersionRuntime === undefined;
}

/** Where the addon may lie, in the order tried: built in the repository, then shipped with the package. */
function* candidates(folder: string): Generator<string> {
  yield join(folder, "build", "Release", "tsmpi.node");
  const platform = `${process.platform}-${process.arch}`;
  const prebuilt = join(folder, "prebuilds", platform, "tsmpi.node");
  // Asking for the C library costs milliseconds, so only where there is a choice to make.
  const forMusl = join(folder, "prebuilds", `${platform}-musl`, "tsmpi.node");
  yield existsSync(forMusl) && isMusl() ? forMusl : prebuilt;
}

let loaded: Native | undefined;

/**
 * The addon, loaded on first use.
 * @throws {NativeMissingError} with the one command that builds it, when there is none for this machine.
 * @throws {ArgumentError} TSMPI_SIMD names no instructions that the addon knows
 */
export function native(): Native {
  if (loaded !== undefined) return loaded;
  wordOf("TSMPI_SIMD");
  const folder = packageFolder();
  const require = createRequire(import.meta.url);
  let reason = `there is none for ${process.platform}-${process.arch}`;
  let cause: unknown;
  for (const path of candidates(folder)) {
    if (!existsSync(path)) continue;
    try {
      loaded = require(path) as Native;
      return loaded;
    } catch (error) {
      cause = error;
      reason = `${path} does not load: ${(error as Error).message}`;
    }
  }
  throw new NativeMissingError(
    `tsmpi's native addon is missing (${reason}); build it with: npx tsmpi build-native`,
    { cause },
  );
}
