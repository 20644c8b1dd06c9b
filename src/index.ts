/** tsmpi: MPI for TypeScript. The public face of the library. */
export { BlockingCommunicator } from "./comm/blocking.ts";
export { Communicator } from "./comm/communicator.ts";
export type { RecvOptions, SendOptions, SendrecvOptions } from "./comm/core.ts";
export type { BlockingMessage, Message } from "./comm/message.ts";
export { host, world } from "./comm/world.ts";
export * from "./errors.ts";
export type { Status } from "./p2p/request.ts";
export { ANY } from "./p2p/scope.ts";
