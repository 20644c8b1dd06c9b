import { inspect } from "node:util";
import { ArgumentError } from "../../errors.ts";
import { type OptionNames, requireKnownOptions } from "../../known-options.ts";
import { findIn, replaceIn } from "../nested.ts";
import { labelOf } from "../pool/task.ts";

export interface DelayedOptions {
  /** Stands in keys, pictures and errors. Default: the function's own name. */
  name?: string;
  /**
   * The function gives the same for the same arguments: calls with equal primitives and the same nodes are one node.
   * Default false.
   */
  pure?: boolean;
}

const delayedOptions: OptionNames<DelayedOptions> = { name: true, pure: true };

/** A value, or a node that will have it, or a list, plain object, Map or Set of such. */
export type Lazy<T> =
  | T
  | Delayed<T>
  | (T extends readonly unknown[]
      ? { readonly [I in keyof T]: Lazy<T[I]> }
      : T extends ReadonlyMap<infer K, infer V>
        ? ReadonlyMap<Lazy<K>, Lazy<V>>
        : T extends ReadonlySet<infer V>
          ? ReadonlySet<Lazy<V>>
          : T extends object
            ? { readonly [K in keyof T]: Lazy<T[K]> }
            : never);

/** What becomes of nodes, and of lists, plain objects, Maps and Sets of nodes, when they are computed. */
export type Computed<T> =
  T extends Delayed<infer R>
    ? R
    : T extends readonly unknown[]
      ? { -readonly [I in keyof T]: Computed<T[I]> }
      : T extends ReadonlyMap<infer K, infer V>
        ? Map<Computed<K>, Computed<V>>
        : T extends ReadonlySet<infer V>
          ? Set<Computed<V>>
          : T extends object
            ? { -readonly [K in keyof T]: Computed<T[K]> }
            : T;

let made = 0;

/** A call that is still to be made: a node of a graph. `compute` makes it. */
export class Delayed<T = unknown> {
  readonly name: string;
  /** Counts the nodes of a program in the order made. */
  readonly number: number;
  readonly fn: (...args: never[]) => unknown;
  /** With nodes in the places of their values. */
  readonly args: readonly unknown[];
  /** The nodes in `args`, each once. */
  readonly inputs: readonly Delayed[];
  /** Never set; for the type alone. */
  declare readonly value: T;

  /** Programs get nodes from functions that `delayed` has made. */
  constructor(name: string, fn: (...args: never[]) => unknown, args: readonly unknown[]) {
    this.name = name;
    this.number = made++;
    this.fn = fn;
    this.args = args;
    this.inputs = nodesIn(args);
  }

  /** Name and number. */
  get key(): string {
    return `${this.name}-${this.number}`;
  }

  toString(): string {
    return `Delayed(${this.key})`;
  }

  /** As console.log shows it. */
  [inspect.custom](): string {
    return this.toString();
  }
}

/**
 * A function whose calls give nodes of a graph instead of values. Its arguments may be nodes, or lists, plain objects,
 * Maps and Sets that hold nodes, at any depth; when the call is made they have been replaced by their values. Other
 * arguments stay where they are, on every rank; objects of other classes are not searched for nodes.
 */
export function delayed<A extends unknown[], R>(
  fn: (...args: A) => R,
  options: DelayedOptions = {},
): (...args: { [I in keyof A]: Lazy<A[I]> }) => Delayed<Awaited<R>> {
  if (typeof fn !== "function") throw new ArgumentError(`delayed: wants a function; got ${String(fn)}.`);
  requireKnownOptions("delayed", options, delayedOptions);
  const { name, pure = false } = options;
  const label = name ?? labelOf(fn);
  const known = pure ? new Map<string, Delayed<Awaited<R>>>() : undefined;
  return (...args) => {
    const key = known && args.map(keyOf).join();
    const before = key === undefined ? undefined : known!.get(key);
    if (before !== undefined) return before;
    const node = new Delayed<Awaited<R>>(label, fn, args);
    if (key !== undefined) known!.set(key, node);
    return node;
  };
}

/** The nodes in a value, each once, in the order in which they stand there. */
export function nodesIn(value: unknown): Delayed[] {
  return findIn(value, isNode);
}

/** A copy with values in the places of nodes; what holds no nodes is not copied. */
export function withValues(value: unknown, lookUp: (node: Delayed) => unknown): unknown {
  return replaceIn(value, isNode, lookUp);
}

function isNode(value: object): value is Delayed {
  return value instanceof Delayed;
}

const identities = new WeakMap<object, number>();
let identified = 0;

/** Equal for equal primitives, for the same node and the same object. */
function keyOf(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "symbol")
    throw new ArgumentError("delayed: a symbol cannot be an argument of a pure function.");
  if ((typeof value !== "object" && typeof value !== "function") || value === null) {
    return Object.is(value, -0) ? "-0" : String(value);
  }
  if (Array.isArray(value)) return `[${value.map(keyOf).join()}]`;
  let identity = identities.get(value);
  if (identity === undefined) identities.set(value, (identity = identified++));
  return `#${identity}`;
}
