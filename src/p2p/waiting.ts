/**
 * How this process waits: first it looks again and again (with a pause instruction, or giving its core away when
 * ranks outnumber cores), then it sleeps until its doorbell rings. Both faces of the library wait here: `block` keeps
 * the thread, `settle` gives a promise.
 *
 * The awaiting face looks from a microtask, that is as soon as the program itself has nothing to run, and between
 * looks lets other microtasks run. What completes meanwhile is delivered without a trip through the event loop.
 */
import { setMaxListeners } from "node:events";
import type { Algorithm } from "../collectives/context.ts";
import { CollectiveMismatchError, DeadlockError } from "../errors.ts";
import { Header, Rank } from "../transport/layout.ts";
import type { Statistics } from "../transport/statistics.ts";
import type { WaitRecord } from "../transport/wait-record.ts";
import { CallSite } from "./call-site.ts";
import { DeadlockFinder } from "./deadlock.ts";
import { type Engine, Watch } from "./engine.ts";
import { MatchRequest, type Outcome, Request, SendRequest } from "./request.ts";
import { ANY } from "./scope.ts";
import type { Source } from "./source.ts";

/**
 * Milliseconds of looking before sleep, for long arrays that gateways copy, who need the cores for it more; a wake
 * costs little beside them.
 */
const TRANSFER_PATIENCE_MS = 0.05;
/**
 * After so long a look yields, whether or not the job has enough cores: another program may have put both ranks on
 * one, and then each would look for all its patience before the other can answer. Yielding to nobody costs 0.5 us.
 */
const PROMPT_MS = 0.02;
/** A look that watches a single word lasts for so many nanoseconds, or yields. */
const LOOK_NS = 6000;
const YIELDS = 8;
/** So many looks of a plain loop, about 10 ns each, come before a native one, which costs 50 ns to begin. */
const QUICK_LOOKS = 40;
/** Before a promise is made; after a vain look so many promises are made without one. */
const IMMINENT_NS = 1500;
const DISCOURAGED = 64;
/** So many looks in one microtask. */
const LOOKS = 4;
/** A blocking call looks so often at one word before it looks at everything; a look begins with a short loop. */
const GLANCES = 20;
/** After so many of them, which take `PROMPT_MS`, it yields. */
const PROMPT_GLANCES = 4;
const LOOP = 30;
/** When several places are watched, each look is short. */
const BRIEF_NS = 300;
/** The event loop gets its turn at least this often, whatever keeps arriving. */
const TURN_MS = 10;
/** Sleeping in a blocking call looks up at least this often. */
const NAP_MS = 1000;
/** After so many of them that have brought nothing a deadlock is looked for. */
const VAIN_NAPS = 2;

/** A call of a collective that may fail halfway. */
interface Abandonable {
  abandon(): void;
}

const States = { idle: 0, looking: 1, asleep: 2 } as const;
type State = (typeof States)[keyof typeof States];

const resolved = Promise.resolve();

export class Waiting {
  private readonly engine: Engine;
  private readonly crowded: boolean;
  private readonly patience: number;
  private readonly sleepingWord: number;
  /** Words from this one on belong to rings from ranks of other hosts. */
  private readonly distantWord: number;
  private state: State = States.idle;
  /** When the present spell of looking began; 0 before its first look. */
  private lookingSince = 0;
  /** So many operations to come are not looked at before a promise is made for them. */
  private discouraged = 0;
  private completions = 0;
  private lastTurn = 0;
  private watchingDoorbell = false;
  /** Where the program has called what it waits for, in a job that is watched. */
  private readonly sites: WeakMap<Request<unknown>, CallSite> | undefined;
  /** Requests that a signal may end, which comes from elsewhere, such as a timer that does not keep the event loop itself. */
  private readonly bounded = new Set<Request<unknown>>();
  /** Undefined where not all ranks share this memory. */
  private readonly deadlocks: DeadlockFinder | undefined;
  /** Undefined: the time of waiting is not counted. */
  private readonly statistics: Statistics | undefined;
  /** When this process went to sleep for something that is awaited. */
  private asleepSince = 0;

