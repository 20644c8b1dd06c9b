/** Up to this many objects a search beats a Set. */
const FEW = 16;
/**
 * A larger Set has pages of its own, which V8 takes from the system anew whenever the Set grows: an object takes two to ten times as
 * long, by what a page fault costs. So there are several, up to a number that are looked through in the time that this saves.
 */
const LARGEST = 4096;
const MOST_BATCHES = 8;

/** Numbers the objects of one message in the order in which they come, and knows them again. */
export class Identity {
  private few: (object | undefined)[] = new Array(FEW).fill(undefined);
  private batches: Batch[] = [];
  private count = 0;

  /** The number of an object that came before, or -1 for one that is new (and is now numbered). */
  number(object: object): number {
    const { few, batches, count } = this;
    if (batches.length > 0) return this.numberOfMany(object);
    for (let i = 0; i < count; i++) if (few[i] === object) return i;
    if (count < FEW) {
      few[count] = object;
      this.count++;
      return -1;
    }
    batches.push(new Batch(0));
    for (const one of few) this.numberOfMany(one!);
    return this.numberOfMany(object);
  }

  /** Forgets everything, so that no object outlives its message here. */
  clear(): void {
    const used = Math.min(this.count, FEW);
    for (let i = 0; i < used; i++) this.few[i] = undefined;
    if (this.batches.length > 0) this.batches = [];
    this.count = 0;
  }

  private numberOfMany(object: object): number {
    const { batches } = this;
    const last = batches.length - 1;
    for (let i = 0; i < last; i++) if (batches[i].objects.has(object)) return batches[i].number(object);
    const { objects } = batches[last];
    const before = objects.size;
    objects.add(object);
    if (objects.size === before) return batches[last].number(object);
    if (before + 1 >= LARGEST && batches.length < MOST_BATCHES)
      batches.push(new Batch(batches[last].first + objects.size));
    return -1;
  }
}

/** Objects that came one after the other. Most messages refer to none of theirs again, so numbers are found when one does. */
class Batch {
  readonly objects = new Set<object>();
  /** The number of the first one. */
  readonly first: number;
  private readonly numbers = new Map<object, number>();
  private readonly notNumbered = this.objects.values();

  constructor(first: number) {
    this.first = first;
  }

  /** @param object one of `objects` */
  number(object: object): number {
    const { numbers } = this;
    for (;;) {
      const number = numbers.get(object);
      if (number !== undefined) return number;
      numbers.set(this.notNumbered.next().value!, this.first + numbers.size);
    }
  }
}
