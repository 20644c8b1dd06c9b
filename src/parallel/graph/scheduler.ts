import { Ahead } from "../ahead.ts";
import { TaskQueue } from "../pool/task-queue.ts";
import type { Progress } from "../progress.ts";
import type { TaskFailure } from "../task-error.ts";
import type { Plan } from "./plan.ts";
import type { Order, Report } from "./protocol.ts";

/** A rank as the scheduler sees it. */
interface Station {
  readonly rank: number;
  readonly ahead: Ahead;
  /** So many nodes it may have in any case. */
  readonly least: number;
  load: number;
  orders: Order[];
  drops: number[];
}

interface Ready {
  readonly step: number;
  /** Nodes on the longest way to an end: what most depends on comes first. */
  readonly priority: number;
  readonly order: number;
}

const States = { waiting: 0, running: 1, done: 2, failed: 3 } as const;

/** What rank 0 knows of a plan that is being run: which nodes are ready, and where values are. */
export class Scheduler {
  readonly failures: TaskFailure[] = [];
  /** Rank that has made the value of each node; -1: none yet. */
  readonly makers: Int32Array;
  private readonly plan: Plan;
  private readonly collect: boolean;
  private readonly tell: (rank: number, orders: Order[], drops: number[]) => void;
  private readonly progress: Progress | undefined;
  private readonly stations: Station[];
  private readonly ready = new TaskQueue<Ready>();
  private readonly states: Uint8Array;
  /** Inputs that are not there yet. */
  private readonly missing: Int32Array;
  /** Consumers that have not run. Outputs have one that never does. */
  private readonly wanted: Int32Array;
  private readonly outputs: ReadonlySet<number>;
  /** Ranks that have the value of a node, or have been told where to get it. */
  private readonly holders: Set<number>[];
  /** Small values, which are handed out from here. */
  private readonly values = new Map<number, unknown>();
  private running = 0;
  private over = 0;
  private cancelled = false;
  private readonly finish: () => void;
  /** Resolves when nothing is under way and nothing more begins. */
  readonly finished: Promise<void>;

  /** @param kept the ranks that have the values of nodes which need not be run */
  constructor(
    plan: Plan,
    size: number,
    kept: ReadonlyMap<number, number>,
    options: { collect: boolean; dedicated: boolean; progress: Progress | undefined },
    tell: (rank: number, orders: Order[], drops: number[]) => void,
  ) {
    const { steps, outputs } = plan;
    this.plan = plan;
    this.collect = options.collect;
    this.progress = options.progress;
    this.tell = tell;
    const dedicated = options.dedicated && size > 1;
    // While rank 0 runs a node it answers nobody, so that the others have one more to go on with.
    const least = (rank: number): number => (rank === 0 || dedicated ? 1 : 2);
    this.stations = Array.from({ length: size }, (_, rank) => rank)
      .filter(rank => rank > 0 || !dedicated)
      .map(rank => ({ rank, ahead: new Ahead(), least: least(rank), load: 0, orders: [], drops: [] }));
    this.makers = new Int32Array(steps.length).fill(-1);
    this.states = new Uint8Array(steps.length);
    this.missing = Int32Array.from(steps, ({ inputs }) => inputs.length);
    this.outputs = new Set(outputs);
    this.wanted = Int32Array.from(steps, ({ consumers }) => consumers.length);
    this.holders = steps.map(() => new Set<number>());
    let finish = (): void => {};
    this.finished = new Promise(resolve => {
      finish = resolve;
    });
    this.finish = finish;
    for (const [step, { inputs, height }] of steps.entries()) {
      if (inputs.length === 0 && !kept.has(step)) this.ready.push({ step, priority: height, order: step });
    }
    for (const [step, rank] of kept) {
      this.makers[step] = rank;
      this.holders[step].add(rank);
      this.settle(step, States.done);
    }
  }

  begin(): void {
    this.pump();
  }

