/**
 * The message engine of this process: it knows all sources and destinations, posts receives and sends, and makes
 * progress on them when asked. It never waits; that is waiting.ts. One engine serves all communicators.
 */
import { windowOf } from "../codec/dtype.ts";
import type { LocalJob } from "../job/local-job.ts";
import { CountedInRing, CountedOutRing } from "../transport/counted-ring.ts";
import { Kind } from "../transport/frame.ts";
import { Header, Rank, RankState } from "../transport/layout.ts";
import { look } from "../transport/look.ts";
import { InRing, OutRing } from "../transport/ring.ts";
import { type WaitRecord, WaitRecords } from "../transport/wait-record.ts";
import { Destination, type DestinationOwner, type Envelope } from "./destination.ts";
import { Holder, payloadOf } from "./payload.ts";
import { type MatchRequest, ProbeRequest, type RecvRequest, Request, SendRequest } from "./request.ts";
import { ANY, Scope } from "./scope.ts";
import { Source, type SourceOwner } from "./source.ts";
import { Transfers, type TransfersOwner } from "./transfers.ts";
import { Unexpected } from "./unexpected.ts";

/** Something that becomes true in shared memory, looked at whenever the engine makes progress. */
export abstract class Watch extends Request<void> {
  override get collective(): boolean {
    return true;
  }

  /** Whether the engine looks at it. */
  watched = false;
  /** Set by `ready` when it has got on without coming to its end. */
  moved = false;

  /** A word of the segment that will differ from `seen` when this may have got on. Valid when not `ready`. */
  word = 0;
  seen = 0;

  abstract ready(): boolean;
  /** Why it can never become ready, now that ranks have finished; undefined when it still can. */
  abstract doomed(): Error | undefined;
}

/** What the engine keeps of a collective call, for the end of this rank. */
export interface CalledCollective {
  endRecord(): WaitRecord;
  /** The error of a rank that has called this collective under another name. */
  mismatch(peer: number, signature: number): Error;
}

/** What the end of a rank needs of a board. */
export interface BoardEnd {
  /** Tells the others how far this rank has read. */
  report(): void;
  /** A collective that another rank has called and this one has not. */
  leftover(): Leftover | undefined;
}

/** A collective call of another rank in which this one has not taken part. */
export interface Leftover {
  readonly context: number;
  readonly sequence: number;
  readonly signature: number;
  /** World rank. */
  readonly source: number;
}

export class Engine implements SourceOwner, DestinationOwner, TransfersOwner {
  readonly rank: number;
  readonly size: number;
  /** Undefined in a world of one, which needs neither a segment nor the native addon. */
  readonly job: LocalJob | undefined;
  readonly anyPosted: MatchRequest<unknown>[] = [];
  private readonly sources: Source[] = [];
  private readonly destinations: (Destination | undefined)[] = [];
  /** Sources with `wanted` above zero, and destinations with a queue: the ones that progress looks at. */
  private readonly readers: Source[] = [];
  private readonly writers: Destination[] = [];
  private readonly watches: Watch[] = [];
  /** Undefined in a world of one. */
  private readonly transfers: Transfers | undefined;
  /** Synchronous sends that wait to be matched, by number. */
  private readonly acknowledgements = new Map<number, SendRequest>();
  private nextAcknowledgement = 1;
  /** Done, and waiting for their callback to be run: the first `readyCount`. (Cutting an array costs 60 ns.) */
  private readonly ready: (Request<unknown> | undefined)[] = [];
  private readyCount = 0;
  private readyNext = 0;
  private stamps = 0;
  /** How many requests have been settled. */
  private settlements = 0;
  /** Sources that have ever sent: the sender bitmap as last read, and the list made from it. */
  private readonly senderWords: Int32Array;
  private readonly active: Source[] = [];
  private readonly words: Int32Array | undefined;
  readonly records: WaitRecords | undefined;
  /** The boards of this rank's communicators. */
  readonly boards: BoardEnd[] = [];
  /** The collective that this rank has called last. */
  lastCollective: CalledCollective | undefined = undefined;
  /** Of each rank, the word that says whether it sleeps, or for one of another host, whether the gateway does. */
  private readonly sleepingWords: number[] = [];
  /** Acknowledgements belong to no communicator in particular. */
  private readonly world: Scope;

