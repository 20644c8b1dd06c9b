/** What can stand in the queue. */
export interface Queued {
  readonly priority: number;
  /** Place among tasks of equal priority; smaller comes first. */
  readonly order: number;
}

/** Tasks by priority, and among equal ones by order: a binary heap. */
export class TaskQueue<T extends Queued> {
  private readonly heap: T[] = [];

  get length(): number {
    return this.heap.length;
  }

  /** What `pop` would give. */
  get first(): T | undefined {
    return this.heap[0];
  }

  push(item: T): void {
    const { heap } = this;
    let at = heap.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!precedes(item, heap[parent])) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = item;
  }

  pop(): T | undefined {
    const { heap } = this;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return last;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && precedes(heap[child + 1], heap[child])) child++;
      if (!precedes(heap[child], last)) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = last;
    return first;
  }

  /** Takes out everything, in no particular order. */
  drain(): T[] {
    return this.heap.splice(0);
  }
}

/** Whether the left one is to be taken first. */
export function precedes(left: Queued, right: Queued): boolean {
  return left.priority > right.priority || (left.priority === right.priority && left.order < right.order);
}