  constructor(engine: Engine) {
    this.engine = engine;
    const { job } = engine;
    this.crowded = job !== undefined && job.layout.size > job.cores;
    this.patience = job?.patience ?? 0;
    const isOnHosts = job !== undefined && job.layout.distant.length > 0;
    this.distantWord = isOnHosts ? job.layout.distantWord : Number.POSITIVE_INFINITY;
    if (job?.sharesMemory && job.places.hosts === 1) this.deadlocks = new DeadlockFinder(job);
    this.sites = job?.watched ? new WeakMap() : undefined;
    this.statistics = job?.statistics;
    this.sleepingWord = job === undefined ? 0 : job.layout.rankWord(job.rank) + Rank.sleeping;
  }

  /**
   * Whether a frame from a source lies in its ring, or comes within a moment, so that a receive needs no request.
   * Looks for longer than an instant only when nothing else is under way that might need progress.
   */
  comes(source: Source, blocking: boolean): boolean {
    const ring = source.ring!;
    if (ring.hasNews()) return true;
    if (this.crowded || !this.engine.idle || (!blocking && --this.discouraged >= 0)) return false;
    let found = false;
    for (let looks = 0; looks < QUICK_LOOKS && !found; looks++) found = ring.marker() !== 0;
    if (!found) {
      const began = this.clock();
      this.engine.job!.waits.pauseWhile(ring.segmentWord, 0, blocking ? LOOK_NS : IMMINENT_NS);
      this.waitedSince(began);
      found = ring.marker() !== 0;
    }
    if (!blocking) this.discouraged = found ? 0 : DISCOURAGED;
    return found;
  }

  // The awaiting face.

  /** A promise of an outcome. */
  promise<T>(request: Outcome<T>, signal?: AbortSignal): Promise<T> {
    if (!(request instanceof Request)) return this.completed(request);
    if (request.done || this.isImminent(request as Request<unknown>)) {
      try {
        return this.completed(request.result());
      } catch (error) {
        return Promise.reject(error);
      }
    }
    this.locate(request as Request<unknown>);
    return new Promise<T>((resolve, reject) => {
      const finish = (): void => {
        try {
          resolve(request.result());
        } catch (error) {
          reject(error);
        }
      };
      request.onDone = signal === undefined ? finish : this.heed(signal, request as Request<unknown>, finish);
      this.kick();
    });
  }

  /**
   * Looks for about a microsecond before a promise is made, which costs as much as the look and is not needed for
   * an answer that is just coming. When that was in vain it is left alone for a while: ranks that receive before
   * they send would only delay each other.
   */
  private isImminent(request: Request<unknown>): boolean {
    if (this.crowded || this.engine.job === undefined || --this.discouraged >= 0) return false;
    const single = this.engine.singleWord();
    if (single !== undefined) {
      this.engine.job.waits.pauseWhile(single.word, single.value, IMMINENT_NS);
      this.engine.progress();
      this.engine.runCallbacks();
    }
    this.discouraged = request.done ? 0 : DISCOURAGED;
    return request.done;
  }

  /** Ends the request when the signal says so. Returns what to do when it is done. */
  private heed(signal: AbortSignal, request: Request<unknown>, finish: () => void): () => void {
    const stop = (): void => {
      // A message that is just arriving can no longer be refused; then the operation completes.
      if (request.done || !this.engine.withdraw(request)) return;
      request.settle(undefined, signal.reason);
      this.bounded.delete(request);
      finish();
      // What kept this process awake may have been this request alone.
      this.kick();
    };
    // One signal may bound any number of waits, which Node would take for a leak.
    setMaxListeners(0, signal);
    signal.addEventListener("abort", stop, { once: true });
    this.bounded.add(request);
    return () => {
      this.bounded.delete(request);
      signal.removeEventListener("abort", stop);
      finish();
    };
  }

