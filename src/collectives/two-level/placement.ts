/** On which hosts the ranks of a communicator are. Hosts are numbered here in the order of their first ranks. */
export class Placement {
  /** The ranks of each host, in their order. */
  readonly hosts: readonly (readonly number[])[];
  /** Number of the host of each rank. */
  readonly hostOf: readonly number[];
  /** Whether the ranks of each host follow one another, so that what hosts have combined can be combined in rank order. */
  readonly isOrdered: boolean;
  /** Fewest ranks on a host. */
  readonly fewest: number;

  /** @param names anything that is equal for ranks of one host and different for others */
  constructor(names: ArrayLike<number>) {
    const hosts: number[][] = [];
    const known = new Map<number, number>();
    const hostOf: number[] = [];
    for (let rank = 0; rank < names.length; rank++) {
      let host = known.get(names[rank]);
      if (host === undefined) {
        host = hosts.length;
        known.set(names[rank], host);
        hosts.push([]);
      }
      hosts[host].push(rank);
      hostOf.push(host);
    }
    this.hosts = hosts;
    this.hostOf = hostOf;
    this.isOrdered = hostOf.every((host, rank) => rank === 0 || host >= hostOf[rank - 1]);
    this.fewest = Math.min(...hosts.map(ranks => ranks.length));
  }

  /** Whether there is anything to do within hosts and anything between them. */
  get hasLevels(): boolean {
    return this.hosts.length > 1 && this.hosts.length < this.hostOf.length;
  }
}
