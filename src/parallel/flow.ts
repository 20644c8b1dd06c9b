/** Values on their way from those that make them to one that takes them. */
export class Flow<T> {
  private readonly limit: number;
  private values: T[] = [];
  private at = 0;
  private discarding = false;
  private wakeTaker: (() => void) | undefined;
  private readonly makers: (() => void)[] = [];

  /** @param limit so many may wait */
  constructor(limit: number) {
    this.limit = limit;
  }

  get isFull(): boolean {
    return !this.discarding && this.values.length - this.at >= this.limit;
  }

  put(value: T): void {
    if (this.discarding) return;
    this.values.push(value);
    this.wakeTaker?.();
    this.wakeTaker = undefined;
  }

  /** Resolves in a later turn of the event loop, when there is room. */
  async room(): Promise<void> {
    await new Promise(resolve => setImmediate(resolve));
    while (this.isFull) await new Promise<void>(resolve => this.makers.push(resolve));
  }

  async take(): Promise<T> {
    while (this.at === this.values.length) {
      this.values = [];
      this.at = 0;
      await new Promise<void>(resolve => (this.wakeTaker = resolve));
    }
    const value = this.values[this.at++];
    if (!this.isFull) for (const wake of this.makers.splice(0)) wake();
    return value;
  }

  /** Nobody takes any more: what is put from now on is forgotten. */
  discard(): void {
    this.discarding = true;
    for (const wake of this.makers.splice(0)) wake();
  }
}