  constructor(job: LocalJob | undefined) {
    this.job = job;
    this.rank = job?.rank ?? 0;
    this.size = job?.size ?? 1;
    this.words = job?.words;
    this.transfers = job && new Transfers(job, this);
    this.records = job && new WaitRecords(job.words, job.layout);
    this.world = new Scope("world", 0, this.rank, this.size);
    this.senderWords = new Int32Array(job?.layout.senderWords ?? 0);
    for (let rank = 0; rank < this.size; rank++) {
      this.sources.push(new Source(rank, this.inRing(rank), this));
      if (job !== undefined) this.sleepingWords.push(this.readerWord(job, rank) + Rank.sleeping);
    }
  }

  private inRing(rank: number): InRing | undefined {
    if (this.job === undefined || rank === this.rank) return undefined;
    const { layout, segment, statistics } = this.job;
    const start = layout.ringStart(rank, this.rank);
    const bytes = layout.ringBytesOf(rank, this.rank);
    return statistics === undefined
      ? new InRing(segment, start, bytes)
      : new CountedInRing(segment, start, bytes, statistics);
  }

  /** Area of who reads what is written for a rank: that rank, or the gateway to its host. */
  private readerWord({ layout }: LocalJob, rank: number): number {
    return layout.isHere(rank) ? layout.rankWord(rank) : layout.gatewayWord;
  }

  /** Whether all ranks of a scope are on this host, and so have its segment in common. */
  sharesHost(scope: Scope): boolean {
    const { job } = this;
    if (job === undefined) return false;
    return job.places.hosts === 1 || scope.worldRanks().every(rank => job.layout.isHere(rank));
  }

  /** Whether anything is under way that needs progress. */
  get idle(): boolean {
    return (
      this.readers.length === 0 &&
      this.anyPosted.length === 0 &&
      this.writers.length === 0 &&
      this.watches.length === 0 &&
      this.readyCount === 0 &&
      this.transferring === 0
    );
  }

  /** How many arrays are being copied, or offered. */
  private get transferring(): number {
    return this.transfers === undefined ? 0 : this.transfers.count;
  }

  /** What comes from a world rank. */
  from(rank: number): Source {
    return this.sources[rank];
  }

  // Posting.

  /** Sends a value. Undefined: the buffer may be reused already. */
  send(value: unknown, dest: number, envelope: Envelope): SendRequest | undefined {
    if (dest === this.rank) {
      this.sendToSelf(value, envelope);
      return undefined;
    }
    const destination = this.destinations[dest] ?? this.connect(dest);
    const request = destination.send(value, envelope);
    this.wake(dest);
    if (request === undefined) return undefined;
    request.stamp = ++this.stamps;
    this.noteWriter(destination);
    return request.done ? undefined : request;
  }

  /** A send that is done once it has been matched. */
  sendSynchronous(value: unknown, dest: number, envelope: Envelope): SendRequest {
    const { scope, context, tag } = envelope;
    const request = new SendRequest(scope, dest, context, tag, 0, 0, [], 0, false);
    const id = this.nextAcknowledgement++ | 0;
    request.stamp = ++this.stamps;
    this.acknowledgements.set(id, request);
    this.want(this.sources[dest]);
    try {
      request.writing = this.send(value, dest, { ...envelope, extra: id, flags: Kind.synchronous });
    } catch (error) {
      this.acknowledgements.delete(id);
      this.sources[dest].wanted--;
      throw error;
    }
    return request;
  }