  /** For an operation that was complete at once. */
  completed<T>(value: T): Promise<T> {
    this.attend();
    return this.turnDue() ? this.afterTurn(value) : Promise.resolve(value);
  }

  /**
   * Runs an algorithm, resuming it whenever what it waits for is done.
   * @param call told when the algorithm fails
   */
  run<T>(algorithm: Algorithm<T>, call?: Abandonable): Promise<T> {
    const site = this.sites && new CallSite();
    return new Promise<T>((resolve, reject) => {
      const step = (): void => {
        try {
          for (;;) {
            const { done, value } = algorithm.next();
            if (done) {
              resolve(value as T);
              return;
            }
            const request = value as Request<unknown>;
            if (request instanceof Watch && !request.watched) this.engine.watch(request);
            if (request.done) continue;
            this.locate(request, site);
            // Several algorithms may wait for one thing, such as the barrier before theirs.
            const earlier = request.onDone;
            request.onDone = () => {
              earlier?.();
              step();
            };
            this.kick();
            return;
          }
        } catch (error) {
          call?.abandon();
          reject(error);
        }
      };
      step();
    });
  }

  /** Looks after what the operation that has just been done may have left: callbacks to run, sends to write. */
  private attend(): void {
    if (this.state !== States.looking && this.engine.unattended) this.kick();
  }

  /** Makes sure that progress is being made, and callbacks of what is done already are run. */
  kick(): void {
    if (this.state === States.looking) return;
    if (this.state === States.asleep) this.awake();
    this.state = States.looking;
    this.lookingSince = 0;
    if (this.turnDue()) setImmediate(this.lookAgain);
    else void resolved.then(this.lookAgain);
  }

  private readonly lookAgain = (): void => {
    const { engine } = this;
    let moved = engine.progress();
    // A few looks in a row; then other microtasks get their turn.
    for (let looks = 1; !moved && looks < LOOKS; looks++) {
      if (engine.job === undefined || engine.idle) break;
      if (this.waitInLook()) return;
      moved = engine.progress();
    }
    if (moved) {
      this.lookingSince = 0;
      engine.runCallbacks();
    }
    if (engine.idle || (engine.job === undefined && !moved)) {
      this.state = States.idle;
      return;
    }
    // What has just been delivered runs before anything else is waited for.
    void resolved.then(this.lookAgain);
  };

  /** Lets time pass between two looks. Returns true when the next look has been arranged otherwise. */
  private waitInLook(): boolean {
    const now = performance.now();
    if (this.lookingSince === 0) this.lookingSince = now;
    if (this.isVain(now - this.lookingSince)) {
      this.lookingSince = 0;
      return this.fallAsleep();
    }
    if (now - this.lastTurn > TURN_MS) {
      this.lastTurn = now;
      setImmediate(this.lookAgain);
      return true;
    }
    this.pause(now - this.lookingSince);
    this.waitedSince(now);
    return false;
  }

  /** Sleeps in the event loop. False when there was news in the last moment. */
  private fallAsleep(): boolean {
    const { waits, doorbell } = this.engine.job!;
    if (this.lastLook()) return false;
    if (!this.watchingDoorbell) {
      waits.watchDoorbell(doorbell, this.rung, this.deadlocks && this.idle);
      this.watchingDoorbell = true;
    }
    this.state = States.asleep;
    const awaited = this.engine.awaited || this.bounded.size > 0;
    // What nobody waits for does not keep the program from its end; it is delivered there.
    waits.holdEventLoop(awaited);
    this.asleepSince = awaited ? this.clock() : 0;
    return true;
  }

  private readonly rung = (): void => {
    if (this.state !== States.asleep) return;
    this.awake();
    this.state = States.looking;
    this.lookingSince = 0;
    this.lastTurn = performance.now();
    this.leaveIfAborted();
    this.engine.failDoomed();
    this.lookAgain();
  };

