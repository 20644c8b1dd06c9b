/** Stands for a value that the workers of a pool have already; see `pool.share`. */
export class Shared<T> {
  /** Number of the value in its pool. */
  readonly number: number;
  /** The value itself, here. */
  readonly value: T;

  constructor(number: number, value: T) {
    this.number = number;
    this.value = value;
  }
}

export function isShared(value: object): value is Shared<unknown> {
  return value instanceof Shared;
}