  /** Posts a receive or probe. It may be done when this returns. */
  post(request: MatchRequest<unknown>): void {
    request.stamp = ++this.stamps;
    const { source } = request;
    if (source === ANY) {
      if (this.serveFromAny(request)) return;
      for (const candidate of this.senders()) {
        candidate.poll(request);
        if (request.done) return;
        // It has its message already, of which the rest is still to come.
        if ((request as RecvRequest).arriving) break;
      }
      if ((request as RecvRequest).arriving) this.noteReaders();
      else this.anyPosted.push(request);
      return;
    }
    const from = this.sources[source];
    if (from.serve(request)) {
      if (!request.done) this.noteReader(from);
      return;
    }
    from.poll(request);
    if (request.done) return;
    if (!(request as RecvRequest).arriving) {
      from.posted.push(request);
      from.wanted++;
    }
    this.noteReader(from);
  }

  /** The message that a probe would match, taken out of matching; undefined when none is there. Never waits. */
  poll(request: ProbeRequest<Unexpected>): Unexpected | undefined {
    this.post(request);
    if (request.done) return request.result();
    this.withdraw(request);
    return undefined;
  }

  /** Gives a probed message to a receive. */
  receiveMessage(message: Unexpected, request: RecvRequest): void {
    request.stamp = ++this.stamps;
    const from = this.sources[message.source];
    from.give(message, request);
    if (!request.done) this.noteReader(from);
  }

  watch(watch: Watch): void {
    watch.stamp = ++this.stamps;
    watch.watched = true;
    if (watch.ready()) watch.settle(undefined);
    else this.watches.push(watch);
  }

  /** Withdraws a request that has not begun. Returns false when it is too late: then it will be done soon. */
  withdraw(request: Request<unknown>): boolean {
    if (request.done) return false;
    if (request instanceof SendRequest) return this.withdrawSend(request);
    const match = request as MatchRequest<unknown>;
    const list = match.source === ANY ? this.anyPosted : this.sources[match.source].posted;
    const position = list.indexOf(match);
    if (position < 0) return false;
    list.splice(position, 1);
    if (match.source !== ANY) this.sources[match.source].wanted--;
    return true;
  }

  /** Withdraws the receives that a collective has posted before it failed. */
  withdrawAll(context: number, tag: number): void {
    for (const source of this.sources) {
      for (const request of [...source.posted]) {
        if (request.context === context && request.tag === tag) this.withdraw(request);
      }
    }
  }

  private withdrawSend(request: SendRequest): boolean {
    for (const [id, waiting] of this.acknowledgements) {
      if (waiting !== request) continue;
      this.acknowledgements.delete(id);
      this.sources[request.dest].wanted--;
      if (request.writing !== undefined) this.withdrawSend(request.writing);
      return true;
    }
    return this.destinations[request.dest]?.withdraw(request) || this.transfers?.withdraw(request) || false;
  }

  // Progress.

  /** Reads and writes what can be read and written now. Returns whether anything moved or became done. */
  progress(): boolean {
    let moved = false;
    const { readers, writers, watches } = this;
    for (let i = readers.length - 1; i >= 0; i--) {
      const source = readers[i];
      if (source.wanted > 0 && source.poll()) moved = true;
      if (source.wanted === 0) removeAt(readers, i);
    }
    if (this.anyPosted.length > 0) {
      for (const source of this.senders()) {
        if (source.poll()) moved = true;
        if (this.anyPosted.length === 0) break;
      }
      this.noteReaders();
    }
    for (let i = writers.length - 1; i >= 0; i--) {
      const destination = writers[i];
      if (destination.push() > 0) {
        moved = true;
        this.wake(destination.rank);
      }
      if (destination.queue.length === 0) removeAt(writers, i);
    }
    if (this.transferring > 0 && this.transfers!.progress()) moved = true;
    // In the order begun, which is that in which those that end together are told.
    for (let i = 0; i < watches.length; ) {
      const watch = watches[i];
      if (!watch.ready()) {
        if (watch.moved) moved = true;
        watch.moved = false;
        i++;
        continue;
      }
      watches.splice(i, 1);
      this.settled(watch);
      moved = true;
    }
    return moved || this.readyCount > 0;
  }

  /** Runs the callbacks of requests that have become done. They may make more requests done; those run, too. */
  runCallbacks(): void {
    const { ready } = this;
    // A callback may itself wait, and so come by here again; then the inner call goes on where this one is.
    while (this.readyNext < this.readyCount) {
      const request = ready[this.readyNext]!;
      ready[this.readyNext++] = undefined;
      request.onDone!();
    }
    this.readyCount = 0;
    this.readyNext = 0;
  }