  /** This rank has slept for long, and nothing but another one can wake it. */
  private readonly idle = (): void => {
    // A signal may come from whatever the program has arranged.
    if (this.state !== States.asleep || this.bounded.size > 0) return;
    const wait = this.presentRequest();
    if (wait === undefined) return;
    const found = this.deadlocks!.strand();
    if (found === "sleep") return;
    if (found === "deadlock") this.failDeadlocked(wait);
    this.kick();
  };

  private failDeadlocked(request: Request<unknown>): void {
    const { engine } = this;
    const others = this.deadlocks!.others(engine.records!);
    const because = others === "" ? "all others have finished" : others;
    engine.failRequest(
      request,
      new DeadlockError(
        `rank ${engine.rank} waits in ${this.recordOf(request).text}, but no rank can go on: ${because}`,
        { rank: engine.rank },
      ),
    );
  }

  private awake(): void {
    const { words, waits, rank } = this.engine.job!;
    this.deadlocks?.release();
    Atomics.store(words, this.sleepingWord, 0);
    this.engine.records!.clear(rank);
    waits.holdEventLoop(false);
    this.waitedSince(this.asleepSince);
  }

  /** 0 where the time of waiting is not counted. */
  private clock(): number {
    return this.statistics === undefined ? 0 : performance.now();
  }

  /** @param began 0: there was no waiting */
  private waitedSince(began: number): void {
    if (this.statistics !== undefined && began !== 0) this.statistics.waited += performance.now() - began;
  }

  /** Whether the event loop has waited long enough. Asked once in many operations, for the clock costs 40 ns. */
  private turnDue(): boolean {
    if ((++this.completions & 255) !== 0) return false;
    return performance.now() - this.lastTurn > TURN_MS;
  }

  private afterTurn<T>(value: T): Promise<T> {
    return new Promise(resolve => {
      setImmediate(() => {
        this.lastTurn = performance.now();
        resolve(value);
      });
    });
  }

  // The blocking face.

  /** Blocks until there is an outcome. */
  block<T>(request: Outcome<T>): T {
    if (!(request instanceof Request)) return request;
    if (!request.done) this.blockUntilDone(request as Request<unknown>);
    return request.result();
  }

  /** Blocks until what a call of its own watches for has come; nobody else has seen the watch yet. */
  blockOn(watch: Watch): void {
    if (watch.ready() || this.glance(watch)) {
      watch.settle(undefined);
      return;
    }
    this.engine.watch(watch);
    if (!watch.done) this.blockUntilDone(watch as Request<unknown>);
  }

  /** Looks for a while at nothing but a watch. Returns whether it has become ready. */
  private glance(watch: Watch): boolean {
    const { engine } = this;
    if (!engine.idle) return false;
    const { words, waits } = engine.job!;
    const began = this.clock();
    for (let looks = 0; looks < GLANCES; looks++) {
      let loop = LOOP;
      while (--loop > 0 && Atomics.load(words, watch.word) === watch.seen);
      if (loop === 0) {
        if (this.crowded || looks >= PROMPT_GLANCES) waits.yieldWhile(watch.word, watch.seen, YIELDS);
        else waits.pauseWhile(watch.word, watch.seen, LOOK_NS);
      }
      if (watch.ready()) {
        this.waitedSince(began);
        return true;
      }
      if (watch.moved) {
        watch.moved = false;
        looks = 0;
      }
    }
    this.waitedSince(began);
    return false;
  }

  /** A promise that what a call of its own watches for has come. */
  promiseOf<T>(watch: Watch): Promise<T> {
    this.engine.watch(watch);
    return this.promise(watch as Request<unknown> as Request<T>);
  }

