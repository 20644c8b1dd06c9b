import { ArgumentError } from "../errors.ts";
import { ANY, type Communicator } from "../index.ts";
import { prepare } from "./execute.ts";
import { Flow } from "./flow.ts";
import { type Items, toList } from "./items.ts";
import { type ItemOf, planOf } from "./map.ts";
import { type MapOptions, mapOptions, requireOptions, requireRoot, requireTask } from "./options.ts";
import { agreeOnFailures } from "./results.ts";
import { type Part, runTasks, type Task } from "./run.ts";
import { enter } from "./team.ts";

export interface IterationOptions {
  /** Results come in the order of items, else as they are ready. Default true. */
  ordered?: boolean;
  /** The rank that gets them; default 0. */
  root?: number;
}

/** On their way to root: number and result of an item; number alone where it has thrown; nothing: this rank is done. */
type Arrival<R> = readonly [number, R] | readonly [number] | readonly [];

/** Tag on the channel of maps. */
const tag = 1;
/** Results that wait at root to be taken; when there are so many, tasks wait as well. */
const READY = 1024;
/** Root looks for results of others at least so often between its own tasks. */
const TURN_MS = 1;

/**
 * `map` whose results come one by one: on root an iterator of [index, result], elsewhere an empty one. All ranks go through
 * it to the end, which there means working: `for await (const [index, result] of imap(...))`. Root works, too. It may
 * leave its loop early; then no other task is begun.
 * @throws {TaskError} @throws {TasksError} on every rank, when the results there are have been taken
 * @throws {ArgumentError} as `map`
 */
export async function* imap<I extends Items<any>, R, O extends MapOptions<ItemOf<I>> & IterationOptions>(
  comm: Communicator,
  items: I,
  task: Task<ItemOf<I>, R>,
  options: O = {} as O,
): AsyncGenerator<[index: number, result: R], void, void> {
  type T = ItemOf<I>;
  requireOptions<MapOptions<T> & IterationOptions>("imap", options, {
    ...mapOptions,
    ordered: true,
    root: true,
  });
  requireTask("imap", task);
  const { ordered = true, root = 0, concurrency = 1 } = options;
  if (typeof ordered !== "boolean") {
    throw new ArgumentError(`imap: ordered must be true or false; got ${String(ordered)}.`);
  }
  requireRoot("imap", root, comm.size);
  const plan = planOf("imap", comm, toList<T>("imap", items as Items<T>), options);
  const leave = enter(comm, "imap");
  try {
    const { team, source, contextOf, what, timed, tell, end } = await prepare(comm, "imap", plan, options, {
      root,
    });
    const collect = options.errors === "collect";
    const channel = await team.channel();
    const flow = new Flow<Arrival<R>>(READY);
    const isRoot = comm.rank === root;
    let turnedAt = performance.now();
    const deliver = (index: number, value: R): Promise<void> | undefined => {
      if (!isRoot) return channel.send([index, value], root, { tag });
      const now = performance.now();
      flow.put([index, value]);
      if (now - turnedAt < TURN_MS && !flow.isFull) return undefined;
      turnedAt = now;
      return flow.room();
    };
    const announce = async (arrival: Arrival<R>): Promise<void> => {
      if (isRoot) flow.put(arrival);
      else await channel.send(arrival, root, { tag });
    };
    const work = async (): Promise<Part<R>> => {
      const part = await runTasks(plan, source, task, contextOf, { concurrency, collect, timed, deliver });
      for (const { index } of part.failures) await announce([index]);
      await announce([]);
      return part;
    };
    const working = work();
    const receiving = isRoot ? receive(channel, flow) : undefined;
    let taken = false;
    try {
      if (isRoot) yield* ordered ? inOrder(flow, comm.size, collect) : asTheyCome(flow, comm.size);
      taken = true;
    } finally {
      // Root has left its loop: no other task is begun.
      if (!taken) source.cancel();
      flow.discard();
      const part = await working;
      await receiving;
      end();
      await tell(part);
      await agreeOnFailures(comm, part.failures, what, collect);
    }
  } finally {
    leave();
  }
}

/** What the other ranks send, until all of them are done. */
async function receive<R>(channel: Communicator, flow: Flow<Arrival<R>>): Promise<void> {
  for (let left = channel.size - 1; left > 0; ) {
    const arrival = await channel.recv<Arrival<R>>(ANY, { tag });
    flow.put(arrival);
    if (arrival.length === 0) left--;
    else if (flow.isFull) await flow.room();
  }
}

async function* asTheyCome<R>(flow: Flow<Arrival<R>>, size: number): AsyncGenerator<[number, R], void, void> {
  for (let left = size; left > 0; ) {
    const arrival = await flow.take();
    if (arrival.length === 0) left--;
    else if (arrival.length === 2) yield [arrival[0], arrival[1]];
  }
}

/** Ends at an item that has thrown, unless the rest is collected. */
async function* inOrder<R>(
  flow: Flow<Arrival<R>>,
  size: number,
  collect: boolean,
): AsyncGenerator<[number, R], void, void> {
  // Those that came before their turn.
  const early = new Map<number, readonly [number, R] | readonly [number]>();
  let next = 0;
  for (let left = size; left > 0; ) {
    const arrival = await flow.take();
    if (arrival.length === 0) {
      left--;
      continue;
    }
    early.set(arrival[0], arrival);
    for (let due = early.get(next); due !== undefined; due = early.get(next)) {
      early.delete(next++);
      if (due.length === 2) yield [due[0], due[1]];
      else if (!collect) return;
    }
  }
}
