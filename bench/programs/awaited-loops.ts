/** What is timed, on the awaited face: sync-loops.ts with promises, and real windows of messages in flight. */
import { sum, world } from "tsmpi";
import type { Data, ObjectData } from "./data.ts";
import { BURST, WINDOW } from "./windows.ts";

const { rank } = world;

export async function objects(calls: number, data: ObjectData): Promise<void> {
  for (let i = 0; i < calls; i++) {
    if (rank === 0) {
      await world.send(data.value, 1);
      data.received = await world.recv(1);
    } else if (rank === 1) {
      data.received = await world.recv(0);
      await world.send(data.value, 0);
    }
  }
}

async function oneWay(calls: number, { source, target, reply }: Data, window: number): Promise<void> {
  const pending = new Array<Promise<unknown>>(window);
  for (let i = 0; i < calls; i++) {
    if (rank === 0) {
      for (let k = 0; k < window; k++) pending[k] = world.send(source, 1);
      await Promise.all(pending);
      await world.recvInto(reply, 1);
    } else if (rank === 1) {
      for (let k = 0; k < window; k++) pending[k] = world.recvInto(target, 0);
      await Promise.all(pending);
      await world.send(reply, 0);
    }
  }
}

export const loops: Record<string, (calls: number, data: Data) => Promise<void>> = {
  async latency(calls, { source, target }) {
    for (let i = 0; i < calls; i++) {
      if (rank === 0) {
        await world.send(source, 1);
        await world.recvInto(target, 1);
      } else if (rank === 1) {
        await world.recvInto(target, 0);
        await world.send(source, 0);
      }
    }
  },
  bandwidth: (calls, data) => oneWay(calls, data, WINDOW),
  rate: (calls, data) => oneWay(calls, data, BURST),
  async bibandwidth(calls, { source, target }) {
    if (rank > 1) return;
    const pending = new Array<Promise<unknown>>(2 * WINDOW);
    for (let i = 0; i < calls; i++) {
      for (let k = 0; k < WINDOW; k++) pending[k] = world.recvInto(target, 1 - rank);
      for (let k = 0; k < WINDOW; k++) pending[WINDOW + k] = world.send(source, 1 - rank);
      await Promise.all(pending);
    }
  },
  async barrier(calls) {
    for (let i = 0; i < calls; i++) await world.barrier();
  },
  async broadcast(calls, { target }) {
    for (let i = 0; i < calls; i++) await world.broadcastInto(target);
  },
  async scatter(calls, { source, target }) {
    for (let i = 0; i < calls; i++) await world.scatterInto(target, rank === 0 ? source : undefined);
  },
  async gather(calls, { source, target }) {
    for (let i = 0; i < calls; i++) await world.gatherInto(rank === 0 ? target : undefined, source);
  },
  async allgather(calls, { source, target }) {
    for (let i = 0; i < calls; i++) await world.allgatherInto(target, source);
  },
  async alltoall(calls, { source, target }) {
    for (let i = 0; i < calls; i++) await world.alltoallInto(target, source);
  },
  async reduce(calls, { source, target }) {
    for (let i = 0; i < calls; i++) await world.reduceInto(rank === 0 ? target : undefined, source, sum);
  },
  async allreduce(calls, { source, target }) {
    for (let i = 0; i < calls; i++) await world.allreduceInto(target, source, sum);
  },
  async "reduce-scatter"(calls, { source, target }) {
    for (let i = 0; i < calls; i++) await world.reduceScatterInto(target, source, sum);
  },
  async scan(calls, { source, target }) {
    for (let i = 0; i < calls; i++) await world.scanInto(target, source, sum);
  },
};
