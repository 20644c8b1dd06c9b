import { allgather } from "../collectives/allgather.ts";
import type { Algorithm } from "../collectives/context.ts";
import { operations } from "../collectives/operations.ts";
import { requireOptions } from "../collectives/options.ts";
import { describe } from "../describe.ts";
import { ArgumentError } from "../errors.ts";
import { Scope } from "../p2p/scope.ts";
import { Core } from "./core.ts";
import { type Identity, takeIdentity } from "./identity.ts";

/** Ranks with equal colors get one communicator. */
export type Color = number | string;

export interface NameOptions {
  /** Stands in messages. Default: made from the name of the communicator divided. */
  name?: string;
}

export interface SplitOptions extends NameOptions {
  /** Ranks of the new communicator are in order of their keys, equal ones in order of their present rank. */
  key?: number;
}

interface Wish {
  readonly color: Color | undefined;
  readonly key: number;
}

/** The part of a communicator that a rank belongs to; undefined for a rank without a color. */
export function* split(
  core: Core,
  color: Color | undefined,
  options: SplitOptions,
): Algorithm<Core | undefined> {
  requireOptions("split", options, "{ key: 1 }");
  const { key = 0 } = options;
  if (color !== undefined && typeof color !== "string" && !Number.isSafeInteger(color)) {
    throw new ArgumentError(
      `split: color must be a whole number, a string or undefined; got ${describe(color)}.`,
    );
  }
  if (!Number.isFinite(key))
    throw new ArgumentError(`split: key must be a finite number; got ${describe(key)}.`);
  const { scope } = core;
  const wish: Wish = { color, key };
  const wishes = yield* allgather(core.begin(operations.split), wish);
  const group: number[] = [];
  for (let rank = 0; rank < scope.size; rank++) {
    if (color !== undefined && wishes[rank].color === color) group.push(rank);
  }
  group.sort((a, b) => wishes[a].key - wishes[b].key || a - b);
  return yield* make(core, group, options.name ?? `${scope.name}.split(${color})`);
}

export function* dup(core: Core, options: NameOptions): Algorithm<Core> {
  requireOptions("dup", options, '{ name: "grid" }');
  const { scope } = core;
  const everyone = Array.from({ length: scope.size }, (_, rank) => rank);
  return (yield* make(core, everyone, options.name ?? `${scope.name}.dup`))!;
}

/** The first rank of each group takes the numbers of its communicator and all learn them. */
function* make(core: Core, group: readonly number[], name: string): Algorithm<Core | undefined> {
  const { scope, engine, waiting } = core;
  const taken = group[0] === scope.rank ? takeIdentity(engine) : undefined;
  const identities: (Identity | undefined)[] = yield* allgather(core.begin(operations.identify), taken);
  if (group.length === 0) return undefined;
  const { id, slot } = identities[group[0]]!;
  const members = group.map(rank => scope.toWorld(rank));
  return new Core(
    engine,
    waiting,
    new Scope(name, id, group.indexOf(scope.rank), group.length, members),
    slot,
  );
}
