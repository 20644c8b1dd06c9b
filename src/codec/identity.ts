/** Up to this many objects a search beats a Map. */
const FEW = 16;

/** Numbers the objects of one message in the order in which they come, and knows them again. */
export class Identity {
  private few: (object | undefined)[] = new Array(FEW).fill(undefined);
  private many: Map<object, number> | undefined;
  private count = 0;

  /** The number of an object that came before, or -1 for one that is new (and is now numbered). */
  number(object: object): number {
    const { many, few, count } = this;
    if (many !== undefined) {
      const number = many.get(object);
      if (number !== undefined) return number;
      many.set(object, this.count++);
      return -1;
    }
    for (let i = 0; i < count; i++) if (few[i] === object) return i;
    if (count < FEW) few[count] = object;
    else this.many = new Map([...few, object].map((item, i) => [item!, i]));
    this.count++;
    return -1;
  }

  /** Forgets everything, so that no object outlives its message here. */
  clear(): void {
    const used = Math.min(this.count, FEW);
    for (let i = 0; i < used; i++) this.few[i] = undefined;
    this.many = undefined;
    this.count = 0;
  }
}
