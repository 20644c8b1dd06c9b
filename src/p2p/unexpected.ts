import type { Holder } from "./payload.ts";
import type { RecvRequest } from "./request.ts";

/** A message that arrived before anybody asked for it. */
export class Unexpected {
  readonly context: number;
  readonly tag: number;
  /** World rank. */
  readonly source: number;
  readonly extra: number;
  readonly kind: number;
  readonly total: number;
  /** Undefined: the bytes are still the sender's, who offers them by `transfer`. */
  readonly holder: Holder | undefined;
  readonly transfer: number;
  /** Whether the sender wants to know that it was matched. */
  readonly synchronous: boolean;
  /** All bytes are here. */
  complete = false;
  /** The receive that has taken it and waits for the rest. */
  claimant: RecvRequest | undefined = undefined;
  stamp = 0;

  constructor(
    context: number,
    tag: number,
    source: number,
    extra: number,
    kind: number,
    total: number,
    holder: Holder | undefined,
    transfer: number,
    synchronous: boolean,
  ) {
    this.context = context;
    this.tag = tag;
    this.source = source;
    this.extra = extra;
    this.kind = kind;
    this.total = total;
    this.holder = holder;
    this.transfer = transfer;
    this.synchronous = synchronous;
  }
}

/** So many places that have become empty are not worth a new list. */
const FEW = 32;

/**
 * First in, first out, but any can be taken. Taking from the front costs the same however many wait, and looking for one
 * costs as much as there are that wait, however many have been taken behind the front.
 */
export class UnexpectedQueue {
  private items: (Unexpected | undefined)[] = [];
  private first = 0;
  /** Places that are empty. */
  private taken = 0;

  get isEmpty(): boolean {
    return this.first === this.items.length;
  }

  push(message: Unexpected): void {
    this.items.push(message);
  }

  /** Position of the first message that matches, or -1. */
  find(matches: (message: Unexpected) => boolean): number {
    for (let i = this.first; i < this.items.length; i++) {
      const item = this.items[i];
      if (item !== undefined && matches(item)) return i;
    }
    return -1;
  }

  at(position: number): Unexpected {
    return this.items[position]!;
  }

  take(position: number): Unexpected {
    const { items } = this;
    const message = items[position]!;
    items[position] = undefined;
    this.taken++;
    while (this.first < items.length && items[this.first] === undefined) this.first++;
    if (this.first === items.length) this.keep([]);
    else if (this.taken > FEW && this.taken > items.length / 2)
      this.keep(items.filter(item => item !== undefined));
    return message;
  }

  private keep(items: Unexpected[]): void {
    this.items = items;
    this.first = 0;
    this.taken = 0;
  }
}
