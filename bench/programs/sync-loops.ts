/** What is timed, on the blocking face. One loop an operation, so that each is compiled for its own calls alone. */
import { sum, world } from "tsmpi";
import type { Data, ObjectData } from "./data.ts";
import { BOTH_WAYS_BYTES, BURST, WINDOW } from "./windows.ts";

const { sync, rank } = world;

export function objects(calls: number, data: ObjectData): void {
  for (let i = 0; i < calls; i++) {
    if (rank === 0) {
      sync.send(data.value, 1);
      data.received = sync.recv(1);
    } else if (rank === 1) {
      data.received = sync.recv(0);
      sync.send(data.value, 0);
    }
  }
}

function oneWay(calls: number, { source, target, reply }: Data, window: number): void {
  for (let i = 0; i < calls; i++) {
    if (rank === 0) {
      for (let k = 0; k < window; k++) sync.send(source, 1);
      sync.recvInto(reply, 1);
    } else if (rank === 1) {
      for (let k = 0; k < window; k++) sync.recvInto(target, 0);
      sync.send(reply, 0);
    }
  }
}

export const loops: Record<string, (calls: number, data: Data) => void> = {
  latency(calls, { source, target }) {
    for (let i = 0; i < calls; i++) {
      if (rank === 0) {
        sync.send(source, 1);
        sync.recvInto(target, 1);
      } else if (rank === 1) {
        sync.recvInto(target, 0);
        sync.send(source, 0);
      }
    }
  },
  bandwidth: (calls, data) => oneWay(calls, data, WINDOW),
  rate: (calls, data) => oneWay(calls, data, BURST),
  bibandwidth(calls, { source, target }) {
    if (rank > 1) return;
    const peer = 1 - rank;
    const burst = Math.min(WINDOW, Math.floor(BOTH_WAYS_BYTES / source.byteLength));
    if (burst < 2) {
      for (let i = 0; i < calls * WINDOW; i++) sync.sendrecvInto(target, source, peer, peer);
      return;
    }
    for (let i = 0; i < (calls * WINDOW) / burst; i++) {
      for (let k = 0; k < burst; k++) sync.send(source, peer);
      for (let k = 0; k < burst; k++) sync.recvInto(target, peer);
    }
  },
  barrier(calls) {
    for (let i = 0; i < calls; i++) sync.barrier();
  },
  broadcast(calls, { target }) {
    for (let i = 0; i < calls; i++) sync.broadcastInto(target);
  },
  scatter(calls, { source, target }) {
    for (let i = 0; i < calls; i++) sync.scatterInto(target, rank === 0 ? source : undefined);
  },
  gather(calls, { source, target }) {
    for (let i = 0; i < calls; i++) sync.gatherInto(rank === 0 ? target : undefined, source);
  },
  allgather(calls, { source, target }) {
    for (let i = 0; i < calls; i++) sync.allgatherInto(target, source);
  },
  alltoall(calls, { source, target }) {
    for (let i = 0; i < calls; i++) sync.alltoallInto(target, source);
  },
  reduce(calls, { source, target }) {
    for (let i = 0; i < calls; i++) sync.reduceInto(rank === 0 ? target : undefined, source, sum);
  },
  allreduce(calls, { source, target }) {
    for (let i = 0; i < calls; i++) sync.allreduceInto(target, source, sum);
  },
  "reduce-scatter"(calls, { source, target }) {
    for (let i = 0; i < calls; i++) sync.reduceScatterInto(target, source, sum);
  },
  scan(calls, { source, target }) {
    for (let i = 0; i < calls; i++) sync.scanInto(target, source, sum);
  },
};