  /**
   * Fails what can never be done because the rank it waits for has come to its end. docs/protocol.md says why the
   * states are read first, then the rings, and judged only then.
   * @returns whether anything was read or failed
   */
  failDoomed(): boolean {
    if (this.words === undefined || Atomics.load(this.words, Header.endings) === 0) return false;
    const others = this.sources.filter(source => source.rank !== this.rank);
    const leaving = others.filter(source => this.isLeaving(source.rank)).map(source => source.rank);
    const finished = new Set(others.filter(source => this.hasFinished(source.rank)));
    const moved = this.progress();
    const before = this.settlements;
    for (const request of [...this.anyPosted]) {
      const partners = request.scope.worldRanks().filter(rank => rank !== this.rank);
      if (partners.length > 0 && partners.every(rank => finished.has(this.sources[rank]))) this.fail(request);
    }
    for (const source of finished) for (const request of [...source.posted]) this.fail(request);
    for (const [id, request] of this.acknowledgements) {
      if (!finished.has(this.sources[request.dest])) continue;
      this.acknowledgements.delete(id);
      this.sources[request.dest].wanted--;
      this.settled(request, undefined, request.peerFinished(this.rank));
    }
    for (const rank of leaving) {
      const queue = this.destinations[rank]?.queue ?? [];
      for (const request of [...this.transfers!.drop(rank), ...queue]) {
        if (!request.done) this.settled(request, undefined, request.peerFinished(this.rank));
      }
      queue.length = 0;
    }
    for (const watch of [...this.watches]) {
      const error = watch.doomed();
      if (error === undefined) continue;
      this.watches.splice(this.watches.indexOf(watch), 1);
      this.settled(watch, undefined, error);
    }
    return moved || this.settlements !== before;
  }

  private fail(request: MatchRequest<unknown>): void {
    if (this.withdraw(request)) this.settled(request, undefined, request.peerFinished(this.rank));
  }

  /** Fails one request that is still waiting; `error` says why. */
  failRequest(request: Request<unknown>, error: unknown): void {
    const position = this.watches.indexOf(request as Watch);
    if (position >= 0) this.watches.splice(position, 1);
    else if (!this.withdraw(request)) return;
    this.settled(request, undefined, error);
  }

  /** Tells all ranks that this one receives nothing more. */
  leave(): void {
    // Stays, so that a rank which waits for this one can tell whether it was called by another name.
    if (this.lastCollective !== undefined) this.records?.write(this.rank, this.lastCollective.endRecord());
    for (const board of this.boards) board.report();
    this.enter(RankState.leaving);
  }

  /** Tells all ranks that nothing more will come from this one. */
  finish(): void {
    this.enter(RankState.finished);
  }

  private enter(state: number): void {
    const { words, job } = this;
    if (words === undefined) return;
    Atomics.store(words, job!.layout.rankWord(this.rank) + Rank.state, state);
    Atomics.add(words, Header.endings, 1);
    const { layout } = job!;
    for (const rank of layout.ranks) if (rank !== this.rank) this.wake(rank);
    // The gateway tells the other hosts.
    if (layout.distant.length > 0) this.wake(layout.distant[0]);
  }

  /**
   * A collective of which this rank will not read what another has sent, for it has finished; or undefined. It proves
   * that ranks called different collectives.
   */
  leftover(): Leftover | undefined {
    for (const board of this.boards) {
      const left = board.leftover();
      if (left !== undefined) return left;
    }
    const nothing = new ProbeRequest<Unexpected>(this.world, -1, ANY, ANY);
    const collective = new ProbeRequest<Unexpected>(this.world, -1, ANY, ANY);
    collective.matches = context => (context & 1) === 1;
    for (const source of this.senders()) {
      source.poll(nothing);
      const position = source.find(collective);
      if (position < 0) continue;
      const { context, tag, extra } = source.unexpected.at(position);
      return { context, sequence: tag, signature: extra, source: source.rank };
    }
    return undefined;
  }

