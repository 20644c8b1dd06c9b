import { CollectiveMismatchError } from "../../errors.ts";
import type { Communicator } from "../../index.ts";
import { Hash } from "../hash.ts";
import { Delayed, nodesIn } from "./delayed.ts";

/** A node in a plan, where nodes are numbers. */
export interface Step {
  readonly node: Delayed;
  /** Numbers of its inputs, each smaller than its own. */
  readonly inputs: readonly number[];
  /** Numbers of the nodes that want its value. */
  readonly consumers: number[];
  /** The only consumer, if this is its only input: the two are run by the same rank, one right after the other. */
  next: number | undefined;
  /** Nodes on the longest way from here to an end, itself included. */
  height: number;
}

/** What is to be computed, the same on every rank: every node after its inputs. */
export class Plan {
  readonly steps: readonly Step[];
  /** Numbers of the nodes asked for. */
  readonly outputs: readonly number[];
  private readonly isOutput: ReadonlySet<number>;
  private readonly numbers = new Map<Delayed, number>();

  /** @param isKept whether a node has its value already, so that its inputs do not matter */
  constructor(target: unknown, isKept: (node: Delayed) => boolean) {
    const wanted = nodesIn(target);
    const steps: Step[] = [];
    // Depth first, without recursion, for a chain may be longer than the stack.
    const open = wanted.map(node => ({ node, next: 0 })).reverse();
    while (open.length > 0) {
      const top = open[open.length - 1];
      const input = isKept(top.node) ? undefined : top.node.inputs[top.next++];
      if (this.numbers.has(top.node)) open.pop();
      else if (input === undefined) {
        open.pop();
        this.add(steps, top.node, isKept(top.node) ? [] : top.node.inputs);
      } else if (!this.numbers.has(input)) open.push({ node: input, next: 0 });
    }
    for (let i = steps.length - 1; i >= 0; i--) {
      for (const input of steps[i].inputs) {
        steps[input].height = Math.max(steps[input].height, steps[i].height + 1);
      }
    }
    for (const step of steps) {
      const [consumer] = step.consumers;
      const isChain =
        step.consumers.length === 1 && steps[consumer].inputs.length === 1 && !isKept(step.node);
      if (isChain) step.next = consumer;
    }
    this.steps = steps;
    this.outputs = wanted.map(node => this.numbers.get(node)!);
    this.isOutput = new Set(this.outputs);
  }

  /** Whether the value of a node is wanted by nobody but the next in its chain. */
  isPassing(step: number): boolean {
    return this.steps[step].next !== undefined && !this.isOutput.has(step);
  }

  numberOf(node: Delayed): number {
    return this.numbers.get(node)!;
  }

  private add(steps: Step[], node: Delayed, of: readonly Delayed[]): void {
    const number = steps.length;
    const inputs = of.map(input => this.numbers.get(input)!);
    for (const input of inputs) steps[input].consumers.push(number);
    this.numbers.set(node, number);
    steps.push({ node, inputs, consumers: [], next: undefined, height: 1 });
  }

  /** What ranks must have alike: name, primitive arguments, inputs, and the function's text. */
  private textOf({ name, args, fn }: Delayed, inputs: readonly number[]): string {
    const given = args.map(arg => {
      const input = arg instanceof Delayed ? this.numbers.get(arg) : undefined;
      return input === undefined ? textOf(arg) : `node ${input}`;
    });
    return `${name}(${given.join(", ")}) of ${inputs.join()}#${Hash.of(fn.toString())}`;
  }

  /**
   * All ranks call it.
   * @param traced whether this rank wants a trace
   * @returns whether rank 0 does
   * @throws {CollectiveMismatchError} on every rank: they have different plans
   */
  async compare(comm: Communicator, traced: boolean): Promise<boolean> {
    const texts = this.steps.map(({ node, inputs }) => this.textOf(node, inputs));
    const own = { count: texts.length, hash: Hash.of(`${texts.join()};${this.outputs.join()}`), traced };
    const all = await comm.allgather(own);
    if (all.every(({ count, hash }) => count === own.count && hash === own.hash)) return all[0].traced;
    // They all see that they differ, and so all take part in finding where.
    const lists = await comm.allgather(texts);
    const first = lists[0];
    const other = lists.findIndex(list => list.join() !== first.join());
    if (other < 0)
      throw new CollectiveMismatchError("compute: the ranks ask for different nodes of their graph.");
    const second = lists[other];
    const place = second.findIndex((text, i) => text !== first[i]);
    const at = place < 0 ? second.length : place;
    throw new CollectiveMismatchError(
      `compute: the ranks have made different graphs: node ${at} is ${first[at] ?? "missing"} on rank 0 and ` +
        `${second[at] ?? "missing"} on rank ${other}. Every rank must make the same nodes in the same order, not ` +
        "under a condition that holds on some ranks only.",
    );
  }
}

/** Of a text no more is told than this. */
const SHOWN = 40;

/** Primitives are compared; of what lies in lists and objects a rank may have its own part. */
function textOf(value: unknown): string {
  if (typeof value === "string") {
    return value.length <= SHOWN
      ? JSON.stringify(value)
      : `${JSON.stringify(value.slice(0, SHOWN))}...#${Hash.of(value)}`;
  }
  if (typeof value === "function" || (typeof value === "object" && value !== null)) return typeof value;
  return Object.is(value, -0) ? "-0" : typeof value === "bigint" ? `${value}n` : String(value);
}
