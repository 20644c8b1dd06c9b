/**
 * The gateway of a host: joins its segment to those of the other hosts. It runs in a process of its own, so that
 * neither computing ranks nor much output hold messages up. docs/architecture.md tells the whole story.
 *
 * It looks at the rings for as long as there is traffic and a moment longer, with a turn of the event loop in between,
 * which brings what has come from other hosts; then it sleeps until its doorbell rings or something comes.
 */
import { Header, RankState } from "../transport/layout.ts";
import { hostOf, Link, type LinkOwner } from "./link.ts";
import { CHUNK_FRAME_BYTES, FRAME_BYTES, Peer } from "./peer.ts";
import type { SegmentAccess } from "./segment-access.ts";
import { MAX_FRAME, type Wire, type WireCard } from "./wire.ts";

/** Milliseconds of looking before sleep, with a core to spare and without. */
const PATIENCE_MS = 1;
const CROWDED_PATIENCE_MS = 0.2;
/** So many looks at rings and sockets come before a turn of the event loop, which costs as much as all of them. */
const LOOKS = 10;
/** How often links look after time. */
const BUSY_TICK_MS = 20;
const IDLE_TICK_MS = 500;
const MOST_WINDOW = 8 * 1024 * 1024;
/** Frames that are free again are kept, up to so many of each length. */
const MAX_FREE_FRAMES = 64;

export interface GatewayOptions {
  /** Bytes that may be under way to one host. */
  window: number;
  /** Milliseconds of silence after which a host is lost. */
  timeout: number;
  /** Milliseconds of looking for news before sleep; undefined: what suits the cores of this host. */
  patience?: number;
}

export interface GatewayEvents {
  lost(host: number, sentence: string): void;
  /** Ranks of this host have finished; these hosts have no link over which to hear of it. */
  finished(ranks: number[], hosts: number[]): void;
}

/** @param memory bytes for all links of a host */
export function windowFor(memory: number, hosts: number): number {
  return Math.max(Math.min(memory / hosts, MOST_WINDOW), MAX_FRAME / 4);
}

const States = { stopped: 0, looking: 1, asleep: 2, closed: 3 } as const;

export class Gateway implements LinkOwner {
  readonly host: number;
  private readonly access: SegmentAccess;
  private readonly wire: Wire;
  private readonly cards: readonly WireCard[];
  private readonly options: GatewayOptions;
  private readonly events: GatewayEvents;
  private readonly peers: Peer[] = [];
  private readonly sleepingWord: number;
  private readonly patience: number;
  private state: (typeof States)[keyof typeof States] = States.stopped;
  private quietSince = 0;
  private timer: NodeJS.Timeout | undefined;
  private ticked = performance.now();
  private tickMilliseconds = IDLE_TICK_MS;
  /** As last seen in the segment. */
  private connections = 0;
  private endings = 0;
  private readonly reported = new Set<number>();
  /** Hosts that have ended. */
  private readonly gone = new Set<number>();
  /** Frames of these lengths are kept. */
  private readonly free = new Map<number, Uint8Array[]>([
    [FRAME_BYTES, []],
    [CHUNK_FRAME_BYTES, []],
  ]);

  /** @param cards of all hosts, this one's included */
  constructor(
    access: SegmentAccess,
    wire: Wire,
    cards: readonly WireCard[],
    options: GatewayOptions,
    events: GatewayEvents,
  ) {
    const { places, layout } = access;
    this.host = places.host;
    this.access = access;
    this.wire = wire;
    this.cards = cards;
    this.options = options;
    this.events = events;
    this.sleepingWord = layout.gatewayWord;
    this.patience = options.patience ?? (access.hasCores ? PATIENCE_MS : CROWDED_PATIENCE_MS);
    const frameOf = (bytes: number): Uint8Array => this.free.get(bytes)?.pop() ?? new Uint8Array(bytes);
    for (let host = 0; host < places.hosts; host++) this.peers.push(new Peer(host, access, frameOf));
    access.waits.watchDoorbell(access.doorbell, this.rung);
    access.waits.holdEventLoop(true);
    this.scheduleTick();
    this.wake();
  }

  /** A frame has come from one of the hosts. */
  frame(bytes: Uint8Array): void {
    // A wire may give what it had in hand, and a link would open a connection that nobody closes.
    if (this.state === States.closed) return;
    const host = hostOf(bytes);
    const peer = this.peers[host];
    if (peer === undefined || host === this.host || this.gone.has(host)) return;
    const link = this.linkTo(peer);
    link.take(bytes);
    if (link.busy) this.hastenTick();
    this.wake();
  }

  /** Ranks of a host without a link have finished. */
  peerFinished(ranks: readonly number[]): void {
    for (const rank of ranks) {
      // A link brings it in its turn, behind the messages.
      if (this.peers[this.access.places.ofRank[rank]].link === undefined) {
        this.access.enter(rank, RankState.finished);
      }
    }
  }

  /** Hosts have ended, and all that they had for this one has come. */
  hostsEnded(hosts: readonly number[]): void {
    const { ofRank } = this.access.places;
    for (const host of hosts) {
      this.gone.add(host);
      this.peers[host].link?.close();
      for (const rank of this.access.layout.distant) {
        if (ofRank[rank] === host) this.access.enter(rank, RankState.finished);
      }
    }
    this.wake();
  }