  /** Runs an algorithm to its end. */
  runBlocking<T>(algorithm: Algorithm<T>, call?: Abandonable): T {
    try {
      for (;;) {
        const { done, value } = algorithm.next();
        if (done) return value as T;
        const request = value as Request<unknown>;
        if (request.done) continue;
        if (request instanceof Watch && !request.watched) this.blockOn(request);
        else this.blockUntilDone(request);
      }
    } catch (error) {
      call?.abandon();
      throw error;
    }
  }

  /** Blocks until everything sent has been written, or its receivers have finished. */
  drain(): void {
    const { engine } = this;
    if (!engine.hasUnwritten) return;
    this.blockWhile(() => engine.hasUnwritten);
  }

  private blockUntilDone(request: Request<unknown>): void {
    const { engine } = this;
    engine.progress();
    if (request.done) return;
    if (this.isAlone(request)) {
      engine.withdraw(request);
      throw this.servedByNobody(request, "blocks");
    }
    this.locate(request);
    this.blockWhile(() => !request.done, request);
  }

  /**
   * Fails what only this rank could serve. To be called when its event loop has run out of work, so that it never will.
   * @returns whether there was any
   */
  failAlone(): boolean {
    const { engine } = this;
    const alone = [...engine.waiting()].filter(request => this.isAlone(request));
    for (const request of alone) engine.failRequest(request, this.servedByNobody(request, "waits"));
    if (alone.length > 0) this.kick();
    return alone.length > 0;
  }

  private servedByNobody(request: Request<unknown>, verb: string): DeadlockError {
    const { rank } = this.engine;
    return new DeadlockError(
      `rank ${rank} ${verb} in ${request.wait().text}, but only this rank itself could serve that`,
      { rank },
    );
  }

  /** Whether nobody but this rank could serve a request. */
  private isAlone(request: Request<unknown>): boolean {
    const { rank, size } = this.engine;
    if (size === 1) return true;
    if (request instanceof MatchRequest) {
      return request.source === rank || (request.source === ANY && request.scope.size === 1);
    }
    return request instanceof SendRequest && request.dest === rank;
  }

  /** @param request what is waited for, if it may be failed */
  private blockWhile(unfinished: () => boolean, request?: Request<unknown>): void {
    const { engine } = this;
    const { job } = engine;
    // An awaited operation may be asleep in the event loop, which does not turn while this blocks.
    if (this.state === States.asleep) {
      this.awake();
      this.state = States.idle;
    }
    const began = this.clock();
    let since = 0;
    let vainNaps = 0;
    while (unfinished()) {
      if (engine.progress()) {
        engine.runCallbacks();
        since = 0;
        vainNaps = 0;
        continue;
      }
      const now = performance.now();
      if (since === 0) since = now;
      if (!this.isVain(now - since)) {
        this.pause(now - since);
        continue;
      }
      if (!this.lastLook()) {
        const mayBeDeadlock = vainNaps >= VAIN_NAPS && request !== undefined;
        const found = (mayBeDeadlock && this.deadlocks?.strand()) || "sleep";
        if (found === "sleep") {
          job!.waits.sleepOnDoorbell(job!.doorbell, NAP_MS);
          this.deadlocks?.release();
          vainNaps++;
        } else {
          if (found === "deadlock") this.failDeadlocked(request!);
          vainNaps = 0;
        }
        Atomics.store(job!.words, this.sleepingWord, 0);
        this.engine.records!.clear(engine.rank);
        this.leaveIfAborted();
        engine.failDoomed();
      }
      engine.runCallbacks();
      since = 0;
    }
    this.waitedSince(began);
    if (!engine.idle) this.kick();
  }

  // Both.

  /** Whether looking for so many milliseconds was enough. */
  private isVain(waited: number): boolean {
    return waited >= this.patience || (waited > TRANSFER_PATIENCE_MS && this.engine.waitsForGateway);
  }

