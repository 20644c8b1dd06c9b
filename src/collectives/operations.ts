/**
 * The operation codes that stand in the signature of a collective call. A receiver compares them with its own, so
 * that ranks which call different collectives find out; the two forms of an operation exchange different messages
 * and therefore have different codes. Codes travel between ranks: append, never renumber.
 */
export const operations = {
  barrier: 1,
  broadcast: 2,
  broadcastInto: 3,
  scatter: 4,
  scatterInto: 5,
  gather: 6,
  gatherInto: 7,
  allgather: 8,
  allgatherInto: 9,
  alltoall: 10,
  alltoallInto: 11,
  alltoallIntoWithCounts: 12,
  reduce: 13,
  reduceInto: 14,
  allreduce: 15,
  allreduceInto: 16,
  reduceScatter: 17,
  reduceScatterInto: 18,
  scan: 19,
  scanInto: 20,
  exscan: 21,
  exscanInto: 22,
  /** Making a communicator: the wishes of all ranks, then the numbers of the new ones. */
  split: 23,
  identify: 24,
  /** Numbers travel another way than other values, so ranks that mix them call different operations. */
  reduceNumber: 25,
  allreduceNumber: 26,
  scanNumber: 27,
  exscanNumber: 28,
  /** Making a window: what the first rank has made, then whether all could map it. */
  shared: 29,
} as const;

export type OperationName = keyof typeof operations;

const names = new Map<number, string>(Object.entries(operations).map(([name, code]) => [code, name]));
names.set(operations.alltoallIntoWithCounts, "alltoallInto with counts");
names.set(operations.reduceNumber, "reduce of numbers");
names.set(operations.allreduceNumber, "allreduce of numbers");
names.set(operations.scanNumber, "scan of numbers");
names.set(operations.exscanNumber, "exscan of numbers");

/** The name of an operation as error messages write it. */
export function operationName(code: number): string {
  return names.get(code) ?? `unknown operation ${code}`;
}
