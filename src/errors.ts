/**
 * One class per failure that a program may want to catch. `code` is stable across versions; the sentences are
 * not. Fields that a failure knows (rank, peer, tag, communicator) are set, the others are undefined.
 */

export interface ErrorDetails {
  /** World rank on which the error was raised. */
  rank?: number;
  /** Rank (in `communicator`) of the other side. */
  peer?: number;
  tag?: number;
  /** Name of the communicator, as in `comm.name`. */
  communicator?: string;
  cause?: unknown;
}

export class TsmpiError extends Error {
  readonly code: string;
  readonly rank: number | undefined;
  readonly peer: number | undefined;
  readonly tag: number | undefined;
  readonly communicator: string | undefined;

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.rank = details.rank;
    this.peer = details.peer;
    this.tag = details.tag;
    this.communicator = details.communicator;
  }

  override get name(): string {
    return this.constructor.name;
  }
}

/** An argument was wrong; the sentence says what was expected and what came. Nothing was sent or received. */
export class ArgumentError extends TsmpiError {
  constructor(message: string, details?: ErrorDetails) {
    super("TSMPI_ARGUMENT", message, details);
  }
}

/** A message is longer than the array given to hold it. The message is consumed, the array untouched. */
export class TruncationError extends TsmpiError {
  constructor(message: string, details?: ErrorDetails) {
    super("TSMPI_TRUNCATION", message, details);
  }
}

/** A message holds another kind of data than the array given to hold it. The message is consumed. */
export class TypeMismatchError extends TsmpiError {
  constructor(message: string, details?: ErrorDetails) {
    super("TSMPI_TYPE_MISMATCH", message, details);
  }
}

/** A value cannot be sent to another process; `path` leads to the offending part inside it. */
export class NotSendableError extends TsmpiError {
  readonly path: string;

  constructor(message: string, path: string, details?: ErrorDetails) {
    super("TSMPI_NOT_SENDABLE", message, details);
    this.path = path;
  }
}

/** Bytes that claim to be a value or a frame are not one. */
export class MalformedFrameError extends TsmpiError {
  constructor(message: string, details?: ErrorDetails) {
    super("TSMPI_MALFORMED_FRAME", message, details);
  }
}

/** An operation waits for a rank that has finished and will never take part. */
export class PeerFinishedError extends TsmpiError {
  constructor(message: string, details?: ErrorDetails) {
    super("TSMPI_PEER_FINISHED", message, details);
  }
}

/** An operation needs memory that all ranks of the communicator share, and they are not all on one host. */
export class NotOneHostError extends TsmpiError {
  constructor(message: string, details?: ErrorDetails) {
    super("TSMPI_NOT_ONE_HOST", message, details);
  }
}

/** An operation needs shared memory, and the ranks of this job have none: they exchange messages over ZeroMQ. */
export class NoSharedMemoryError extends TsmpiError {
  constructor(message: string, details?: ErrorDetails) {
    super("TSMPI_NO_SHARED_MEMORY", message, details);
  }
}

/** Ranks of a communicator called different collectives, or the same one with different arguments. */
export class CollectiveMismatchError extends TsmpiError {
  constructor(message: string, details?: ErrorDetails) {
    super("TSMPI_COLLECTIVE_MISMATCH", message, details);
  }
}

/** The native addon is missing or does not load. */
export class NativeMissingError extends TsmpiError {
  constructor(message: string, details?: ErrorDetails) {
    super("TSMPI_NATIVE_MISSING", message, details);
  }
}

/** A message is larger than half of the memory of a host, which has to hold it twice. Nothing was sent. */
export class MessageTooLargeError extends TsmpiError {
  constructor(message: string, details?: ErrorDetails) {
    super("TSMPI_MESSAGE_TOO_LARGE", message, details);
  }
}

/** An operation can never be done, because nothing that could serve it is left to run. */
export class DeadlockError extends TsmpiError {
  constructor(message: string, details?: ErrorDetails) {
    super("TSMPI_DEADLOCK", message, details);
  }
}

/** CUDA cannot be used: there is no driver, no device, or not the library that the call needs. */
export class CudaUnavailableError extends TsmpiError {
  constructor(message: string, details?: ErrorDetails) {
    super("TSMPI_CUDA_UNAVAILABLE", message, details);
  }
}

/** A call of a CUDA library failed. Errors of a kernel come with whatever waits for the device next. */
export class CudaError extends TsmpiError {
  /** The function that returned the error, such as "cuLaunchKernel". */
  readonly call: string;
  /** Its result: a CUresult, cublasStatus_t or nvrtcResult. */
  readonly status: number;

  constructor(message: string, call: string, status: number, details?: ErrorDetails) {
    super("TSMPI_CUDA", message, details);
    this.call = call;
    this.status = status;
  }
}

/** A device has no room for an array, or for what a library needs there. */
export class DeviceMemoryError extends TsmpiError {
  /** Bytes that were asked for; NaN where a library did so, which does not say how many. */
  readonly wanted: number;
  /** Bytes that the device had free; NaN where it has not even started. */
  readonly free: number;
  /** Bytes of the device's memory. */
  readonly total: number;

  constructor(message: string, wanted: number, free: number, total: number, details?: ErrorDetails) {
    super("TSMPI_DEVICE_MEMORY", message, details);
    this.wanted = wanted;
    this.free = free;
    this.total = total;
  }
}

/** What TSMPI_BLAS names does not load, or a routine needs a LAPACK library and there is none. */
export class BlasMissingError extends TsmpiError {
  constructor(message: string, details?: ErrorDetails) {
    super("TSMPI_BLAS_MISSING", message, details);
  }
}

/** A routine needs memory to work in, and this process cannot get it. */
export class OutOfMemoryError extends TsmpiError {
  constructor(message: string, details?: ErrorDetails) {
    super("TSMPI_OUT_OF_MEMORY", message, details);
  }
}

/** A matrix is singular to working precision; `index` is the place, from 0 on, of the pivot that is zero. */
export class SingularMatrixError extends TsmpiError {
  readonly index: number;

  constructor(message: string, index: number, details?: ErrorDetails) {
    super("TSMPI_SINGULAR_MATRIX", message, details);
    this.index = index;
  }
}

/** A matrix is not positive definite; `order` is that of its first leading minor that is not positive. */
export class NotPositiveDefiniteError extends TsmpiError {
  readonly order: number;

  constructor(message: string, order: number, details?: ErrorDetails) {
    super("TSMPI_NOT_POSITIVE_DEFINITE", message, details);
    this.order = order;
  }
}

/** An iterative factorisation (singular values, eigenvalues) has not converged. */
export class NoConvergenceError extends TsmpiError {
  constructor(message: string, details?: ErrorDetails) {
    super("TSMPI_NO_CONVERGENCE", message, details);
  }
}
