/** What `tsmpi doctor` finds out on a host, and whether hosts reach one another. */
import { spawnSync } from "node:child_process";
import { closeSync, readdirSync } from "node:fs";
import { createConnection } from "node:net";
import { freemem, hostname } from "node:os";
import { parseEndpoint } from "../../src/gateway/wire.ts";
import { native } from "../../src/native.ts";
import { missingZeromq } from "../choose-transport.ts";
import { physicalCores, usableCores } from "../cores.ts";
import { packageVersion } from "../version.ts";
import { type Listening, listenAt } from "./listening.ts";
import type { HostFacts, ReachTarget } from "./protocol.ts";

const CONNECT_MILLISECONDS = 3000;
const TRIED_BYTES = 1024 * 1024;

/** Names of shared libraries that the loader knows. */
function libraries(): string {
  for (const command of ["/sbin/ldconfig", "ldconfig"]) {
    const { stdout } = spawnSync(command, ["-p"], { encoding: "utf8" });
    if (typeof stdout === "string" && stdout !== "") return stdout;
  }
  return "";
}

/** In the order of their worth; the reference BLAS is slower than none. */
const BLAS: [pattern: RegExp, name: string][] = [
  [/libmkl_rt\.so/, "MKL"],
  [/libopenblas\w*\.so/, "OpenBLAS"],
  [/libblis\.so/, "BLIS"],
];

function gpuOf(known: string): string | undefined {
  let devices: string[] = [];
  try {
    devices = readdirSync("/dev").filter(name => /^nvidia\d+$/.test(name));
  } catch {
    // No /dev that can be read: no device either.
  }
  if (devices.length === 0) return undefined;
  const driver = known.includes("libcuda.so") ? "" : ", but no libcuda.so for them";
  return `${devices.length} NVIDIA${driver}`;
}

function sharedMemoryProblem(): string | undefined {
  try {
    const addon = native();
    const fd = addon.createSegment(TRIED_BYTES);
    new Uint8Array(addon.mapSegment(fd)!).fill(1);
    closeSync(fd);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

export function examineHost(): HostFacts {
  const known = libraries();
  let nativeProblem: string | undefined;
  let copies = false;
  try {
    copies = native().mayCopy();
  } catch (error) {
    nativeProblem = (error as Error).message;
  }
  return {
    hostname: hostname(),
    node: process.versions.node,
    version: packageVersion(),
    clock: Date.now(),
    cores: usableCores(),
    physicalCores: physicalCores(),
    memory: freemem(),
    native: nativeProblem,
    sharedMemory: nativeProblem === undefined ? sharedMemoryProblem() : undefined,
    copies,
    zeromq: missingZeromq(),
    blas: BLAS.find(([pattern]) => pattern.test(known))?.[1],
    gpu: gpuOf(known),
  };
}

/** Listens for hosts that try to reach this one; whoever connects gets a word by which this host is known. */
export function listenForHosts(addresses: readonly string[], word: string): Promise<Listening> {
  return listenAt(addresses, socket => {
    socket.on("error", () => {});
    socket.end(word);
  });
}

function tryEndpoint(endpoint: string, word: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = createConnection(parseEndpoint(endpoint));
    let came = "";
    const done = (): void => {
      clearTimeout(timer);
      socket.destroy();
      // An address may lead to another machine than the one meant.
      resolve(came === word);
    };
    const timer = setTimeout(done, CONNECT_MILLISECONDS);
    socket.on("data", bytes => (came += bytes.toString()));
    socket.on("end", done);
    socket.on("error", done);
  });
}

/** The first endpoint by which each target is reached; undefined: by none. */
export function reach(targets: readonly ReachTarget[]): Promise<(string | undefined)[]> {
  return Promise.all(
    targets.map(async ({ endpoints, word }) => {
      const results = await Promise.all(endpoints.map(endpoint => tryEndpoint(endpoint, word)));
      return endpoints[results.indexOf(true)];
    }),
  );
}