  hasFinished(rank: number): boolean {
    return this.stateOf(rank) === RankState.finished;
  }

  /** Whether a rank will never receive anything again. */
  isLeaving(rank: number): boolean {
    return this.stateOf(rank) >= RankState.leaving;
  }

  private stateOf(rank: number): number {
    const { words, job } = this;
    return words === undefined
      ? RankState.joined
      : Atomics.load(words, job!.layout.rankWord(rank) + Rank.state);
  }

  /** The requests that somebody waits for. */
  *waiting(): Generator<Request<unknown>, void, void> {
    yield* this.anyPosted;
    yield* this.watches;
    yield* this.acknowledgements.values();
    for (const source of this.readers) yield* source.posted;
    for (const destination of this.writers) {
      for (const request of destination.queue) if (!request.done) yield request;
    }
    if (this.transfers !== undefined) yield* this.transfers.waiting();
  }

  /** Whether anything needs a look that no request of the caller's will give it. */
  get unattended(): boolean {
    return this.readyCount > 0 || this.writers.length > 0;
  }

  /**
   * Whether somebody waits for what another rank can give. Objects whose senders have gone on do not count, nor does
   * what only this rank can serve: while it sleeps nobody will.
   */
  get awaited(): boolean {
    if (this.watches.length > 0 || this.readers.some(source => source.rank !== this.rank)) return true;
    if (this.anyPosted.some(request => request.scope.size > 1)) return true;
    if (this.transfers?.awaited) return true;
    return this.writers.some(destination => destination.queue.some(request => !request.done));
  }

  /** Sends not written yet, whether or not their senders wait. */
  get hasUnwritten(): boolean {
    return this.writers.length > 0 || this.transfers?.hasOutgoing === true;
  }

  /** The one word whose change will bring news, when there is just one; for native waits. */
  singleWord(): { word: number; value: number } | undefined {
    const { readers, watches, transferring } = this;
    if (this.writers.length > 0 || this.anyPosted.length > 0) return undefined;
    if (readers.length + watches.length + transferring !== 1) return undefined;
    if (transferring === 1) return this.transfers!.watched;
    if (watches.length === 1) return { word: watches[0].word, value: watches[0].seen };
    const { ring } = readers[0];
    return ring && { word: ring.segmentWord, value: 0 };
  }

  /** Whether all that is waited for is long arrays which gateways copy: they ring when they are done. */
  get waitsForGateway(): boolean {
    const { readers, watches, writers, anyPosted } = this;
    if (readers.length + watches.length + writers.length + anyPosted.length > 0) return false;
    return this.transferring > 0 && this.transfers!.areDistant;
  }

  // What sources and destinations ask for.

  nextStamp(): number {
    return ++this.stamps;
  }

  settled<T>(request: Request<T>, value?: T, error?: unknown): void {
    this.settlements++;
    request.settle(value, error);
    if (request.onDone !== undefined) this.ready[this.readyCount++] = request as Request<unknown>;
  }

  acknowledge(rank: number, id: number): void {
    if (rank === this.rank) {
      this.acknowledged(id);
      return;
    }
    const destination = this.destinations[rank] ?? this.connect(rank);
    destination.acknowledge(this.world, id);
    this.wake(rank);
    this.noteWriter(destination);
  }

  acknowledged(id: number): void {
    const request = this.acknowledgements.get(id);
    if (request === undefined) return;
    this.acknowledgements.delete(id);
    this.sources[request.dest].wanted--;
    const { writing } = request;
    if (writing === undefined || writing.done) {
      this.settled(request);
      return;
    }
    // Matched, but the receiver is still reading it from the sender's memory.
    writing.onDone = () => {
      try {
        this.settled(request, writing.result());
      } catch (error) {
        this.settled(request, undefined, error);
      }
    };
  }

  offer(request: SendRequest, isSlow: boolean): number {
    return this.transfers!.suits(request.dest, request.total, isSlow) ? this.transfers!.offer(request) : -1;
  }

