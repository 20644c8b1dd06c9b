/** Any source, any tag. */
export const ANY = -1;

/**
 * Nobody (MPI_PROC_NULL): what is sent there vanishes, and a receive from there is done at once with nothing. Saves
 * the ranks at the edge of a grid from being a special case.
 */
export const NONE = -2;

/** Tags are 0 .. MAX_TAG, as far as MPI's MPI_TAG_UB commonly goes. */
export const MAX_TAG = 0x7fffffff;

/**
 * The ranks that talk to each other on one communicator, and the number that keeps its messages apart from those
 * of others. The engine below works with world ranks; a scope translates.
 */
export class Scope {
  readonly name: string;
  /** Unique in the job. */
  readonly id: number;
  readonly rank: number;
  readonly size: number;
  /** World rank of each rank; undefined when they are the same. */
  private readonly members: readonly number[] | undefined;
  private readonly ranks: Map<number, number> | undefined;

  constructor(name: string, id: number, rank: number, size: number, members?: readonly number[]) {
    this.name = name;
    this.id = id;
    this.rank = rank;
    this.size = size;
    this.members = members;
    this.ranks = members && new Map(members.map((world, index) => [world, index]));
  }

  /** Context of point-to-point messages. */
  get context(): number {
    return this.id << 1;
  }

  /** Context of collectives, whose messages never match a receive of the user's. */
  get collectiveContext(): number {
    return (this.id << 1) | 1;
  }

  worldRanks(): readonly number[] {
    return this.members ?? Array.from({ length: this.size }, (_, rank) => rank);
  }

  toWorld(rank: number): number {
    return rank < 0 || this.members === undefined ? rank : this.members[rank];
  }

  fromWorld(world: number): number {
    return this.ranks === undefined ? world : (this.ranks.get(world) ?? ANY);
  }
}
