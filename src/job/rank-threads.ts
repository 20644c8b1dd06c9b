/**
 * Under `--transport zeromq` every rank is a host of its own, as far as rings and gateways are concerned: it has a
 * segment that nobody else maps, and its gateway runs in a thread beside the program. So ranks that share no memory
 * exchange messages by the same code as hosts do, and need no native addon for it.
 *
 * boot-zeromq.ts makes the segment and starts the thread before the script runs; the library finds both through found-threads.ts.
 */
import { readlinkSync, statSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { bulkBytesFor } from "../transport/board-layout.ts";
import { distantRingBytesFor, Layout, type Places, ringBytesFor } from "../transport/layout.ts";
import { writeHeader } from "./segment-header.ts";
import { THREAD_BELLS_BYTES } from "./thread-waits.ts";

/** What the launcher tells a rank about the job, as JSON in TSMPI_THREADS. */
export interface ThreadedJob {
  rank: number;
  size: number;
  cores: number;
  /** Bytes for the rings between this rank and the others. */
  linkMemory: number;
  /** Whether the job has a dashboard. */
  watched: boolean;
}

/** What the gateway's thread is given. */
export interface ThreadData {
  segment: SharedArrayBuffer;
  bells: SharedArrayBuffer;
  /** Words of `ThreadState`. */
  states: SharedArrayBuffer;
}

export const ThreadState = {
  /** 1: what this rank has written has come to the other ranks. */
  delivered: 0,
  /** 1: the sockets are closed. */
  closed: 1,
  /** The thread's number in the kernel; 0: not known. */
  thread: 2,
} as const;
const STATE_BYTES = 16;

/** Orders of the program's thread to the gateway's. */
export type ThreadOrder = "deliver" | "close";

/** The thread closes its sockets within this time even on a busy machine, unless it is broken. */
const CLOSE_MS = 20_000;
const LOOK_MS = 1;

export class RankThreads {
  readonly segment: SharedArrayBuffer;
  readonly bells: SharedArrayBuffer;
  /** Whether a library has joined, which then closes this at its end. */
  joined = false;
  private readonly states: Int32Array;
  private readonly worker: Worker;
  private closed = false;

  /** @param gateway the file that the thread runs */
  constructor(job: ThreadedJob, gateway: string) {
    const { rank, size, cores, linkMemory, watched } = job;
    const places: Places = {
      host: rank,
      hosts: size,
      ofRank: Int32Array.from({ length: size }, (_, i) => i),
    };
    const layout = new Layout(
      size === 1 ? 1 : places,
      ringBytesFor(1),
      bulkBytesFor(1, cores),
      size === 1 ? 0 : distantRingBytesFor(places, linkMemory),
    );
    this.segment = new SharedArrayBuffer(layout.totalBytes);
    this.bells = new SharedArrayBuffer(THREAD_BELLS_BYTES);
    const states = new SharedArrayBuffer(STATE_BYTES);
    this.states = new Int32Array(states);
    writeHeader(new Int32Array(this.segment), layout, places, cores, watched, size > cores);
    const workerData: ThreadData = { segment: this.segment, bells: this.bells, states };
    // What NODE_OPTIONS loads into the program, such as a monitor with a timer, would keep the thread from its end.
    const env = { ...process.env, NODE_OPTIONS: "" };
    this.worker = new Worker(gateway, { workerData, env, execArgv: [] });
    this.worker.unref();
  }

  /** Blocks until what this rank has written has come to the other ranks. */
  deliver(aborted: () => void): void {
    const { states } = this;
    this.order("deliver");
    while (Atomics.load(states, ThreadState.delivered) === 0) {
      Atomics.wait(states, ThreadState.delivered, 0, LOOK_MS);
      aborted();
    }
  }

  /**
   * Ends the gateway's thread. A process that ends while sockets of another thread are open is aborted by ZeroMQ, hence
   * the care: first they are closed, then the thread ends by itself, and only then may the process.
   */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    const { states } = this;
    this.order("close");
    Atomics.wait(states, ThreadState.closed, 0, CLOSE_MS);
    const late = performance.now() + CLOSE_MS;
    const folder = `/proc/self/task/${states[ThreadState.thread]}`;
    const pause = new Int32Array(new SharedArrayBuffer(4));
    while (statSync(folder, { throwIfNoEntry: false }) !== undefined && performance.now() < late) {
      Atomics.wait(pause, 0, 0, LOOK_MS);
    }
  }

  private order(order: ThreadOrder): void {
    this.worker.postMessage(order);
  }
}

/** The number in the kernel of the thread that calls this. */
export function threadNumber(): number {
  return Number(readlinkSync("/proc/thread-self").split("/").at(-1));
}