  see(rank: number, transfer: number): boolean {
    return this.transfers!.see(rank, transfer);
  }

  accept(rank: number, transfer: number, bytes: Uint8Array, request: RecvRequest, finish: () => void): void {
    this.transfers!.accept(rank, transfer, bytes, request, finish);
  }

  refuse(rank: number, transfer: number): void {
    this.transfers!.refuse(rank, transfer);
  }

  isHere(rank: number): boolean {
    return this.job!.layout.isHere(rank);
  }

  /** Rings a rank's doorbell if it sleeps. */
  wake(rank: number): void {
    const { words } = this;
    if (words === undefined) return;
    const sleeping = this.sleepingWords[rank];
    if (look(words, sleeping) === 0 || Atomics.exchange(words, sleeping, 0) === 0) return;
    this.job!.ring(rank);
  }

  // Inside.

  private sendToSelf(value: unknown, { context, tag, extra, flags }: Envelope): void {
    const { kind, chunks, total } = payloadOf(value);
    const holder = new Holder(kind, total);
    let at = 0;
    for (const chunk of chunks) {
      windowOf(holder.memory, at).set(chunk);
      at += chunk.length;
    }
    const message = new Unexpected(context, tag, this.rank, extra, kind, total, holder, -1, flags !== 0);
    this.sources[this.rank].offer(message);
  }

  private serveFromAny(request: MatchRequest<unknown>): boolean {
    let best: Source | undefined;
    let bestStamp = 0;
    for (const source of this.sources) {
      const position = source.find(request);
      if (position < 0) continue;
      const { stamp } = source.unexpected.at(position);
      if (best !== undefined && stamp > bestStamp) continue;
      best = source;
      bestStamp = stamp;
    }
    if (best === undefined) return false;
    best.serve(request);
    if (!request.done) this.noteReader(best);
    return true;
  }

  private connect(rank: number): Destination {
    const { layout, segment, words, statistics, streamInto } = this.job!;
    const start = layout.ringStart(this.rank, rank);
    const bytes = layout.ringBytesOf(this.rank, rank);
    const ring =
      statistics === undefined
        ? new OutRing(segment, start, bytes, streamInto)
        : new CountedOutRing(segment, start, bytes, streamInto, statistics);
    const destination = new Destination(rank, ring, this.rank, this);
    this.destinations[rank] = destination;
    if (layout.isHere(rank)) {
      setBit(words, layout.sendersWord(rank), layout.slotOf(this.rank));
    } else {
      setBit(words, layout.connectionsWord, layout.connectionOf(this.rank, rank));
      Atomics.add(words, Header.connections, 1);
    }
    return destination;
  }

  /** Sources that have sent something since the job began. */
  private senders(): Source[] {
    const { words, job, senderWords } = this;
    if (words === undefined) return this.active;
    const { layout } = job!;
    const first = layout.sendersWord(this.rank);
    for (let i = 0; i < senderWords.length; i++) {
      const now = Atomics.load(words, first + i);
      let fresh = now & ~senderWords[i];
      senderWords[i] = now;
      while (fresh !== 0) {
        const bit = 31 - Math.clz32(fresh & -fresh);
        fresh &= fresh - 1;
        this.active.push(this.sources[layout.rankAt(i * 32 + bit)]);
      }
    }
    return this.active;
  }

  private want(source: Source): void {
    source.wanted++;
    this.noteReader(source);
  }

  private noteReader(source: Source): void {
    if (source.wanted > 0 && !this.readers.includes(source)) this.readers.push(source);
  }

  private noteReaders(): void {
    for (const source of this.active) if (source.wanted > 0) this.noteReader(source);
  }

  private noteWriter(destination: Destination): void {
    if (destination.queue.length > 0 && !this.writers.includes(destination)) this.writers.push(destination);
  }
}

function setBit(words: Int32Array, first: number, bit: number): void {
  Atomics.or(words, first + (bit >> 5), 1 << (bit & 31));
}

function removeAt<T>(list: T[], position: number): void {
  list[position] = list[list.length - 1];
  list.pop();
}