  /** Whether the other hosts have everything that ranks of this one have written, and know that these have finished. */
  get delivered(): boolean {
    const { words } = this.access;
    return (
      Atomics.load(words, Header.connections) === this.connections && this.peers.every(peer => peer.delivered)
    );
  }

  /** Ends all links, and opens none any more. */
  close(): void {
    this.state = States.closed;
    clearTimeout(this.timer);
    for (const { link } of this.peers) link?.close();
    this.access.waits.holdEventLoop(false);
  }

  // For links.

  received(host: number, frame: Uint8Array, start: number): void {
    this.peers[host].received(frame, start);
  }

  roomy(): void {
    this.wake();
  }

  lost(host: number, sentence: string): void {
    this.events.lost(host, sentence);
  }

  recycle(frame: Uint8Array): void {
    const { buffer } = frame;
    const free = this.free.get(buffer.byteLength);
    if (free !== undefined && free.length < MAX_FREE_FRAMES) free.push(new Uint8Array(buffer));
  }

  // The loop.

  private readonly rung = (): void => {
    this.wake();
  };

  /** Makes sure that somebody looks. */
  private wake(): void {
    this.quietSince = 0;
    if (this.state === States.looking || this.state === States.closed) return;
    Atomics.store(this.access.words, this.sleepingWord, 0);
    this.state = States.looking;
    setImmediate(this.look);
  }

  private readonly look = (): void => {
    if (this.state === States.closed) return;
    const { access, sleepingWord, wire } = this;
    const { words, waits } = access;
    for (let looks = 1; ; looks++) {
      const now = performance.now();
      if (this.round() || this.quietSince === 0) this.quietSince = now;
      if (now - this.quietSince >= this.patience) break;
      waits.yieldWhile(sleepingWord, 0, 1);
      if (wire.poll() && looks < LOOKS) continue;
      setImmediate(this.look);
      return;
    }
    Atomics.store(words, sleepingWord, 1);
    // On behalf of those who publish without one.
    if (words[Header.sleepersFence] === 1) waits.fenceAll();
    if (this.round()) {
      Atomics.store(words, sleepingWord, 0);
      setImmediate(this.look);
      return;
    }
    this.state = States.asleep;
  };

  /** Does what can be done now. Returns whether there was anything. */
  private round(): boolean {
    let any = this.lookForConnections();
    if (this.lookForEnds()) any = true;
    for (const peer of this.peers) if (peer.send()) any = true;
    if (any && this.isBusy) this.hastenTick();
    return any;
  }

  /** Rings that ranks have begun to write to. */
  private lookForConnections(): boolean {
    const { words, layout, places } = this.access;
    const connections = Atomics.load(words, Header.connections);
    if (connections === this.connections) return false;
    this.connections = connections;
    const { length } = layout.distant;
    for (const rank of layout.ranks) {
      for (const dest of layout.distant) {
        const bit = layout.connectionOf(rank, dest);
        if ((Atomics.load(words, layout.connectionsWord + (bit >> 5)) & (1 << (bit & 31))) === 0) continue;
        const peer = this.peers[places.ofRank[dest]];
        peer.connect(rank, dest);
        if (!this.gone.has(peer.host)) this.linkTo(peer);
      }
    }
    return length > 0;
  }

  private lookForEnds(): boolean {
    const { access } = this;
    const { words, layout } = access;
    const endings = Atomics.load(words, Header.endings);
    if (endings === this.endings) return false;
    this.endings = endings;
    access.endedRanks = layout.ranks.filter(rank => access.stateOf(rank) >= RankState.leaving);
    const finished = access.endedRanks.filter(
      rank => access.stateOf(rank) === RankState.finished && !this.reported.has(rank),
    );
    for (const rank of finished) this.reported.add(rank);
    const unlinked = this.peers.filter(({ host, link }) => host !== this.host && link === undefined);
    if (finished.length > 0 && unlinked.length > 0) {
      this.events.finished(
        finished,
        unlinked.map(({ host }) => host),
      );
    }
    return true;
  }

  private linkTo(peer: Peer): Link {
    const { window, timeout } = this.options;
    peer.link ??= new Link(peer.host, this.wire, this.cards[peer.host], this, window, timeout);
    return peer.link;
  }

  private get isBusy(): boolean {
    return this.peers.some(({ link }) => link?.busy === true);
  }

  /** A link has become busy. What is no reason must not come here: it would put the tick off, again and again. */
  private hastenTick(): void {
    if (this.tickMilliseconds === BUSY_TICK_MS) return;
    clearTimeout(this.timer);
    this.scheduleTick();
  }

  private scheduleTick(): void {
    this.tickMilliseconds = this.isBusy ? BUSY_TICK_MS : IDLE_TICK_MS;
    this.timer = setTimeout(this.tick, this.tickMilliseconds);
  }

  private readonly tick = (): void => {
    const now = performance.now();
    const stopped = now - this.ticked > 2 * IDLE_TICK_MS;
    this.ticked = now;
    for (const { link } of this.peers) {
      if (stopped) link?.resume(now);
      link?.tick(now);
    }
    this.scheduleTick();
  };
}
