/** Arrays whose memory was transferred away are refused by name; they are no empty ones. */
import { expect } from "chai";
import { ArgumentError, NotSendableError, sum, type TypedArray, world } from "tsmpi";
import { expectFailure, faces, left, ok, right } from "./support.ts";

function gone(type: new (length: number) => TypedArray = Float64Array): Float64Array {
  const array = new type(4);
  structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
  return array as Float64Array;
}

const { rank, size } = world;
const why = "its ArrayBuffer is detached (the memory was transferred to someone else)";
const part = new Float64Array(4);
const whole = new Float64Array(4 * size);

for (const face of faces) {
  const sent: (() => unknown)[] = [
    () => face.send(gone(), right),
    () => face.send(gone(Uint8Array), right),
    () => face.send(gone(), right, { synchronous: true }),
    () => face.send(gone(), rank),
    () => face.sendrecv(gone(), right, left),
    () => face.sendrecvInto(part, gone(), right, left),
  ];
  if (size > 1) {
    sent.push(
      () => face.allgather(gone()),
      () => face.alltoall(Array.from({ length: size }, () => gone())),
    );
  }
  for (const operation of sent) {
    await expectFailure(operation, NotSendableError, "TSMPI_NOT_SENDABLE", `cannot send value: ${why}`);
  }

  const refused: [sentence: string, operation: () => unknown][] = [
    ["recvInto: target", () => face.recvInto(gone(), left)],
    ["recvInto: target", () => face.sendrecvInto(gone(), part, right, left)],
    ["broadcastInto: target", () => face.broadcastInto(gone())],
    ["scatterInto: target", () => face.scatterInto(gone(), whole)],
    ["gatherInto: array", () => face.gatherInto(whole, gone())],
    ["allgatherInto: array", () => face.allgatherInto(whole, gone())],
    ["allgatherInto: target", () => face.allgatherInto(gone(), part)],
    ["alltoallInto: array", () => face.alltoallInto(whole, gone())],
    ["alltoallInto: target", () => face.alltoallInto(gone(), whole)],
    ["reduce: the value", () => face.reduce(gone(), sum)],
    ["reduceInto: array", () => face.reduceInto(part, gone(), sum)],
    ["allreduce: the value", () => face.allreduce(gone(), sum)],
    ["allreduceInto: array", () => face.allreduceInto(part, gone(), sum)],
    ["allreduceInto: target", () => face.allreduceInto(gone(), part, sum)],
    ["reduceScatter: the value", () => face.reduceScatter(gone(), sum)],
    ["reduceScatterInto: array", () => face.reduceScatterInto(part, gone(), sum)],
    ["reduceScatterInto: target", () => face.reduceScatterInto(gone(), whole, sum)],
    ["scan: the value", () => face.scan(gone(), sum)],
    ["scanInto: array", () => face.scanInto(part, gone(), sum)],
    ["exscan: the value", () => face.exscan(gone(), sum)],
    ["exscanInto: target", () => face.exscanInto(gone(), part, sum)],
  ];
  // What root alone is asked for; others would wait for it.
  if (size === 1) {
    refused.push(
      ["scatter: root's array", () => face.scatter(gone())],
      ["scatterInto: root's array", () => face.scatterInto(part, gone())],
      ["gatherInto: root's target", () => face.gatherInto(gone(), part)],
      ["reduceInto: root's target", () => face.reduceInto(gone(), part, sum)],
    );
  }
  for (const [sentence, operation] of refused) {
    await expectFailure(operation, ArgumentError, "TSMPI_ARGUMENT", `${sentence} cannot be used: ${why}`);
  }

  // Nothing of all that was sent, no receive waits, and empty arrays still travel.
  await face.barrier();
  expect(await face.poll()).to.equal(undefined);
  await face.barrier();
  await face.send(new Float64Array(0), right);
  expect(await face.recv(left)).to.eql(new Float64Array(0));
  await face.send(new Uint8Array(0), right);
  expect(await face.recvInto(new Uint8Array(0), left)).to.include({ count: 0 });
  await face.broadcastInto(new Float64Array(0));
  expect(await face.allreduce(new Float64Array(0), sum)).to.eql(new Float64Array(0));

  // An array may lose its memory after a call that is remembered for the next one.
  const once = new Float64Array(4);
  for (let i = 0; i < 3; i++) await face.allreduceInto(once, once, sum);
  structuredClone(once.buffer, { transfer: [once.buffer] });
  const again = () => face.allreduceInto(once, once, sum);
  await expectFailure(again, ArgumentError, "TSMPI_ARGUMENT", `allreduceInto: array cannot be used: ${why}`);
  await world.barrier();
}
ok();