  /**
   * Lets a moment pass, as short as possible if there is news. What another host sends takes longer than a yield, and
   * the gateway may need this core to bring it.
   * @param waited milliseconds since the last news
   */
  private pause(waited: number): void {
    const { waits } = this.engine.job!;
    const single = this.engine.singleWord();
    if (this.crowded || waited > PROMPT_MS || (single !== undefined && single.word >= this.distantWord)) {
      if (single === undefined) waits.yieldWhile(this.sleepingWord, 0, 1);
      else waits.yieldWhile(single.word, single.value, YIELDS);
    } else if (single === undefined) {
      waits.pauseWhile(this.sleepingWord, 0, BRIEF_NS);
    } else {
      waits.pauseWhile(single.word, single.value, LOOK_NS);
    }
  }

  /**
   * Announces that this rank is about to sleep, then looks once more: whoever has news from now on sees the
   * announcement and rings. Returns true, with the announcement taken back, when there was news.
   */
  private lastLook(): boolean {
    const { engine } = this;
    const { words, rank } = engine.job!;
    Atomics.store(words, this.sleepingWord, 1);
    // On behalf of those who publish without one.
    if (words[Header.sleepersFence] === 1) engine.job!.waits.fenceAll();
    const record = this.presentWait();
    if (record !== undefined) this.engine.records!.write(rank, record);
    this.leaveIfAborted();
    let news = engine.failDoomed();
    if (record !== undefined && this.failMismatch(record)) news = true;
    if (!engine.progress() && !news) return false;
    Atomics.store(words, this.sleepingWord, 0);
    this.engine.records!.clear(rank);
    return true;
  }

  /** The wait to be seen from outside: a collective if there is one, else the oldest. */
  private presentRequest(): Request<unknown> | undefined {
    let chosen: Request<unknown> | undefined;
    for (const request of this.engine.waiting()) {
      const alike = chosen !== undefined && request.collective === chosen.collective;
      if (chosen === undefined || (alike ? request.stamp < chosen.stamp : request.collective))
        chosen = request;
    }
    return chosen;
  }

  private presentWait(): WaitRecord | undefined {
    const chosen = this.presentRequest();
    return chosen && this.recordOf(chosen);
  }

  private recordOf(request: Request<unknown>): WaitRecord {
    const record = request.wait();
    const site = this.sites?.get(request)?.toString();
    return site ? { ...record, text: `${record.text}, called at ${site}` } : record;
  }

  private locate(request: Request<unknown>, site?: CallSite): void {
    if (this.sites !== undefined && !this.sites.has(request)) this.sites.set(request, site ?? new CallSite());
  }

  /**
   * Fails a collective if another rank sleeps in the same call of the same communicator under another name. Both
   * write their records before they look at the other's, so at least one of them notices.
   */
  private failMismatch(mine: WaitRecord): boolean {
    if (mine.context < 0) return false;
    const { engine } = this;
    for (let rank = 0; rank < engine.size; rank++) {
      if (rank === engine.rank) continue;
      const other = this.engine.records!.read(rank);
      if (other === undefined || other.context !== mine.context || other.sequence !== mine.sequence) continue;
      if (other.signature === mine.signature) continue;
      const error = new CollectiveMismatchError(
        `rank ${engine.rank} is in ${mine.text}, but rank ${rank} is in ${other.text}; ` +
          "all ranks of a communicator must call the same collectives in the same order, with the same root",
        { rank: engine.rank },
      );
      for (const request of [...engine.waiting()]) {
        if (request.wait().context === mine.context) engine.failRequest(request, error);
      }
      return true;
    }
    return false;
  }

  /** The job has been ended: leaves at once and without a word, for the failed rank has said what there is to say. */
  private leaveIfAborted(): void {
    const { words, close } = this.engine.job!;
    const code = Atomics.load(words, Header.abortCode);
    if (code === 0) return;
    // Listeners of "exit" are not called again if this is one of them.
    close();
    process.exit(code - 1);
  }
}