  heard(rank: number, longest: number, reports: readonly Report[]): void {
    const station = this.stations.find(each => each.rank === rank)!;
    station.ahead.learn(longest);
    for (const { step, failure, told, value } of reports) {
      station.load--;
      this.running--;
      if (failure === undefined) {
        this.makers[step] = rank;
        this.holders[step].add(rank);
        if (told) this.values.set(step, value);
        this.settle(step, States.done);
      } else {
        this.failures.push({ ...failure, index: step });
        this.abandonChain(station, step);
        this.settle(step, States.failed);
        if (!this.collect) this.cancelled = true;
      }
      for (const input of this.plan.steps[step].inputs) this.release(input);
    }
    this.progress?.update(this.over, this.failures.length);
    this.pump();
  }

  /** What was to be run after a node that has failed is not. */
  private abandonChain(station: Station, failed: number): void {
    for (let step = this.plan.steps[failed].next; step !== undefined; step = this.plan.steps[step].next) {
      this.states[step] = States.waiting;
      station.load--;
      this.running--;
    }
  }

  /** A node has its outcome: its consumers may become ready, or can never be run. */
  private settle(step: number, state: number): void {
    const open: [number, number][] = [[step, state]];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const [at, outcome] = next;
      this.states[at] = outcome;
      this.over++;
      for (const consumer of this.plan.steps[at].consumers) {
        if (this.states[consumer] !== States.waiting) continue;
        if (outcome === States.failed) {
          this.states[consumer] = States.failed;
          for (const input of this.plan.steps[consumer].inputs) this.release(input);
          open.push([consumer, States.failed]);
        } else if (--this.missing[consumer] === 0) {
          this.ready.push({ step: consumer, priority: this.plan.steps[consumer].height, order: consumer });
        }
      }
    }
  }

  /** A consumer is over; when it was the last one, the value is let go of everywhere. */
  private release(step: number): void {
    if (--this.wanted[step] > 0 || this.outputs.has(step) || this.plan.isPassing(step)) return;
    this.values.delete(step);
    for (const station of this.stations) if (this.holders[step].has(station.rank)) station.drops.push(step);
  }

  private pump(): void {
    while (!this.cancelled && this.ready.length > 0) {
      const { step } = this.ready.pop()!;
      const station = this.stationFor(step);
      if (station === undefined) {
        this.ready.push({ step, priority: this.plan.steps[step].height, order: step });
        break;
      }
      this.assign(step, station);
    }
    if (this.running === 0) {
      this.finish();
      return;
    }
    for (const station of this.stations) {
      if (station.orders.length === 0 && station.drops.length === 0) continue;
      const { orders, drops } = station;
      station.orders = [];
      station.drops = [];
      this.tell(station.rank, orders, drops);
    }
  }

  /** Whoever has room: the one that lacks least of what the node wants, then the one with least to do, rank 0 last. */
  private stationFor(step: number): Station | undefined {
    const { inputs } = this.plan.steps[step];
    let best: Station | undefined;
    let bestLacks = 0;
    for (let i = this.stations.length - 1; i >= 0; i--) {
      const station = this.stations[i];
      if (station.load >= Math.max(station.least, station.rank === 0 ? 1 : station.ahead.count)) continue;
      let lacks = 0;
      for (const input of inputs) {
        if (!this.values.has(input) && !this.holders[input].has(station.rank)) lacks++;
      }
      const better =
        best === undefined ||
        (station.load === 0) > (best.load === 0) ||
        ((station.load === 0) === (best.load === 0) &&
          (lacks < bestLacks || (lacks === bestLacks && station.load < best.load)));
      if (!better) continue;
      best = station;
      bestLacks = lacks;
    }
    return best;
  }

  /** Hands out a node and the chain that begins with it. */
  private assign(step: number, station: Station): void {
    const order: Order = [step, [], []];
    for (const input of this.plan.steps[step].inputs) {
      const holders = this.holders[input];
      if (holders.has(station.rank)) continue;
      holders.add(station.rank);
      if (this.values.has(input)) order[1].push([input, this.values.get(input)]);
      else order[2].push([input, this.makers[input]]);
    }
    station.orders.push(order);
    for (let each: number | undefined = step; each !== undefined; each = this.plan.steps[each].next) {
      this.states[each] = States.running;
      station.load++;
      this.running++;
    }
  }
}
